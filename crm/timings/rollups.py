"""Writes roll-ups: every minute and hour again whenever rows that ended in it have been stored since.

A minute is made from its raw rows each time, never added to, so that it may be rolled up any number of times.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction

from crm.timings import partitions, raw, rolled
from crm.timings.models import Rollup, RollupState, SubjectHour
from crm.timings.raw import STAGES
from crm.timings.rolled import Tallies
from crm.timings.stretches import HOUR, MINUTE, Stretch, floor

# A minute is rolled up when it is over and its last rows have been written; what comes later rolls it up again.
SETTLE = timedelta(seconds=15)
# A row is stored some time before others can see it.
OVERLAP = timedelta(minutes=2)
LOCK = 0x54494D45
FAMILIES = [*raw.FAMILIES, *(f"stage:{stage}" for stage in STAGES)]

# A change that a second hub delivers later moves to another minute: every minute it can have ended in is made again.
TOUCHED = """
WITH changed AS (
    SELECT seq FROM timings_change WHERE stored_at >= %(stored_since)s
    UNION SELECT seq FROM timings_delivery WHERE stored_at >= %(stored_since)s
)
SELECT date_trunc('minute', COALESCE(cached_at, numbered_at), 'UTC') FROM timings_change JOIN changed USING (seq)
UNION SELECT date_trunc('minute', acked_at, 'UTC') FROM timings_delivery JOIN changed USING (seq)
UNION
SELECT date_trunc('minute', GREATEST(written_at + make_interval(secs => %(late_seconds)s), sent_at, acked_at), 'UTC')
    FROM timings_delivery JOIN changed USING (seq) JOIN timings_change USING (seq) WHERE late > 0
UNION SELECT date_trunc('minute', ended_at, 'UTC') FROM timings_response WHERE stored_at >= %(stored_since)s"""
SUBJECTS = """
INSERT INTO timings_subject_hour (hour, subject, count, total)
SELECT %(since)s, subject, count(*), sum(seconds) FROM measured GROUP BY subject"""


def roll_up(now: datetime) -> None:
    """Rolls up what ended before now and was stored since the last time; does nothing while another does."""
    with transaction.atomic():
        if not take_lock():
            return
        begun, until = rolled.rolled_to(), floor(now - SETTLE, MINUTE)
        minutes = touched_minutes(begun - OVERLAP, Stretch(partitions.oldest_start(begun), until))
        for minute in minutes:
            replace(Rollup.Span.MINUTE, minute, tally_minute(minute))
        for hour in {floor(moment, HOUR) for moment in (begun, *minutes)}:
            if hour + HOUR <= until:
                roll_hour(hour)
        RollupState.objects.update_or_create(pk=1, defaults={"rolled_to": max(begun, until)})


def take_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def touched_minutes(stored_since: datetime, stretch: Stretch) -> list[datetime]:
    with connection.cursor() as cursor:
        cursor.execute(TOUCHED, {"stored_since": stored_since, "late_seconds": raw.LATE_SECONDS})
        return sorted(minute for (minute,) in cursor.fetchall() if minute and stretch.since <= minute < stretch.until)


def tally_minute(minute: datetime) -> Tallies:
    stretch = Stretch(minute, minute + MINUTE)
    return {key: tally for family in raw.FAMILIES for key, tally in rolled.tally_raw(family, stretch).items()}


def roll_hour(hour: datetime) -> None:
    stretch = Stretch(hour, hour + HOUR)
    replace(Rollup.Span.HOUR, hour, rolled.merged(Rollup.Span.MINUTE, FAMILIES, stretch))
    SubjectHour.objects.filter(hour=hour).delete()
    raw.query("update", stretch, SUBJECTS)


def replace(span: Rollup.Span, start: datetime, tallies: Tallies) -> None:
    Rollup.objects.filter(span=span, start=start).delete()
    Rollup.objects.bulk_create(
        Rollup(
            span=span,
            start=start,
            **key._asdict(),
            count=tally.count,
            total=tally.total,
            late=tally.late,
            longest=tally.longest,
            sketch=tally.sketch.to_json(),
        )
        for key, tally in tallies.items()
    )
