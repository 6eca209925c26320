"""What clients asked and heard, each with the second in which it happened: what the checker judges."""

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from bench.faults.schedule import Fault

MAKING = ("note", "ask")  # a note; a customer's request, of which a worker makes a follow-up
Outcome = Literal["under way", "acknowledged", "refused", "unknown"]


class Clock:
    """Seconds since the run began."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.began = time.monotonic()

    def now(self) -> float:
        return time.monotonic() - self.began


@dataclass
class Call:
    """One write, by an id of the client's own, which is also what it writes; or a read.

    Refused means that it must have had no effect; unknown that it may have had one. With a `key` it was repeated until
    its outcome was known.
    """

    id: str
    verb: Literal["title", "stage", "note", "ask", "read"]
    customer: int
    value: str
    version: int  # the newest that the clients knew of
    key: str
    called_at: float
    tries: int = 0
    outcome: Outcome = "under way"
    status: int = 0
    answered_at: float = 0.0
    answer: int = 0  # of what was made its number, of all others the customer's version


@dataclass(frozen=True)
class Heard:
    """One thing that happened to a watching client. `seq` of a head: its position."""

    at: float
    what: Literal["shown", "open", "lost", "head", "frame", "gone", "resync", "epoch", "item", "leave", "error"]
    seq: int = 0
    record: str = ""
    version: int = 0
    note: str = ""


@dataclass
class Befallen:
    """A fault that came, when it was repaired, and how long clients then took to be current (None: they never were)."""

    fault: Fault
    began_at: float
    repaired_at: float = 0.0
    current_after: float | None = None


@dataclass
class History:
    """Of one run."""

    calls: list[Call] = field(default_factory=list)
    heard: dict[str, list[Heard]] = field(default_factory=dict)
    faults: list[Befallen] = field(default_factory=list)

    def keep(self, path: Path) -> None:
        """One line of JSON for each event."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as file:
            for kind, events in self.everything():
                for event in events:
                    file.write(json.dumps({"kind": kind, **event}, ensure_ascii=False) + "\n")

    def everything(self) -> Iterable[tuple[str, Iterable[dict[str, Any]]]]:
        yield "fault", map(asdict, self.faults)
        yield "call", map(asdict, self.calls)
        for name, events in self.heard.items():
            yield name, map(asdict, events)
