"""What the speed board shows of one window: figures, stages, distribution, and the same by module and kind."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.records.access import Access
from crm.timings import figures
from crm.timings.raw import Distribution, Group, StagePoint
from crm.timings.stretches import Stretch

PANEL = "reporting:speed"
DEFAULT_WINDOW = 300


@dataclass(frozen=True)
class Window:
    """A choice of the board: its length, and the step of its plot."""

    seconds: int
    label: str | Promise
    step: timedelta


WINDOWS = {
    window.seconds: window
    for window in (
        Window(DEFAULT_WINDOW, _("5 min"), timedelta(seconds=5)),
        Window(3600, _("1 hour"), timedelta(minutes=1)),
        Window(86_400, _("1 day"), timedelta(minutes=20)),
        Window(30 * 86_400, _("30 days"), timedelta(hours=12)),
    )
}
BINS = 24
# A board that takes long to reckon is reckoned seldom: it may keep one core busy for a tenth of the time.
PATIENCE = 10
MICROSECOND = 6  # digits of a second


@dataclass(frozen=True)
class Held:
    """A board, when it was begun on this process's clock, and how long it took."""

    board: dict[str, Any]
    begun: float
    cost: float

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() - self.begun < self.cost * PATIENCE


_held: dict[int, Held] = {}


def compute_panel(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    """The live panel: the same for everybody, whatever their access, since it names no record."""
    return board(window_of(args.get("window")))


def window_of(seconds: object) -> Window:
    """The default one for a window that there is not."""
    return WINDOWS.get(seconds if isinstance(seconds, int) else 0, WINDOWS[DEFAULT_WINDOW])


def board(window: Window) -> dict[str, Any]:
    """The board of now, or of a moment ago where it takes long to reckon."""
    held = _held.get(window.seconds)
    if held is None or not held.is_fresh:
        begun = time.monotonic()
        board = reckon(window)
        held = _held[window.seconds] = Held(board, begun, time.monotonic() - begun)
    return held.board


def reckon(window: Window, now: datetime | None = None) -> dict[str, Any]:
    """Durations in seconds, times in ISO; what JSON can hold."""
    stretch = figures.stretch_of(window.seconds, now)
    changes = figures.source("update", stretch)
    changed, customers = changes.summary("update", stretch), changes.customers(stretch)
    of_customers, of_staff = (
        figures.source(family, stretch).summary(family, stretch) for family in ("response", "answer")
    )
    upper = figures.bins_for(changed[0].figure.p99)
    return {
        "since": stretch.since.isoformat(),
        "until": stretch.until.isoformat(),
        "update": rounded(figures.t_update(changed[0], customers)),
        "response": rounded(figures.t_response(of_customers[0])),
        "answer": rounded(figures.t_response(of_staff[0])),
        "screens": screens(stretch.until),
        "dropped": figures.dropped(stretch),
        "step": window.step.total_seconds(),
        "stages": [stage_entry(point, stretch, window.step) for point in changes.stages(stretch, window.step)],
        "bins": bin_entries(changes.distribution(stretch, upper, BINS)),
        "groups": {
            "update": group_entries(changed),
            "response": with_parts(group_entries(of_customers), stretch),
            "answer": group_entries(of_staff),
        },
    }


def screens(now: datetime) -> dict[str, Any]:
    found = figures.screens(now)
    return {**found, "is_current": not found["behind"] and not found["catching_up"]}


def stage_entry(point: StagePoint, stretch: Stretch, step: timedelta) -> dict[str, Any]:
    stages = point._asdict()
    at, n = stages.pop("at"), stages.pop("n")
    limits = {"at": max(at, stretch.since).isoformat(), "to": min(at + step, stretch.until).isoformat()}
    return {**limits, "n": n, **rounded({**stages, "total": sum(stages.values())})}


def bin_entries(distribution: Distribution) -> list[dict[str, Any]]:
    """Each bin with its limits; the last has no upper one."""
    width = distribution.upper / len(distribution.counts)
    limits = [round(width * number, MICROSECOND) for number in range(len(distribution.counts) + 1)]
    counts = [*distribution.counts, distribution.beyond]
    return [
        {"low": low, "high": high, "n": n} for low, high, n in zip(limits, [*limits[1:], None], counts, strict=True)
    ]


def group_entries(groups: list[Group]) -> list[dict[str, Any]]:
    """By module, and by kind below it; the total stands elsewhere."""
    return [
        {"module": group.module, "kind": group.kind, **rounded(group.figure._asdict())}
        for group in groups
        if group.module is not None
    ]


def with_parts(entries: list[dict[str, Any]], stretch: Stretch) -> list[dict[str, Any]]:
    """Each with how much of its mean was waiting, and how much handling."""
    for part in ("waiting", "handling"):
        groups = figures.source(part, stretch).summary(part, stretch)
        means = {(group.module, group.kind): group.figure.mean for group in groups}
        for entry in entries:
            entry |= rounded({part: means.get((entry["module"], entry["kind"]))})
    return entries


def rounded(durations: Mapping[str, Any]) -> dict[str, Any]:
    return {name: round(value, MICROSECOND) if isinstance(value, float) else value for name, value in durations.items()}
