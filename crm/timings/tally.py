"""What is kept of many durations, and the figures that are shown of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from crm.timings.sketch import Sketch


class Figure(NamedTuple):
    """Seconds; None where nothing was measured. `n` counts what the mean is over."""

    mean: float | None
    p50: float | None
    p95: float | None
    p99: float | None
    max: float | None
    n: int
    late: int


@dataclass
class Tally:
    """Mean, count, late and longest are exact, quantiles within the sketch's error."""

    count: int = 0
    total: float = 0.0
    late: int = 0
    longest: float = 0.0
    sketch: Sketch = field(default_factory=Sketch)

    def add(self, seconds: float, late: int = 0) -> None:
        self.count += 1
        self.total += seconds
        self.late += late
        self.longest = max(self.longest, seconds)
        self.sketch.add(seconds)

    def merge(self, other: Tally) -> None:
        self.count += other.count
        self.total += other.total
        self.late += other.late
        self.longest = max(self.longest, other.longest)
        self.sketch.merge(other.sketch)

    @property
    def figure(self) -> Figure:
        if not self.count:
            return Figure(None, None, None, None, None, 0, 0)
        # A bucket's middle may lie above the longest that fell into it.
        p50, p95, p99 = (min(self.sketch.quantile(share), self.longest) for share in (0.5, 0.95, 0.99))
        return Figure(self.total / self.count, p50, p95, p99, self.longest, self.count, self.late)
