"""How long handling takes, learned from what was handled: an exponentially weighted mean and variance.

Updates after Finch, Incremental calculation of weighted mean and variance (2009), section 9. One process learns at a
time; everybody reads what was learned a few seconds ago.
"""

import math
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from crm.requests.kinds import PEOPLE, Kind
from crm.requests.models import HandlingTime, LearningState, Request, State

WEIGHT = 0.05  # of the newest: about the last 40 handlings count
FRESH = 5.0  # seconds that a process trusts what it has read
GUESSES = 5  # as many handlings the kind's own guess is worth
SETTLED = timedelta(seconds=1)  # an end that was stamped before may still be on its way to its commit
MOST = 10_000  # handlings learned at once
LOCK = 0x4C45524E


class Learned(NamedTuple):
    """Seconds of handling to expect, and their standard deviation."""

    expected: float
    spread: float


class _Held:
    times: dict[tuple[str, int], tuple[int, float, float]]
    read_at = -math.inf


def learned(kind: Kind, size: int) -> Learned:
    """For a request of this kind and size; the kind's own guess until something was seen."""
    if time.monotonic() - _Held.read_at > FRESH:
        rows = HandlingTime.objects.values_list("kind", "size", "count", "mean", "variance")
        _Held.times = {(name, group): (count, mean, variance) for name, group, count, mean, variance in rows}
        _Held.read_at = time.monotonic()
    count, mean, variance = _Held.times.get((kind.name, size), (0, 0.0, 0.0))
    trust = count / (count + GUESSES)
    return Learned(trust * mean + (1 - trust) * kind.expected, math.sqrt(variance))


def forget_what_was_read() -> None:
    _Held.read_at = -math.inf


def learn() -> int:
    """Takes in what was finished since the last time; returns how many. Nothing where another process learns."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        return take_in()


def take_in() -> int:
    until = timezone.now() - SETTLED
    state, _ = LearningState.objects.get_or_create(pk=1, defaults={"learned_to": until})
    rows = list(
        Request.objects.filter(finished_at__gt=state.learned_to, finished_at__lte=until, state=State.DONE)
        .exclude(queue=PEOPLE)
        .order_by("finished_at")
        .values_list("kind", "size", "started_at", "finished_at")[:MOST]
    )
    for (kind, size), seconds in grouped(rows).items():
        held, _ = HandlingTime.objects.get_or_create(
            kind=kind, size=size, defaults={"count": 0, "mean": seconds[0], "variance": 0.0}
        )
        for each in seconds:
            held.mean, held.variance = weighted(held.mean, held.variance, each)
        held.count += len(seconds)
        held.save()
    state.learned_to = rows[-1][3] if len(rows) == MOST else until
    state.save()
    return len(rows)


def grouped(rows: Iterable[tuple[str, int, datetime, datetime]]) -> dict[tuple[str, int], list[float]]:
    """Seconds of handling by kind and size."""
    found: dict[tuple[str, int], list[float]] = {}
    for kind, size, started, finished in rows:
        found.setdefault((kind, size), []).append((finished - started).total_seconds())
    return found


def weighted(mean: float, variance: float, seconds: float) -> tuple[float, float]:
    """Mean and variance after one more."""
    step = WEIGHT * (seconds - mean)
    return mean + step, (1 - WEIGHT) * (variance + step * (seconds - mean))
