"""The days of the raw tables: made ahead, thrown away when old.

A row of a day that has no partition yet is never refused: it waits in the default partition.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

RAW_TABLES = {"timings_change": "numbered_at", "timings_delivery": "sent_at", "timings_response": "ended_at"}
DAYS_AHEAD = 7
DAY = timedelta(days=1)

logger = logging.getLogger(__name__)


def make_ahead(first: date, days: int = DAYS_AHEAD) -> None:
    """Makes the partitions of `first` and the days after it; those that exist stay as they are."""
    for table in RAW_TABLES:
        made = set(partition_days(table))
        for number in range(days + 1):
            day = first + number * DAY
            if day not in made:
                make_partition(table, day)


def make_partition(table: str, day: date) -> None:
    """Takes along what has come for that day already, from the default partition."""
    name, waiting = partition_name(table, day), f"{RAW_TABLES[table]} >= %s AND {RAW_TABLES[table]} < %s"
    bounds = [day_start(day), day_start(day + DAY)]
    with impatient_transaction() as cursor:
        cursor.execute(f"LOCK TABLE {table}_default IN ACCESS EXCLUSIVE MODE")
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
        if cursor.fetchone()[0]:
            return  # somebody else made it while we waited for the lock
        cursor.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS)")
        cursor.execute(f"INSERT INTO {name} SELECT * FROM {table}_default WHERE {waiting}", bounds)  # noqa: S608
        cursor.execute(f"DELETE FROM {table}_default WHERE {waiting}", bounds)  # noqa: S608 (the names are our own)
        cursor.execute(f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM (%s) TO (%s)", bounds)


def oldest_start(rolled_to: datetime) -> datetime:
    """Raw rows from then on are all kept. Those before may be gone, so that nothing can be made from them again."""
    return day_start(rolled_to.date() - settings.TIMINGS_RAW_DAYS * DAY)


def drop_before(start: datetime) -> None:
    """Throws away the raw rows of all days before the one that begins then."""
    for table, column in RAW_TABLES.items():
        for day in sorted(partition_days(table)):
            if day < start.date():
                drop_partition(table, day)
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}_default WHERE {column} < %s", [start])  # noqa: S608 (our names)


def drop_partition(table: str, day: date) -> None:
    with impatient_transaction() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {partition_name(table, day)}")
    logger.info("dropped timings of %s from %s", day, table)


@contextmanager
def impatient_transaction() -> Iterator[CursorWrapper]:
    """While we wait for a reader of the table, every writer waits behind us: better fail, and try again next hour."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '2s'")
        yield cursor


def partition_days(table: str) -> Iterator[date]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [table])
        names = [name.removeprefix(f"{table}_") for (name,) in cursor.fetchall()]
    return (date.fromisoformat(name) for name in names if name != "default")


def partition_name(table: str, day: date) -> str:
    return f"{table}_{day:%Y%m%d}"


def day_start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
