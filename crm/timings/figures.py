"""The figures of the last so many seconds, by end time, from whichever source tells them best.

T_update   = (1/N) * sum(t_i)   N customers updated in the window, t_i the mean update time of customer i
T_response = (1/M) * sum(t_j)   M requests finished in the window, t_j the response time of request j

The requests of T_response are the customers'; what staff's HTTP requests and socket commands took stands beside it.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db.models import Sum

from crm.timings import clock, raw, rolled
from crm.timings.models import Drop, Screens
from crm.timings.raw import Customers, Distribution, Group, StagePoint
from crm.timings.stretches import Stretch

DAY_SECONDS = 86_400
# Reading more raw rows than these takes longer than anybody waits; their roll-ups say nearly the same at once.
RAW_ROWS = 50_000
BINS = 24
SCREENS_STALE = timedelta(seconds=5)

COUNT_UP_TO = "SELECT count(*) FROM (SELECT FROM measured LIMIT %(most)s) AS found"


class Source(Protocol):
    """What raw rows and roll-ups can both say of a stretch of time."""

    def summary(self, family: str, stretch: Stretch) -> list[Group]: ...

    def customers(self, stretch: Stretch) -> Customers: ...

    def stages(self, stretch: Stretch, step: timedelta) -> list[StagePoint]: ...

    def distribution(self, stretch: Stretch, upper: float, bins: int) -> Distribution: ...


def stretch_of(window_seconds: float, now: datetime | None = None) -> Stretch:
    until = now or clock.now()
    return Stretch(until - timedelta(seconds=window_seconds), until)


def source(family: str, stretch: Stretch) -> Source:
    """Raw rows, exact, for up to a day of not too many; else roll-ups."""
    is_short = (stretch.until - stretch.since).total_seconds() <= DAY_SECONDS
    return raw if is_short and count_up_to(family, stretch) <= RAW_ROWS else rolled


def count_up_to(family: str, stretch: Stretch) -> int:
    if family == "update":
        low, high = raw.numbers_of(stretch)
        return high - low + 1
    return int(raw.query(family, stretch, COUNT_UP_TO, most=RAW_ROWS + 1)[0][0])


def figures(window_seconds: float, now: datetime | None = None) -> dict[str, dict[str, Any]]:
    """`{"update": {"mean", "p50", "p95", "p99", "max", "n", "late", "changes"}, "response": {...}}` in seconds.

    The update's mean is T_update and its `n` counts customers; its quantiles are over the changes.
    """
    stretch = stretch_of(window_seconds, now)
    return {"update": update_figures(stretch), "response": response_figures("response", stretch)}


def update_figures(stretch: Stretch) -> dict[str, Any]:
    found = source("update", stretch)
    return t_update(found.summary("update", stretch)[0], found.customers(stretch))


def response_figures(family: str, stretch: Stretch) -> dict[str, Any]:
    """Of the customers' requests ("response"), or of what staff and programs asked ("answer")."""
    return t_response(source(family, stretch).summary(family, stretch)[0])


def t_update(total: Group, customers: Customers) -> dict[str, Any]:
    return {**total.figure._asdict(), "mean": customers.mean, "n": customers.n, "changes": total.figure.n}


def t_response(total: Group) -> dict[str, Any]:
    figure = total.figure._asdict()
    del figure["late"]
    return figure


def bins_for(p99: float | None) -> float:
    """Where a plot of durations ends: a round number of seconds, not below the 99th percentile."""
    least = max(p99 or 0, 0.001)
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if step * power >= least)


def screens(now: datetime | None = None) -> dict[str, float]:
    """All hubs together: sockets, watching, frames a second, behind, catching_up; a silent hub counts no more."""
    names = ("sockets", "watching", "frames", "behind", "catching_up")
    heard = Screens.objects.filter(at__gt=(now or clock.now()) - SCREENS_STALE)
    return {name: value or 0 for name, value in heard.aggregate(**{name: Sum(name) for name in names}).items()}


def dropped(stretch: Stretch) -> int:
    """Timings that were thrown away: what these figures do not know of."""
    drops = Drop.objects.filter(at__gte=stretch.since, at__lt=stretch.until)
    return drops.aggregate(count=Sum("count"))["count"] or 0
