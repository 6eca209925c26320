"""Reads the raw rows of a stretch of time: what one update took, and figures over all of them, by PostgreSQL.

An update's time runs from the trigger's write to the last acknowledgement of the last hub, or to the cache write where
nobody watches. With a watcher who did not acknowledge in time it counts as LATE_SECONDS, or as more if sent even later.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from crm.timings.stretches import Stretch
from crm.timings.tally import Figure

# T_update is over customers; changes to a tag, a user or a team are logged and timed but are not in it.
SUBJECT = "customer:"
LATE_SECONDS = 5
STAGES = ("number", "cache", "send", "paint")
# A delivery is over when its last watcher is given up, which may be later than what counts as its end.
SPREAD = timedelta(seconds=LATE_SECONDS * 2)

NUMBERS_BETWEEN = """
SELECT min(seq), max(seq) FROM (
    SELECT seq FROM timings_change
    WHERE COALESCE(cached_at, numbered_at) >= %(since)s AND COALESCE(cached_at, numbered_at) < %(until)s
    UNION ALL
    SELECT seq FROM timings_delivery WHERE ended_at >= %(since)s AND ended_at < %(until)s) AS ended"""

UPDATES = """
WITH delivered AS (
    SELECT seq, sum(late) AS late, sum(watchers) AS watchers, max(sent_at) AS sent_at, max(acked_at) AS acked_at
    FROM timings_delivery WHERE seq BETWEEN %(low)s AND %(high)s GROUP BY seq
), ended AS (
    SELECT *, COALESCE(late, 0) AS late_watchers, GREATEST(written_at, CASE
        WHEN late > 0 THEN GREATEST(written_at + make_interval(secs => %(late_seconds)s), sent_at, acked_at)
        ELSE COALESCE(acked_at, cached_at, numbered_at) END) AS ended_at
    FROM timings_change LEFT JOIN delivered USING (seq)
    WHERE seq BETWEEN %(low)s AND %(high)s AND starts_with(subject, %(subject)s)
), staged AS (
    SELECT *, LEAST(GREATEST(written_at, numbered_at), ended_at) AS numbered,
        LEAST(GREATEST(written_at, numbered_at, cached_at), ended_at) AS cached,
        LEAST(GREATEST(written_at, numbered_at, cached_at, sent_at), ended_at) AS sent
    FROM ended WHERE ended_at >= %(since)s AND ended_at < %(until)s
), measured AS (
    SELECT seq AS id, ended_at, module, record AS kind, subject, way, late_watchers::int AS late,
        COALESCE(watchers, 0)::int AS watchers,
        extract(epoch FROM ended_at - written_at)::float8 AS seconds,
        extract(epoch FROM numbered - written_at)::float8 AS number,
        extract(epoch FROM cached - numbered)::float8 AS cache,
        extract(epoch FROM sent - cached)::float8 AS send,
        extract(epoch FROM ended_at - sent)::float8 AS paint
    FROM staged
)"""
RESPONSES = """
WITH measured AS (
    SELECT id, ended_at, module, kind, {seconds} AS seconds, 0 AS late, status, waited
    FROM timings_response WHERE ended_at >= %(since)s AND ended_at < %(until)s AND waited IS {waited}
)"""
# A response is to a customer's request, which waits and is handled; an answer to an HTTP request or socket command.
FAMILIES = {
    "update": UPDATES,
    "response": RESPONSES.format(seconds="seconds", waited="NOT NULL"),
    "waiting": RESPONSES.format(seconds="waited", waited="NOT NULL"),
    "handling": RESPONSES.format(seconds="seconds - waited", waited="NOT NULL"),
    "answer": RESPONSES.format(seconds="seconds", waited="NULL"),
}

# percentile_disc takes the nearest rank, as the sketch does.
SUMMARY = """
SELECT module, kind, avg(seconds),
    percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds), percentile_disc(0.95) WITHIN GROUP (ORDER BY seconds),
    percentile_disc(0.99) WITHIN GROUP (ORDER BY seconds), max(seconds), count(*), COALESCE(sum(late), 0)::bigint
FROM measured GROUP BY GROUPING SETS ((), (module), (module, kind)) ORDER BY module NULLS FIRST, kind NULLS FIRST"""
CUSTOMERS = """
SELECT count(*), avg(mean) FROM (SELECT avg(seconds) AS mean FROM measured GROUP BY subject) AS means"""
STAGE_MEANS = """
SELECT date_bin(%(step)s, ended_at, to_timestamp(0)) AS at, count(*), avg(number), avg(cache), avg(send), avg(paint)
FROM measured GROUP BY at ORDER BY at"""
BINS = """
SELECT width_bucket(seconds, 0, %(upper)s, %(bins)s) AS bin, count(*) FROM measured GROUP BY bin"""


class Group(NamedTuple):
    """Everything of a module and a kind; None stands for all of them."""

    module: str | None
    kind: str | None
    figure: Figure


class Customers(NamedTuple):
    """How many customers were updated, and the mean of their mean update times."""

    n: int
    mean: float | None


class StagePoint(NamedTuple):
    """What each stage took on average, for the updates that ended from `at` on; together the mean update time."""

    at: datetime
    n: int
    number: float
    cache: float
    send: float
    paint: float


class Distribution(NamedTuple):
    """How many updates fell into each of the equal bins from 0 to `upper` seconds, and how many took longer."""

    upper: float
    counts: list[int]
    beyond: int


def query(family: str, stretch: Stretch, statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
    """Rows of a statement over `measured`: one row for each update or response that ended in the stretch."""
    low, high = numbers_of(stretch) if family == "update" else (0, 0)
    found: dict[str, Any] = {"low": low, "high": high, "subject": SUBJECT, "late_seconds": LATE_SECONDS}
    with connection.cursor() as cursor:
        cursor.execute(FAMILIES[family] + statement, {**stretch._asdict(), **found, **parameters})
        return cursor.fetchall() if cursor.description else []


def numbers_of(stretch: Stretch) -> tuple[int, int]:
    """First and last number in the log of all changes that can have ended then, however long they took.

    The log is in the order of time, so a range of numbers finds them by an index and does not guess how old they are.
    """
    with connection.cursor() as cursor:
        cursor.execute(NUMBERS_BETWEEN, {"since": stretch.since, "until": stretch.until + SPREAD})
        low, high = cursor.fetchone()
    return (1, 0) if low is None else (low, high)


def summary(family: str, stretch: Stretch) -> list[Group]:
    """First the group of all, then each module followed by its kinds."""
    return [Group(module, kind, Figure(*figure)) for module, kind, *figure in query(family, stretch, SUMMARY)]


def customers(stretch: Stretch) -> Customers:
    return Customers(*query("update", stretch, CUSTOMERS)[0])


def stages(stretch: Stretch, step: timedelta) -> list[StagePoint]:
    return [StagePoint(*row) for row in query("update", stretch, STAGE_MEANS, step=step)]


def distribution(stretch: Stretch, upper: float, bins: int) -> Distribution:
    counts = dict(query("update", stretch, BINS, upper=upper, bins=bins))
    return Distribution(upper, [counts.get(number, 0) for number in range(1, bins + 1)], counts.get(bins + 1, 0))
