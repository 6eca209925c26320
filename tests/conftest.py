"""What every test stands on: private servers, started before Django reads its settings and always stopped."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.servers import PrivateServers
from tests.stack import Stack

ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "crm.settings",
    "SECRET_KEY": "a key for tests alone, known to everybody",
    "TLS": "0",
    "DATABASE_POOL": "8",
    "TIMINGS_WRITER": "0",
}
STACK_DATABASE = "pulse_test_stack"
SERVERS = pytest.StashKey[PrivateServers]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if config.option.help or config.option.version:
        return
    os.environ |= ENVIRONMENT
    servers = config.stash[SERVERS] = PrivateServers()
    config.add_cleanup(servers.stop)
    servers.start()
    configure_django()
    configure_hypothesis()


def configure_hypothesis() -> None:
    """The same examples each time, and none too slow: whether a run succeeds is not left to chance."""
    from hypothesis import settings

    settings.load_profile("ci")


def configure_django() -> None:
    import django
    from django.conf import settings

    # No test needs the hashed names of static files, and collecting them takes seconds.
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    django.setup()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests go last: Playwright's loop, once started, is in the way of tests with a loop of their own."""
    for item in items:
        if "stack" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.django_db(transaction=True))  # so that there is a database to copy
    items.sort(key=lambda item: "browser" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Tests that commit get the migrated rows back afterwards."""
    from django.db import connection
    from django.test import TransactionTestCase

    from tests.baseline import Baseline
    from tests.databases import address_of

    vars(connection).pop("_test_serialized_contents", None)
    baseline = Baseline(address_of(connection))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: baseline.restore())
        yield
    with django_db_blocker.unblock():
        connection.close()
        connection.close_pool()


@pytest.fixture(autouse=True)
def _timings_of_this_test_alone() -> None:
    """What earlier tests left in the recorder's buffers would be written by the next that flushes them."""
    from crm.timings import recorder

    for buffer in recorder._recorder.buffers.values():
        buffer.rows.clear()


@pytest.fixture
def empty_log(transactional_db: None) -> None:
    """For tests that count: what the migrations wrote is waiting in the log, and counted."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM change_new; DELETE FROM records_tally")


@pytest.fixture(scope="session")
def _running_stack(request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any) -> Iterator[Stack]:
    from django.db import connection

    from tests.databases import copied, talking_to
    from tests.factories import people

    folder = request.config.stash[SERVERS].folder / "stack"
    with django_db_blocker.unblock(), copied(connection, STACK_DATABASE) as address:
        with talking_to(connection, STACK_DATABASE):
            everybody = people()
        stack = Stack(folder, address, everybody)
        try:
            stack.begin()
            yield stack
        finally:
            stack.end()


@pytest.fixture
def stack(_running_stack: Stack, django_db_blocker: Any) -> Iterator[Stack]:
    """All processes run, and what the test writes goes into their database and is committed."""
    from django.db import connection

    from tests.databases import talking_to

    assert not connection.in_atomic_block, "processes do not see what a test with `db` writes: leave the mark out"
    with django_db_blocker.unblock(), talking_to(connection, STACK_DATABASE):
        _running_stack.repair()
        yield _running_stack
