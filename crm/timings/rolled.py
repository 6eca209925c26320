"""Reads roll-ups: the same figures as from raw rows, over any time, with quantiles within the sketch's error.

A stretch is put together from whole hours, the whole minutes around them, and raw rows at its ends.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from crm.timings import partitions, raw
from crm.timings.models import Rollup, RollupState
from crm.timings.raw import STAGES, Customers, Distribution, Group, StagePoint
from crm.timings.sketch import Sketch
from crm.timings.stretches import EPOCH, HOUR, MINUTE, Stretch, floor
from crm.timings.tally import Tally

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
SUBJECTS = "SELECT subject, count(*), sum(seconds) FROM measured GROUP BY subject"
CUSTOMERS = """
, parts AS (
    SELECT subject, 1 AS count, seconds AS total FROM measured
    UNION ALL SELECT subject, count, total FROM timings_subject_hour WHERE hour >= %(first)s AND hour < %(last)s
    UNION ALL SELECT * FROM unnest(%(subjects)s::text[], %(counts)s::bigint[], %(totals)s::float8[])
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
    WHERE span = %(span)s AND start >= %(since)s AND start < %(until)s AND family LIKE 'stage:%%'
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
    return state.rolled_to if state else EPOCH


def kept(stretch: Stretch) -> Stretch:
    """Where its raw rows are gone, a stretch begins with the whole hour that holds its beginning."""
    is_raw = stretch.since >= partitions.oldest_start(rolled_to())
    return stretch if is_raw else Stretch(floor(stretch.since, HOUR), stretch.until)


def whole_minutes(stretch: Stretch) -> Stretch:
    """Those of a stretch that are rolled up."""
    return Stretch(stretch.since, max(stretch.since, min(stretch.until, rolled_to()))).whole(MINUTE)


def summary(family: str, stretch: Stretch) -> list[Group]:
    """First the group of all, then each module followed by its kinds."""
    groups: dict[tuple[str | None, str | None], Tally] = defaultdict(Tally)
    groups[None, None] = Tally()
    for key, tally in tallies_of(family, stretch).items():
        for module, kind in ((None, None), (key.module, None), (key.module, key.kind)):
            groups[module, kind].merge(tally)
    ordered = sorted(groups.items(), key=lambda group: (group[0][0] or "", group[0][1] or ""))
    return [Group(module, kind, tally.figure) for (module, kind), tally in ordered]


def customers(stretch: Stretch) -> Customers:
    stretch = kept(stretch)
    hours = whole_minutes(stretch).whole(HOUR)
    head = raw.query("update", Stretch(stretch.since, hours.since), SUBJECTS)
    parts = {name: [row[column] for row in head] for column, name in enumerate(("subjects", "counts", "totals"))}
    tail = Stretch(hours.until, stretch.until)
    [found] = raw.query("update", tail, CUSTOMERS, first=hours.since, last=hours.until, **parts)
    return Customers(*found)


def stages(stretch: Stretch, step: timedelta) -> list[StagePoint]:
    """In steps of whole minutes, or of whole hours."""
    stretch = kept(stretch)
    minutes = whole_minutes(stretch)
    hours = minutes.whole(HOUR)
    points = raw.stages(Stretch(stretch.since, minutes.since), step)
    points += stage_means(Rollup.Span.MINUTE, Stretch(minutes.since, hours.since), step)
    points += stage_means(Rollup.Span.HOUR if step >= HOUR else Rollup.Span.MINUTE, hours, step)
    points += stage_means(Rollup.Span.MINUTE, Stretch(hours.until, minutes.until), step)
    return together(points + raw.stages(Stretch(minutes.until, stretch.until), step))


def stage_means(span: int, stretch: Stretch, step: timedelta) -> list[StagePoint]:
    parameters: dict[str, Any] = {**stretch._asdict(), "span": span, "step": step}
    with connection.cursor() as cursor:
        cursor.execute(STAGE_MEANS, parameters)
        return [StagePoint(*row) for row in cursor.fetchall()]


def together(points: Iterable[StagePoint]) -> list[StagePoint]:
    """Points of the same step are one point."""
    found: dict[datetime, StagePoint] = {}
    for point in points:
        other = found.get(point.at)
        found[point.at] = point if other is None else mean_point(point, other)
    return [found[at] for at in sorted(found)]


def mean_point(one: StagePoint, other: StagePoint) -> StagePoint:
    n = one.n + other.n
    means = ((mine * one.n + others * other.n) / n for mine, others in zip(one[2:], other[2:], strict=True))
    return StagePoint(one.at, n, *means)


def distribution(stretch: Stretch, upper: float, bins: int) -> Distribution:
    counts = [0] * (bins + 1)
    for tally in tallies_of("update", stretch).values():
        for value, count in tally.sketch.values():
            counts[min(int(value / upper * bins), bins)] += count
    return Distribution(upper, counts[:-1], counts[-1])


def tallies_of(family: str, stretch: Stretch) -> Tallies:
    stretch = kept(stretch)
    minutes = whole_minutes(stretch)
    hours = minutes.whole(HOUR)
    tallies = tally_raw(family, Stretch(stretch.since, minutes.since))
    add_all(tallies, merged(Rollup.Span.MINUTE, [family], Stretch(minutes.since, hours.since)))
    add_all(tallies, merged(Rollup.Span.HOUR, [family], hours))
    add_all(tallies, merged(Rollup.Span.MINUTE, [family], Stretch(hours.until, minutes.until)))
    add_all(tallies, tally_raw(family, Stretch(minutes.until, stretch.until)))
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
