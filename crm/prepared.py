"""Connections whose prepared statements outlive a rollback.

PostgreSQL keeps them, and psycopg drops them all, in case what was rolled back had made a table that they read. Here
tables are made by migrations alone, and refusals roll back: with a few of them a second no statement stayed prepared.
"""

import re
from collections.abc import Sequence

import psycopg
from psycopg._preparing import Prepare, PrepareManager
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
