"""The whole product for one benchmark: durable servers and every process, in a temporary folder that is gone after."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from crm.embedded import Servers, start_servers
from crm.starter import programs

if TYPE_CHECKING:
    from tests.stack import Stack

ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "crm.settings",
    "SECRET_KEY": "a key for benchmarks alone, known to everybody",
    "TLS": "0",
    "ALLOWED_HOSTS": "127.0.0.1",
    "TIMINGS_WRITER": "0",  # in this process alone; the product's own keep theirs
}


@contextmanager
def servers() -> Iterator[Servers]:
    """PostgreSQL (fsync on) and Valkey, migrated and without people; Django is set up to talk to them."""
    folder = Path(tempfile.mkdtemp(prefix="pulse-bench-"))
    folder.chmod(0o711)
    started = start_servers(folder)
    try:
        os.environ |= ENVIRONMENT | {"DATABASE_URL": started.database_url, "REDIS_URL": started.redis_url}
        set_up()
        yield started
    finally:
        started.stop()
        shutil.rmtree(folder, ignore_errors=True)


def set_up() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


@contextmanager
def product(**options: str) -> Iterator["Stack"]:
    """The processes too, with test people (`.people`); options are environment variables of theirs."""
    with servers() as started:
        from tests.factories import people
        from tests.stack import Stack

        folder = Path(tempfile.mkdtemp(prefix="pulse-bench-run-"))
        stack = Stack(folder, started.database_url, people(), valkey=started.valkey, environment=options)
        try:
            stack.begin()
            yield stack
        finally:
            stack.end()
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def relay(started: Servers) -> Iterator[None]:
    """The product's own relay, in a process of its own."""
    environment = {"DATABASE_URL": started.database_url, "REDIS_URL": started.redis_url, "TIMINGS_WRITER": "1"}
    with tempfile.TemporaryDirectory() as folder:
        child = programs.relay(Path(folder), environment)
        child.launch()
        try:
            yield
        finally:
            child.stop()
