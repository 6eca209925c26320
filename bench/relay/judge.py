"""Replays the log into a copy of the rows as they were, and compares every row of it with the table."""

from dataclasses import dataclass
from typing import Any

import psycopg

ROWS = "SELECT id, to_jsonb(t) FROM customers_customer t"
LOG = "SELECT seq, record_id, version, before, data FROM change WHERE seq > %s AND record = 'customer' ORDER BY seq"
Rows = dict[int, dict[str, Any]]


@dataclass
class Verdict:
    """`misplaced`: changes that do not follow the version or the values that the copy holds at that point."""

    changes: int = 0
    holes: int = 0
    misplaced: int = 0
    differing: int = 0

    def faults(self, committed: int) -> int:
        """Changes that were missed, doubled, reordered or wrong."""
        return abs(committed - self.changes) + self.holes + self.misplaced + self.differing


def head(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT head FROM log_state").fetchone()
    assert row is not None
    return int(row[0])


def rows(url: str) -> Rows:
    with psycopg.connect(url) as connection:
        return dict(connection.execute(ROWS).fetchall())


def replay(url: str, copy: Rows, since: int) -> Verdict:
    """`copy` is the table as it was when the log's head was `since`; it is changed."""
    found, last = Verdict(), since
    with psycopg.connect(url) as connection, connection.cursor("log") as cursor:
        cursor.itersize = 5000
        for seq, record_id, version, before, data in cursor.execute(LOG, [since]):
            held = copy[record_id]
            found.changes += 1
            found.holes += seq != last + 1
            found.misplaced += version != held["version"] + 1 or any(held[name] != was for name, was in before.items())
            copy[record_id], last = data, seq
    found.differing = sum(copy[record_id] != row for record_id, row in rows(url).items())
    return found
