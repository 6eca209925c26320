"""Whole backups by PostgreSQL's own programs: one consistent snapshot out; all of it back in, or nothing."""

import os
import re
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import redis
from django.contrib.auth import get_user_model
from django.db import connection
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Conninfo

from crm.embedded import postgres_programs
from crm.processes import ServerError, complaint
from crm.records import valkey

Tell = Callable[[str], object]

TABLE_BEGUN = re.compile(r'(?:dumping contents of|processing data for) table "public\.(\w+)"')
LOG_STATE = re.compile(r"TABLE DATA public log_state ")

# All tables at once or none: who waits for one while holding another would sooner or later be in a deadlock.
TAKE_ALL_TABLES = """
DO $$
DECLARE tables text := (SELECT string_agg(oid::regclass::text, ', ') FROM pg_class
                        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p'));
BEGIN
    FOR attempt IN 1..3000 LOOP
        BEGIN
            EXECUTE 'LOCK TABLE ' || tables || ' IN ACCESS EXCLUSIVE MODE NOWAIT';
            RETURN;
        EXCEPTION WHEN lock_not_available THEN PERFORM pg_sleep(0.01);
        END;
    END LOOP;
    RAISE EXCEPTION 'the database is in use without a pause: stop what uses it, and try again';
END $$;
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
"""


class BackupError(Exception):
    """It cannot be done, and nothing was changed; the text is one line for the person at the terminal."""


def backup(file: Path, tell: Tell) -> None:
    """Writes the database as of now into one file, while everybody goes on; `tell` hears each table's name."""
    unfinished = file.with_name(f"{file.name}.unfinished")
    try:
        run([program("pg_dump"), "--format=custom", "--verbose", f"--file={unfinished}"], tell)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def restore(file: Path, tell: Tell, *, replace: bool = False) -> str:
    """Puts a backup into the place of what is there, in one transaction; returns the log's new epoch.

    Raises BackupError for a file that is no backup of ours, and where `replace` is not said although there are data.
    """
    programs = [program("pg_restore"), program("psql")]
    listing = subprocess.run([programs[0], "--list", file], capture_output=True, text=True, check=False)
    if listing.returncode:
        raise BackupError(complaint(listing.stderr))
    if not LOG_STATE.search(listing.stdout):
        raise BackupError(f"{file} is a backup of something else: it has no log")
    tables = connection.introspection.table_names()
    if holds_data(tables) and not replace:
        raise BackupError("the database holds data already: say --replace to lose them")
    epoch = str(uuid.uuid4())
    replay(file, programs, TAKE_ALL_TABLES if tables else "", epoch, tell)
    return epoch


def holds_data(tables: Sequence[str]) -> bool:
    """More than the tables that `manage.py prepare` makes: somebody who can sign in, or what is not ours."""
    users = get_user_model()
    return users.objects.exists() if users._meta.db_table in tables else bool(tables)


def replay(file: Path, programs: list[str], clearing: str, epoch: str, tell: Tell) -> None:
    """The commit comes last, by our hand: once all is there, and the cache has forgotten the later state."""
    pg_restore, psql = programs
    with script_of(psql) as script:
        say(script, f"BEGIN; SET client_min_messages = warning; {clearing}")
        run([pg_restore, "--no-owner", "--no-privileges", "--verbose", "--file=-", file], tell, script)
        empty_cache()
        say(script, f"UPDATE public.log_state SET epoch = '{epoch}'; COMMIT;")  # noqa: S608  (made by us)


@contextmanager
def script_of(psql: str) -> Iterator[IO[str]]:
    """What is written into it is done until something fails; then psql's own words tell more than anything else."""
    words = [psql, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
    with (
        tempfile.TemporaryFile("w+") as refusals,
        subprocess.Popen(words, stdin=subprocess.PIPE, stderr=refusals, env=environment(), text=True) as process,
    ):
        assert process.stdin is not None
        try:
            yield process.stdin
        finally:
            with suppress(BrokenPipeError):
                process.stdin.close()
            if process.wait():
                refusals.seek(0)
                raise BackupError(complaint(refusals.read()))


def say(script: IO[str], statements: str) -> None:
    with suppress(BrokenPipeError):  # psql has ended, and says why
        script.write(statements)
        script.flush()


def empty_cache() -> None:
    """Versions that were given out after the backup are given out again, for other contents."""
    try:
        valkey.client().flushdb()
    except redis.RedisError as error:
        raise BackupError(f"the cache cannot be emptied: {error}") from None


def run(words: Sequence[str | Path], tell: Tell, output: IO[str] | int = subprocess.DEVNULL) -> None:
    """One of PostgreSQL's programs; what it makes is for our eyes only."""
    said = []
    with subprocess.Popen(
        words, stdout=output, stderr=subprocess.PIPE, env=environment(), text=True, umask=0o077
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            said.append(line)
            if begun := TABLE_BEGUN.search(line):
                tell(begun[1])
    if process.returncode:
        raise BackupError(complaint("".join(said)))


def environment() -> dict[str, str]:
    """Django's database in libpq's own variables: a password on a command line could be read by anybody."""
    connection.ensure_connection()
    info = connection.connection.info
    address = {**conninfo_to_dict(info.dsn), "password": info.password}
    names = {each.keyword.decode(): each.envvar.decode() for each in Conninfo.get_defaults() if each.envvar}
    return os.environ | {names[name]: str(value) for name, value in address.items() if name in names and value}


def program(name: str) -> str:
    """One that is not older than the server: out of our wheel, else the machine's."""
    connection.ensure_connection()
    needed, found = connection.connection.info.server_version // 10_000, []
    for path in candidates(name):
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
        version = re.search(r"\d+", said)
        found.append(int(version[0]) if version else 0)
        if found[-1] >= needed:
            return path
    versions = ", ".join(map(str, found)) or "none"
    raise BackupError(f"install the client programs of PostgreSQL {needed}: of {name} there is {versions}")


def candidates(name: str) -> list[str]:
    found = [shutil.which(name)]
    with suppress(ServerError):
        found.insert(0, shutil.which(postgres_programs() / name))
    return [path for path in found if path]
