"""One slot's turn: what it claims until its time is over, and what it has in hand."""

import math
import threading
import time
from typing import Any

from crm.requests import engine
from crm.requests.kinds import Attempt, Kind

SECONDS = 2.0  # after which a slot is given back, so that other work gets its turn


class Turn:
    def __init__(self, queue: str, pool: str) -> None:
        self.named = engine.Slot(queue, f"{pool}/{threading.get_native_id()}")
        self.over = time.monotonic() + SECONDS
        self.in_hand: Attempt | None = None
        self.late_from = math.inf
        self.is_left = False
        self.database: Any = None  # of the thread that works

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.over

    @property
    def slot(self) -> engine.Slot:
        """Claims nothing any more when the turn is over."""
        return engine.NOBODY if self.is_over else self.named

    def claim(self) -> Attempt | None:
        return None if self.is_over else engine.claim(self.named)

    def take(self, attempt: Attempt, kind: Kind | None) -> None:
        self.late_from = time.monotonic() + kind.time_limit if kind else math.inf
        self.in_hand = attempt

    @property
    def late(self) -> Attempt | None:
        """The attempt in hand, when it has taken longer than its kind may."""
        attempt = self.in_hand
        return attempt if time.monotonic() >= self.late_from else None
