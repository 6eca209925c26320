"""Makes servers, tables and static files ready for a start, doing only what is needed; run before every start."""

import hashlib
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import redis
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from crm.staff import demo as staff_demo
from crm.staff.models import User

CONNECT_SECONDS = 5
# Text must be understood beyond ASCII, or search for É and for Chinese names would fail without a word.
UTF8_CHECK = "SELECT lower('É') = 'é' AND cardinality(show_trgm('王小明')) > 0"


class Command(BaseCommand):
    help = "Checks the servers, migrates, collects static files. Safe to run at any time, by several at once."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="fill an empty database with demo data")
        parser.add_argument("--welcome", type=Path, help="a file to write into how the people of the demo sign in")

    def handle(self, *args: Any, demo: bool, welcome: Path | None, **options: Any) -> None:
        check_database()
        check_valkey()
        migrate()
        collect_static_files()
        if demo:
            call_command("demo", if_empty=True)
        if welcome:
            welcome.write_text(sign_ins())


def check_database() -> None:
    """By a plain connection: the pool would keep trying, and hide the reason."""
    try:
        with psycopg.connect(settings.DATABASE_URL, connect_timeout=CONNECT_SECONDS) as plain:
            plain.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            understood = plain.execute(UTF8_CHECK).fetchone() == (True,)
    except psycopg.Error as error:
        raise CommandError(f"DATABASE_URL: {one_line(error)}") from None
    if not understood:
        raise CommandError(
            "DATABASE_URL: this database knows no letters beyond ASCII; make another with "
            "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' ENCODING 'UTF8' TEMPLATE template0"
        )


def check_valkey() -> None:
    try:
        with settings.REDIS.client(socket_connect_timeout=CONNECT_SECONDS, socket_timeout=CONNECT_SECONDS) as client:
            client.ping()
    except (redis.RedisError, ValueError, OSError) as error:
        raise CommandError(f"REDIS_URL: {one_line(error)}") from None


def migrate() -> None:
    """Under a lock, so that two machines that start together do not both create tables."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('pulse.migrate'))")
        try:
            executor = MigrationExecutor(connection)
            plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
            if plan:
                print(f"Preparing the database: {len(plan)} steps.")
                call_command("migrate", interactive=False, verbosity=0)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('pulse.migrate'))")


def collect_static_files() -> None:
    """With DEBUG they are served from where they lie. Older files stay, for processes that still serve their pages."""
    stamp = settings.STATIC_ROOT / ".stamp"
    wanted = digest(static_sources())
    if settings.DEBUG or (stamp.exists() and stamp.read_text() == wanted):
        return
    # htmx comes from npm; django_htmx brings copies that name modules without their ending.
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["django_htmx"])
    stamp.write_text(wanted)


def static_sources() -> Iterator[Path]:
    for folder in settings.STATICFILES_DIRS:
        yield from sorted(Path(folder).rglob("*"))
    yield from (
        settings.BASE_DIR / name for name in ("package-lock.json", "requirements.txt", "crm/static_libraries.py")
    )


def digest(paths: Iterator[Path]) -> str:
    found = hashlib.sha256()
    for path in paths:
        facts = path.stat()
        found.update(f"{path} {facts.st_mtime_ns} {facts.st_size}\n".encode())
    return found.hexdigest()


def sign_ins() -> str:
    names = [username for username, *_ in staff_demo.PEOPLE]
    people = User.objects.filter(username__in=names, is_active=True).select_related("role")
    listed = ", ".join(
        f"{user.username} ({user.role.code})" for user in sorted(people, key=lambda u: names.index(u.username))
    )
    return f"Sign in as {listed}; the password is {staff_demo.PASSWORD}" if listed else ""


def one_line(error: Exception) -> str:
    return " ".join(str(error).split())
