"""Takes timings from anywhere, at once and without failing, and writes them a quarter of a second later.

A daemon thread writes through a connection of its own: callers are event loops as well, and the pool is for requests.
While the database is away rows wait in bounded buffers; what no longer fits is counted and the count written later.
"""

from __future__ import annotations

import atexit
import logging
import os
import socket
import threading
from collections import deque
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from django.conf import settings
from django.db import connections

from crm.timings import clock

FLUSH_SECONDS = 0.25
RETRY_SECONDS = 1.0
CLOCK_SECONDS = 10.0
# A bulk change of 100,000 rows arrives at once and must fit.
BUFFERED_ROWS = 200_000
ROWS_A_STATEMENT = 5_000

logger = logging.getLogger(__name__)


class ChangeRow(NamedTuple):
    seq: int
    record: str
    record_id: int
    subject: str
    module: str
    way: str | None
    written_at: datetime
    numbered_at: datetime
    cached_at: datetime | None


class DeliveryRow(NamedTuple):
    seq: int
    process: str
    sent_at: datetime
    watchers: int
    acked_at: datetime | None
    acked: int
    late: int
    ended_at: datetime


class ResponseRow(NamedTuple):
    ended_at: datetime
    kind: str
    module: str
    seconds: float
    status: int
    user_id: int | None
    waited: float | None = None  # of the seconds; None for what does not wait in a queue


class ScreensRow(NamedTuple):
    process: str
    at: datetime
    sockets: int
    watching: int
    frames: float
    behind: int
    catching_up: int


INSERT_CHANGES = """
INSERT INTO timings_change
    (seq, record, record_id, subject, module, way, written_at, numbered_at, cached_at)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[],
                     %s::timestamptz[], %s::timestamptz[], %s::timestamptz[])
ON CONFLICT DO NOTHING"""
INSERT_DELIVERIES = """
INSERT INTO timings_delivery (seq, process, sent_at, watchers, acked_at, acked, late, ended_at)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::int[],
                     %s::timestamptz[], %s::int[], %s::int[], %s::timestamptz[])"""
INSERT_RESPONSES = """
INSERT INTO timings_response (ended_at, kind, module, seconds, status, user_id, waited)
SELECT * FROM unnest(%s::timestamptz[], %s::text[], %s::text[], %s::float8[], %s::smallint[], %s::bigint[],
                     %s::float8[])"""
UPSERT_SCREENS = """
INSERT INTO timings_screens (process, at, sockets, watching, frames, behind, catching_up)
SELECT DISTINCT ON (process) * FROM unnest(%s::text[], %s::timestamptz[], %s::int[], %s::int[],
    %s::float8[], %s::int[], %s::int[]) AS said (process, at, sockets, watching, frames, behind, catching_up)
ORDER BY process, at DESC
ON CONFLICT (process) DO UPDATE SET at = excluded.at, sockets = excluded.sockets, watching = excluded.watching,
    frames = excluded.frames, behind = excluded.behind, catching_up = excluded.catching_up"""
INSERTS = {
    "changes": INSERT_CHANGES,
    "deliveries": INSERT_DELIVERIES,
    "responses": INSERT_RESPONSES,
    "screens": UPSERT_SCREENS,
}
INSERT_DROP = "INSERT INTO timings_drop (at, process, count) VALUES (%s, %s, %s)"


class Buffer:
    """Rows on their way to one table. Putting is atomic and never waits; only one thread takes."""

    def __init__(self, insert: str) -> None:
        self.insert = insert
        self.rows: deque[tuple[Any, ...]] = deque()
        self.dropped = 0

    def put(self, row: tuple[Any, ...]) -> None:
        if len(self.rows) < BUFFERED_ROWS:
            self.rows.append(row)
        else:
            self.dropped += 1

    def write(self, connection: psycopg.Connection[Any]) -> None:
        """Writes all rows. They are back in the buffer if the database went away; rows it refuses are dropped."""
        while self.rows:
            batch = [self.rows.popleft() for _ in range(min(ROWS_A_STATEMENT, len(self.rows)))]
            try:
                connection.execute(self.insert, [list(column) for column in zip(*batch, strict=True)])
            except psycopg.OperationalError:
                self.rows.extendleft(reversed(batch))
                raise
            except Exception:
                logger.exception("%d timings were refused", len(batch))
                self.dropped += len(batch)


class Recorder:
    """The buffers of this process and the thread that empties them, started by the first row."""

    def __init__(self) -> None:
        self.process = f"{socket.gethostname()}:{os.getpid()}"
        self.buffers = {name: Buffer(insert) for name, insert in INSERTS.items()}
        self.thread: threading.Thread | None = None
        self.starting = threading.Lock()
        self.writing = threading.Lock()
        self.stopping = threading.Event()

    def put(self, buffer: str, row: tuple[Any, ...]) -> None:
        self.buffers[buffer].put(row)
        if self.thread is None and settings.TIMINGS_WRITER:
            self.start()

    def start(self) -> None:
        with self.starting:
            if self.thread is None:
                self.thread = threading.Thread(target=self.run, name="timings", daemon=True)
                self.thread.start()

    def stop(self) -> None:
        """Writes what is left, unless the database is away."""
        self.stopping.set()
        if self.thread is not None:
            self.thread.join(timeout=2)

    def run(self) -> None:
        while not self.stopping.is_set():
            try:
                with connect() as connection:
                    self.write_until_stopped(connection)
            except psycopg.Error as error:
                logger.warning("timings wait for the database: %s", str(error).strip())
                self.stopping.wait(RETRY_SECONDS)

    def write_until_stopped(self, connection: psycopg.Connection[Any]) -> None:
        rounds = 0
        while not self.stopping.wait(FLUSH_SECONDS if rounds else 0):
            if rounds % int(CLOCK_SECONDS / FLUSH_SECONDS) == 0:
                clock.measure(connection)
            rounds += 1
            self.flush(connection)
        self.flush(connection)

    def flush(self, connection: psycopg.Connection[Any]) -> None:
        with self.writing:
            for buffer in self.buffers.values():
                buffer.write(connection)
            self.write_dropped(connection)

    def write_dropped(self, connection: psycopg.Connection[Any]) -> None:
        for buffer in self.buffers.values():
            if dropped := buffer.dropped:
                connection.execute(INSERT_DROP, [clock.now(), self.process, dropped])
                buffer.dropped -= dropped


def connect() -> psycopg.Connection[Any]:
    """To the database that Django uses, but not from its pool: a busy pool must not hold timings up, nor they it."""
    params = connections["default"].get_connection_params()
    ours = {"cursor_factory": psycopg.Cursor, "autocommit": True, "connect_timeout": 5}
    return psycopg.connect(**params | ours | {"application_name": "pulse timings"})


_recorder = Recorder()


def record_changes(rows: Iterable[ChangeRow]) -> None:
    for row in rows:
        _recorder.put("changes", row)


def delivery(row: DeliveryRow) -> None:
    _recorder.put("deliveries", row)


def response(row: ResponseRow) -> None:
    _recorder.put("responses", row)


def screens(row: ScreensRow) -> None:
    """What this hub's sockets are doing; said again every few seconds, or its figures count as gone."""
    _recorder.put("screens", row)


def flush(connection: psycopg.Connection[Any]) -> None:
    """Writes what has been taken so far, now and through this connection."""
    _recorder.flush(connection)


def _forget_parent() -> None:
    """A forked child has the parent's rows but not its thread: those rows are the parent's to write."""
    global _recorder
    _recorder = Recorder()


os.register_at_fork(after_in_child=_forget_parent)
atexit.register(lambda: _recorder.stop())
