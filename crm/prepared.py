"""Connections whose prepared statements outlive a rollback, and cursors that say what they ran.

PostgreSQL keeps them, and psycopg drops them all, in case what was rolled back had made a table that they read. Here
tables are made by migrations alone, and refusals roll back: with a few of them a second no statement stayed prepared.
"""

import re
from collections.abc import Sequence

import psycopg
from psycopg._preparing import Prepare, PrepareManager
from psycopg._queries import PostgresQuery
from psycopg.pq.abc import PGresult
from psycopg.rows import TupleRow

ENDS_THEM = re.compile(rb"(?:DROP|ALTER|DISCARD ALL|DEALLOCATE ALL)\b")


class Statements(PrepareManager):
    def clear(self) -> bool:
        """What psycopg calls after a rollback."""
        return False

    def _should_discard(self, prep: Prepare, results: Sequence[PGresult], *_: object) -> bool:
        ended = any(ENDS_THEM.match(result.command_status or b"") for result in results)
        return ended and super().clear()


class Connection(psycopg.Connection[TupleRow]):
    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self._prepared = Statements()


class Cursor(psycopg.Cursor[TupleRow]):
    def _send_query_prepared(self, name: bytes, pgq: PostgresQuery, *, binary: bool | None = None) -> None:
        """Psycopg keeps no text of what was prepared before; Django's record of queries reads it."""
        self._query = pgq
        super()._send_query_prepared(name, pgq, binary=binary)
