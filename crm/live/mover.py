"""Moves rows from the inbox into the log, one batch at a time: numbers, counts and commits them, in one statement.

The commit is not waited for: what is moved was durable before, and what a crash of PostgreSQL takes back is moved again
under the numbers under which it was told (`Told`).
"""

import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import psycopg
from django.db import connections
from psycopg.rows import dict_row

from crm.records.log import COLUMNS

log = logging.getLogger(__name__)

MOST = 500  # rows looked at, moved and published at once
CROWDED = 50  # moved of those that wait in masses: ten times as many take ten times as long, in which all others wait
BUSY_POLL, IDLE_POLL = 0.002, 0.02  # seconds between looks while changes come, and while none do (a wake shortens it)
BUSY_FOR = 2.0  # seconds after a change that count as busy
SWEEP_EVERY = 0.25  # seconds between full sweeps, which find rows below the low-water mark
SWEEP_REST = 100  # times as long as a sweep took, until the next: it meets all that an open bulk update has written,
# and all that a held snapshot keeps from vacuum, and meanwhile everybody waits
LONGEST_REST = 1.0  # seconds; what a slow writer leaves below the mark is shown by then, however far PostgreSQL is
SETTLED = 0.5  # seconds after which a moved id becomes the low-water mark
FAR = 2_000  # ids after which it does at once: an open bulk update takes them, and looks meet all its rows
PARTITION = 1_000_000  # changes in one partition of the log
UNSURE = 10.0  # seconds in which PostgreSQL surely writes what was committed (three times its wal_writer_delay)

# Most looks find nothing, and starting the statement that moves takes longer than finding that out.
LOOK = f"SELECT count(*) AS n FROM (SELECT FROM change_new WHERE id > %s LIMIT {MOST}) AS looked"  # noqa: S608  (constant)
# Where masses wait, nearly all are of one transaction; what others wrote while it was open is no part of them.
SURVEY = f"""
    WITH most AS (
        SELECT writer, count(*) AS n
        FROM (SELECT xmin AS writer FROM change_new WHERE id > %s ORDER BY id LIMIT {MOST}) AS near
        GROUP BY writer ORDER BY n DESC LIMIT 1)
    SELECT coalesce(max(id) FILTER (WHERE o.xmin = writer OR n < {CROWDED}), 0) AS last,
           coalesce(array_agg(id ORDER BY id) FILTER (WHERE o.xmin <> writer AND n >= {CROWDED}), '{{}}') AS others
    FROM change_new AS o CROSS JOIN most
"""  # noqa: S608  (constants)
SHARED = ", ".join(name for name in COLUMNS if name not in ("seq", "numbered_at"))
# A row above the line passes those below it only where none of them is about the same record. Comparing pairs leaves
# the planner the index of roots alone, and a row's place none at all: planned for a short inbox, it would else walk
# over all that waits, and all that was moved and is not vacuumed yet.
FIRST = f"""
    SELECT * FROM (SELECT *, ctid AS tid FROM change_new WHERE id > %(low)s ORDER BY id LIMIT {MOST}) n WHERE (
        SELECT o.id FROM change_new o WHERE (o.root, o.id) BETWEEN (n.root, 0) AND (n.root, %(low)s) LIMIT 1) IS NULL
    ORDER BY id LIMIT %(limit)s"""  # noqa: S608  (constants)
AMID = """
    SELECT *, ctid AS tid FROM change_new n WHERE id = ANY(%(ids)s) AND (
        SELECT o.id FROM change_new o
        WHERE (o.root, o.id) BETWEEN (n.root, 0) AND (n.root, n.id - 1) AND o.id <> ALL(%(ids)s) LIMIT 1) IS NULL
    ORDER BY id"""
KNOWN = "SELECT *, ctid AS tid FROM change_new WHERE id = ANY(%(ids)s) ORDER BY id"


def numbering(rows: str) -> str:
    """The statement that moves these rows of the inbox, unless epoch and head are others than the relay knows."""
    return f"""
WITH waiting AS MATERIALIZED ({rows}
), state AS (
    UPDATE log_state SET head = head + (SELECT count(*) FROM waiting),
        directory_seq = coalesce(head + (
            SELECT max(place) FROM (SELECT record, row_number() OVER (ORDER BY id) AS place FROM waiting)
            WHERE record = ANY(%(directory)s)), directory_seq)
    WHERE EXISTS (SELECT FROM waiting) AND epoch = %(epoch)s AND head = %(head)s
    RETURNING head
), taken AS (
    DELETE FROM change_new WHERE ctid = ANY(ARRAY(SELECT tid FROM waiting)) AND EXISTS (SELECT FROM state)
), numbered AS (
    INSERT INTO change (seq, {SHARED}, numbered_at)
    SELECT %(head)s + row_number() OVER (ORDER BY id), {SHARED}, clock_timestamp() FROM waiting
    WHERE EXISTS (SELECT FROM state)
    RETURNING *
), counted AS (
    INSERT INTO records_tally AS t (record, dimension, value, owner_id, team_id, n)
    SELECT record, dimension, value, coalesce((side.row ->> 'owner_id')::bigint, 0),
           coalesce((side.row ->> 'team_id')::bigint, 0), sum(side.n)
    FROM numbered
    CROSS JOIN LATERAL (VALUES
        (data, CASE op WHEN 'd' THEN 0 ELSE 1 END),
        (data || coalesce(before, '{{}}'), CASE op WHEN 'c' THEN 0 ELSE -1 END)) AS side (row, n)
    CROSS JOIN LATERAL (
        SELECT 'all' AS dimension, '' AS value
        UNION ALL SELECT 'created_on', left(side.row ->> 'created_at', 10)
        UNION ALL SELECT name, side.row ->> name FROM unnest(%(columns)s::text[]) name WHERE side.row ? name) AS counts
    WHERE record = ANY(%(counted)s) AND side.row ->> 'deleted_at' IS NULL
      AND (op <> 'u' OR before ?| %(moving)s::text[])
    GROUP BY 1, 2, 3, 4, 5 HAVING sum(side.n) <> 0
    ON CONFLICT (record, dimension, value, owner_id, team_id) DO UPDATE SET n = t.n + EXCLUDED.n
)
SELECT numbered.*, ids[seq - %(head)s] AS id
FROM (SELECT array_agg(id ORDER BY id) AS ids FROM waiting) AS found LEFT JOIN numbered ON true
WHERE ids IS NOT NULL ORDER BY seq
"""  # noqa: S608  (constants)


NUMBER_FIRST, NUMBER_AMID, NUMBER_AGAIN = numbering(FIRST), numbering(AMID), numbering(KNOWN)


def connect() -> "psycopg.Connection[Any]":
    """To the database that Django uses, as plain psycopg speaks with it: rows and JSON as dictionaries."""
    params = connections["default"].get_connection_params()
    plain = {"cursor_factory": psycopg.Cursor, "context": None, "autocommit": True, "row_factory": dict_row}
    connection = psycopg.connect(**params | plain)
    # One plan, made while the inbox is short, serves for ever: planning at each look would take half of the time.
    connection.execute("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off")
    return connection


class Batch(NamedTuple):
    """When it was moved, the head that it follows, and the inbox's ids in the order of their numbers."""

    at: float
    head: int
    ids: list[int]


class Told:
    """What was numbered and told a short while ago: a crash of PostgreSQL may take it back."""

    def __init__(self) -> None:
        self.batches: deque[Batch] = deque()

    def add(self, batch: Batch) -> None:
        self.batches.append(batch)
        while batch.at - self.batches[0].at > UNSURE:
            self.batches.popleft()

    def above(self, head: int) -> list[Batch]:
        return [batch for batch in self.batches if batch.head + len(batch.ids) > head]


class Mover:
    """Moves rows from inbox to log; knows the head, where to look and how soon to look again."""

    def __init__(
        self,
        connection: "psycopg.Connection[Any]",
        constants: Mapping[str, Any],
        clock: Callable[[], float],
        told: Told | None = None,
    ) -> None:
        self.connection, self.constants, self.clock = connection, constants, clock
        self.told = told or Told()
        self.take_position()

    def take_position(self) -> None:
        """Where the log stands; nothing that was known of another state of it holds any more."""
        state = self.connection.execute("SELECT epoch::text, head FROM log_state").fetchone()
        assert state is not None
        self.epoch, self.head = state["epoch"], state["head"]
        self.low = 0
        self.crowd = 0  # the last id of the rows that wait in masses
        self.amid: list[int] = []  # ids of others' rows among them
        self.has_passed = False
        self.moved: list[tuple[float, int]] = []
        self.sweep_due = self.moved_at = -60.0
        self.took = 0.0  # seconds, the last look; sweeps are rare as it is
        self.room = 0

    def move(self) -> list[dict[str, Any]]:
        """One batch, committed; [] when nothing waits, or when another state of the log was put in its place."""
        self.make_room()
        if self.crowd and not self.has_passed:
            self.has_passed = True
            if passing := self.take_amid() or self.take_after():
                return passing
        self.has_passed = False
        return self.take_first()

    def take_amid(self) -> list[dict[str, Any]]:
        """Others' changes among the masses, but for those that have to wait for one of the masses."""
        ids, self.amid = self.amid[:CROWDED], self.amid[CROWDED:]
        return self.take(NUMBER_AMID, ids=ids) if ids else []

    def take_after(self) -> list[dict[str, Any]]:
        waiting = self.waiting(self.crowd)
        limit = CROWDED if waiting == MOST else MOST
        return self.take(NUMBER_FIRST, low=self.crowd, limit=limit) if waiting else []

    def take_first(self) -> list[dict[str, Any]]:
        """What waits longest. While masses wait, others' changes may pass that crowd at every turn."""
        began = self.clock()
        is_sweep = began >= self.sweep_due
        # A sweep does not look first: it would meet twice all that is in its way.
        waiting = MOST if is_sweep or self.crowd else self.waiting(self.low)
        limit = CROWDED if self.crowd or waiting == MOST else MOST
        rows = self.take(NUMBER_FIRST, low=0 if is_sweep else self.low, limit=limit) if waiting else []
        if len(rows) < limit:
            self.crowd, self.amid = 0, []
        elif is_sweep or rows[-1]["id"] >= self.crowd:
            self.survey()
        if is_sweep:
            self.end_sweep(began, rows)
        self.took = 0.0 if is_sweep else self.clock() - began
        if rows:
            self.moved_at = began
            self.moved.append((began, rows[-1]["id"]))
        self.settle(began)
        return rows

    def end_sweep(self, began: float, rows: list[dict[str, Any]]) -> None:
        """Where it found rows below the low-water mark, there may be more."""
        now = self.clock()
        took = now - began
        self.sweep_due = now + min(max(SWEEP_EVERY, SWEEP_REST * took), max(LONGEST_REST, took))
        if rows and rows[0]["id"] <= self.low:
            self.low, self.moved = rows[0]["id"] - 1, []

    def survey(self) -> None:
        """Where the masses end, and what of others waits among them."""
        found = self.connection.execute(SURVEY, [self.low]).fetchone()
        self.crowd = found["last"] if found else 0
        self.amid = [each for each in found["others"] if each < self.crowd][:MOST] if found else []

    def take(self, statement: str, **which: Any) -> list[dict[str, Any]]:
        """Moves what the statement finds, which is nothing about a record of which something waits that is older."""
        head = self.head
        rows = self.number(statement, **which)
        if rows:
            self.told.add(Batch(self.clock(), head, [row["id"] for row in rows]))
        return rows

    def tell_again(self) -> bool:
        """Moves what was told and taken back, under the numbers that it had; False where that cannot be."""
        self.make_room()
        for batch in self.told.above(self.head):
            if batch.head != self.head or len(self.number(NUMBER_AGAIN, ids=batch.ids)) != len(batch.ids):
                return False
        return True

    def number(self, statement: str, **which: Any) -> list[dict[str, Any]]:
        parameters = {**self.constants, **which, "epoch": self.epoch, "head": self.head}
        rows: list[dict[str, Any]] = self.connection.execute(statement, parameters).fetchall()
        if rows and rows[0]["seq"] is None:
            log.warning("The log was restored or moved by another: this relay takes its position anew")
            self.told.batches.clear()
            self.take_position()
            return []
        if rows:
            self.head = rows[-1]["seq"]
        return rows

    def waiting(self, line: int) -> int:
        """How many rows, as far as one look goes."""
        found = self.connection.execute(LOOK, [line]).fetchone()
        return int(found["n"]) if found else 0

    def settle(self, now: float) -> None:
        """Ids that were moved a while ago are dead index entries: looks that start above them stay fast."""
        while self.moved and (now - self.moved[0][0] >= SETTLED or self.moved[-1][1] - self.moved[0][1] > FAR):
            self.low = max(self.low, self.moved.pop(0)[1])

    def pause(self) -> float:
        """At least as long as the look took: on a machine that is busy, looks must not make it busier."""
        return max(self.took, BUSY_POLL if self.clock() - self.moved_at < BUSY_FOR else IDLE_POLL)

    def make_room(self) -> None:
        """The partition that the next batches fall into, made before any of them needs it."""
        while self.head + PARTITION // 10 >= self.room:
            start = self.room or self.head - self.head % PARTITION
            self.make_partition(f"change_p{start // PARTITION}", start)
            self.room = start + PARTITION

    def make_partition(self, name: str, start: int) -> None:
        """Attached: `CREATE TABLE ... PARTITION OF` would wait for every reader of the log, such as a whole backup."""
        found = self.connection.execute("SELECT to_regclass(%s) AS known", [name]).fetchone()
        if found and found["known"] is None:
            self.connection.execute(
                f"CREATE TABLE {name} (LIKE change INCLUDING ALL);"
                f"ALTER TABLE change ATTACH PARTITION {name} FOR VALUES FROM ({start}) TO ({start + PARTITION})"
            )
