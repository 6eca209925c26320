"""What every test stands on: private servers, started before Django reads its settings and always stopped."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.servers import PrivateServers

ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "crm.settings",
    "SECRET_KEY": "a key for tests alone, known to everybody",
    "TLS": "0",
    "DATABASE_POOL": "8",
}


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if config.option.help or config.option.version:
        return
    os.environ |= ENVIRONMENT
    servers = PrivateServers()
    config.add_cleanup(servers.stop)
    servers.start()
    configure_django()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What migrations put into the tables (roles, stages) is there again after a test that commits."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker and marker.kwargs.get("transaction"):
            marker.kwargs.setdefault("serialized_rollback", True)


def configure_django() -> None:
    import django
    from django.conf import settings

    # No test needs the hashed names of static files, and collecting them takes seconds.
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.TIMINGS_WRITER = False
    django.setup()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Django empties tables between tests that commit; everywhere else a TRUNCATE of records is refused."""
    from django.db import connection

    with django_db_blocker.unblock():
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER DATABASE {name} SET pulse.allow_truncate = 'on'")
        connection.close()
        connection.close_pool()
    yield
    with django_db_blocker.unblock():
        connection.close()
        connection.close_pool()


@pytest.fixture
def empty_log(transactional_db: None) -> None:
    """For tests that count: Django empties its own tables alone, and the log is none of them."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM change_new; DELETE FROM records_tally")
