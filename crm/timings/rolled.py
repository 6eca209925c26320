"""Reads roll-ups: the same figures as from raw rows, over any time, with quantiles within the sketch's error.

Whole hours, then the minutes since, then the raw rows that are not rolled up yet.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from crm.timings import raw
from crm.timings.models import Rollup, RollupState
from crm.timings.raw import STAGES, Customers, Distribution, Group, StagePoint, Stretch
from crm.timings.sketch import Sketch
from crm.timings.tally import Tally

HOUR = timedelta(hours=1)
NEVER = datetime.fromtimestamp(0, UTC)

MERGED = """
WITH picked AS (
    SELECT * FROM timings_rollup
    WHERE span = %(span)s AND start >= %(since)s AND start < %(until)s AND family = ANY(%(families)s)
), buckets AS (
    SELECT family, module, kind, key, sum(value::bigint) AS n
    FROM picked CROSS JOIN LATERAL jsonb_each_text(sketch) GROUP BY family, module, kind, key
), sketches AS (
    SELECT family, module, kind, jsonb_object_agg(key, n)::text AS sketch FROM buckets GROUP BY family, module, kind
), sums AS (
    SELECT family, module, kind, sum(count)::bigint AS count, sum(total) AS total, sum(late)::bigint AS late,
        max(longest) AS longest
    FROM picked GROUP BY family, module, kind
)
SELECT family, module, kind, count, total, late, longest, sketch FROM sums JOIN sketches USING (family, module, kind)"""
CUSTOMERS = """
, parts AS (
    SELECT subject, count, total FROM timings_subject_hour WHERE hour >= %(first)s AND hour < %(since)s
    UNION ALL SELECT subject, 1, seconds FROM measured
)
SELECT count(*), avg(mean) FROM (SELECT sum(total) / sum(count) AS mean FROM parts GROUP BY subject) AS means"""
STAGE_MEANS = """
SELECT at, n, number / n, cache / n, send / n, paint / n FROM (
    SELECT date_bin(%(step)s, start, to_timestamp(0)) AS at,
        (sum(count) FILTER (WHERE family = 'stage:paint'))::bigint AS n,
        sum(total) FILTER (WHERE family = 'stage:number') AS number,
        sum(total) FILTER (WHERE family = 'stage:cache') AS cache,
        sum(total) FILTER (WHERE family = 'stage:send') AS send,
        sum(total) FILTER (WHERE family = 'stage:paint') AS paint
    FROM timings_rollup
    WHERE family LIKE 'stage:%%' AND start >= %(first)s AND start < %(until)s
        AND span = CASE WHEN start < %(hours_until)s THEN %(hour)s ELSE %(minute)s END
    GROUP BY at) AS sums
ORDER BY at"""


class Key(NamedTuple):
    family: str
    module: str
    kind: str


Tallies = dict[Key, Tally]


def rolled_to() -> datetime:
    """Everything that ended before is rolled up."""
    state = RollupState.objects.first()
    return state.rolled_to if state else NEVER


def floor(moment: datetime, span: timedelta) -> datetime:
    """The start of the span that holds the moment; spans are counted from 1970, in UTC."""
    return moment - (moment - NEVER) % span


def summary(family: str, stretch: Stretch) -> list[Group]:
    """First the group of all, then each module followed by its kinds. Begins with the whole hour that holds `since`."""
    groups: dict[tuple[str | None, str | None], Tally] = defaultdict(Tally)
    groups[None, None] = Tally()
    for key, tally in tallies_of(family, stretch).items():
        for module, kind in ((None, None), (key.module, None), (key.module, key.kind)):
            groups[module, kind].merge(tally)
    ordered = sorted(groups.items(), key=lambda group: (group[0][0] or "", group[0][1] or ""))
    return [Group(module, kind, tally.figure) for (module, kind), tally in ordered]


def customers(stretch: Stretch) -> Customers:
    first = floor(stretch.since, HOUR)
    not_in_hours = Stretch(max(first, floor(rolled_to(), HOUR)), stretch.until)
    return Customers(*raw.query("update", not_in_hours, CUSTOMERS, first=first)[0])


def stages(stretch: Stretch, step: timedelta) -> list[StagePoint]:
    """The raw rows since the last roll-up are left out: they are the last minute of a step of many."""
    first = floor(stretch.since, HOUR)
    hours_until = floor(min(rolled_to(), stretch.until), HOUR) if step >= HOUR else first
    limits: dict[str, Any] = {"first": first, "until": stretch.until, "hours_until": hours_until, "step": step}
    with connection.cursor() as cursor:
        cursor.execute(STAGE_MEANS, {**limits, "hour": Rollup.Span.HOUR, "minute": Rollup.Span.MINUTE})
        return [StagePoint(*row) for row in cursor.fetchall()]


def distribution(stretch: Stretch, upper: float, bins: int) -> Distribution:
    counts = [0] * (bins + 1)
    for tally in tallies_of("update", stretch).values():
        for value, count in tally.sketch.values():
            counts[min(int(value / upper * bins), bins)] += count
    return Distribution(upper, counts[:-1], counts[-1])


def tallies_of(family: str, stretch: Stretch) -> Tallies:
    until = min(rolled_to(), stretch.until)
    first = floor(stretch.since, HOUR)
    hour = max(first, floor(until, HOUR))
    tallies = merged(Rollup.Span.HOUR, [family], Stretch(first, hour))
    add_all(tallies, merged(Rollup.Span.MINUTE, [family], Stretch(hour, until)))
    add_all(tallies, tally_raw(family, Stretch(max(first, until), stretch.until)))
    return {key: tally for key, tally in tallies.items() if key.family == family}


def add_all(tallies: Tallies, others: Tallies) -> None:
    for key, other in others.items():
        tallies.setdefault(key, Tally()).merge(other)


def merged(span: int, families: list[str], stretch: Stretch) -> Tallies:
    """Roll-ups of that span put together; by PostgreSQL, so that this process can go on with its sockets."""
    with connection.cursor() as cursor:
        cursor.execute(MERGED, {**stretch._asdict(), "span": span, "families": families})
        return {
            Key(*key): Tally(count, total, late, longest, Sketch.from_json(json.loads(sketch)))
            for *key, count, total, late, longest, sketch in cursor.fetchall()
        }


def tally_raw(family: str, stretch: Stretch) -> Tallies:
    """What is not rolled up yet; updates come with their stages."""
    columns = {family: "seconds"} | ({f"stage:{stage}": stage for stage in STAGES} if family == "update" else {})
    tallies: Tallies = defaultdict(Tally)
    select = f"SELECT module, kind, late, {', '.join(columns.values())} FROM measured"  # noqa: S608 (names of our own)
    for module, kind, late, *durations in raw.query(family, stretch, select):
        for name, seconds in zip(columns, durations, strict=True):
            tallies[Key(name, module, kind)].add(seconds, late)
    return tallies
