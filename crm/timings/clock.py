"""PostgreSQL's clock in every process: its offset is measured now and then, and runs on a clock that never jumps."""

import time
from datetime import UTC, datetime
from typing import Any

import psycopg

SAMPLES = 3

# The database's time at one reading of this process's own steady clock; replaced as a whole, so no lock is needed.
_reading = (time.time(), time.perf_counter())


def now() -> datetime:
    """The database's time; the machine's own until the first measurement."""
    at, steady = _reading
    return datetime.fromtimestamp(at + time.perf_counter() - steady, UTC)


def measure(connection: psycopg.Connection[Any]) -> None:
    """Reads the database's clock; of several readings the one with the shortest way is kept."""
    global _reading
    _reading = min((read(connection) for _ in range(SAMPLES)), key=lambda sample: sample[0])[1]


def read(connection: psycopg.Connection[Any]) -> tuple[float, tuple[float, float]]:
    asked = time.perf_counter()
    row = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
    answered = time.perf_counter()
    assert row is not None
    return answered - asked, (float(row[0]), (asked + answered) / 2)
