"""Live panels: figures computed once for all who may see the same, and sent again when they changed."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from crm.records.access import Access

if TYPE_CHECKING:
    from crm.live.socket import Socket

Compute = Callable[[Access, Mapping[str, Any]], dict[str, Any]]
ScopeOf = Callable[[Access], tuple[Any, ...]]

GAP = 1.0  # seconds between two computations of the same panel


@dataclass(frozen=True)
class Panel:
    """`every` seconds on the clock, or (None) after changes, and then at the latest after `latest` seconds, where it
    shows what the log does not tell; `scope` says which readers share one computation."""

    name: str
    compute: Compute
    every: float | None
    scope: ScopeOf
    latest: float = math.inf


_panels: dict[str, Panel] = {}


def register_panel(
    name: str,
    compute: Compute,
    *,
    every: float | None = None,
    scope: ScopeOf = lambda access: access.scope(),
    latest: float = math.inf,
) -> None:
    """`compute(access, args)` returns what JSON can hold, from the database alone; it runs in a thread."""
    _panels[name] = Panel(name, compute, every, scope, latest)


def panel(name: str) -> Panel | None:
    return _panels.get(name)


@dataclass(eq=False)
class OpenPanel:
    """One panel with its arguments as one class of readers sees it, who watches, and what it last showed."""

    kind: Panel
    args: Mapping[str, Any]
    access: Access
    watchers: dict[tuple[Socket, str], None] = field(default_factory=dict)
    shown: str = ""
    shown_at: str = ""
    is_due: bool = True
    computed_at: float = -60.0

    @property
    def key(self) -> tuple[Any, ...]:
        return ("panel", self.kind.name, json.dumps(self.args, sort_keys=True), self.kind.scope(self.access))

    def wants(self, now: float) -> bool:
        age = now - self.computed_at
        if self.kind.every is not None:
            return age >= self.kind.every
        return age >= (GAP if self.is_due else self.kind.latest)

    def compute(self) -> str:
        """What to show now, as JSON; asks the database."""
        return json.dumps(self.kind.compute(self.access, self.args), ensure_ascii=False, default=str)

    def show(self, text: str) -> None:
        self.shown, self.shown_at = text, timezone.now().isoformat()
        for socket, name in self.watchers:
            socket.put_text(self.message(name))
            socket.flush()

    def message(self, name: str) -> str:
        return f'{{"panel":{self.shown},"as":{json.dumps(name)},"at":"{self.shown_at}"}}'
