"""Which request goes first: decided when a worker is free, by a number that was stored when the request arrived.

The cµ rule (Cox and Smith, Queues, 1961; van Mieghem, Ann. Appl. Probab. 5, 1995): serve the highest cost of waiting
per second, times the rate of service. Its index is turned into a head start, so that the order is one of times, and
ageing comes with it: each request is to be begun by (received + ageing bound - head start), or so early that it can
still meet its deadline. A request is therefore never overtaken by one that came more than the bound later.
"""

import math
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

USUAL_DEADLINE = 3600.0  # seconds; twice as soon is twice as urgent
MOST_URGENT, LEAST_URGENT = 100.0, 0.1
LOWEST = 0.01  # the index of what may be made to wait for the whole bound
SHORTEST = 0.001  # seconds: nothing is expected to take less
SPREADS = 2.0  # how many standard deviations are left before a deadline


@dataclass(frozen=True)
class Order:
    """When a request is to be begun, and all that this was computed from. Times in seconds."""

    begin_by: datetime
    value: float
    urgency: float
    expected: float
    spread: float
    index: float
    head_start: float
    is_by_deadline: bool

    def why(self) -> dict[str, Any]:
        """For the request's page: everything but the time itself."""
        found = asdict(self)
        del found["begin_by"]
        return {name: value if isinstance(value, bool) else float(f"{value:.4g}") for name, value in found.items()}


def order(received: datetime, *, value: float, deadline: timedelta, expected: float, spread: float) -> Order:
    bound = float(settings.REQUESTS_AGEING_BOUND)
    urgency = min(MOST_URGENT, max(LEAST_URGENT, USUAL_DEADLINE / max(deadline.total_seconds(), 1.0)))
    index = value * urgency / max(expected, SHORTEST)
    due = wait(index, bound)
    aged = received + timedelta(seconds=due)
    in_time = received + deadline - timedelta(seconds=expected + SPREADS * spread)
    return Order(
        begin_by=min(aged, in_time),
        value=value,
        urgency=urgency,
        expected=expected,
        spread=spread,
        index=index,
        head_start=bound - due,
        is_by_deadline=in_time < aged,
    )


def wait(index: float, bound: float) -> float:
    """Seconds after its arrival at which a request of that index is due: four times the index, half of them."""
    return bound * min(1.0, math.sqrt(LOWEST / index))
