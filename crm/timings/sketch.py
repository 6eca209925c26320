"""A mergeable sketch of many durations: any quantile of them within 1 %, in a few hundred counters.

The algorithm is DDSketch: C. Masson, J. E. Rim, H. K. Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with
Relative-Error Guarantees", PVLDB 12(12), 2019, pages 2195-2205.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

ERROR = 0.01
GAMMA = (1 + ERROR) / (1 - ERROR)
LOG_GAMMA = math.log(GAMMA)
# Below a nanosecond and above twelve days the error is absolute: it bounds the sketch to some 1,750 counters.
SMALLEST, LARGEST = 1e-9, 1e6


class Sketch:
    """Counts of durations in seconds by buckets that grow by GAMMA."""

    def __init__(self, counts: Mapping[int, int] | None = None) -> None:
        self.counts: dict[int, int] = dict(counts or {})

    @classmethod
    def of(cls, values: Iterable[float]) -> Sketch:
        sketch = cls()
        for value in values:
            sketch.add(value)
        return sketch

    @classmethod
    def from_json(cls, counts: Mapping[str, int]) -> Sketch:
        return cls({int(key): count for key, count in counts.items()})

    def to_json(self) -> dict[str, int]:
        return {str(key): count for key, count in sorted(self.counts.items())}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sketch) and self.counts == other.counts

    __hash__ = None  # type: ignore[assignment]  # it changes

    @property
    def count(self) -> int:
        return sum(self.counts.values())

    def add(self, value: float) -> None:
        key = bucket(value)
        self.counts[key] = self.counts.get(key, 0) + 1

    def merge(self, other: Sketch) -> None:
        """Takes the other's values in; the result is the sketch of all values, whatever the order of merging."""
        for key, count in other.counts.items():
            self.counts[key] = self.counts.get(key, 0) + count

    def quantile(self, share: float) -> float:
        """The value at the nearest rank, `ceil(share * count)`; 0.0 for a sketch of nothing."""
        rank = max(1, math.ceil(share * self.count))
        for value, count in self.values():
            rank -= count
            if rank <= 0:
                return value
        return 0.0

    def values(self) -> Iterator[tuple[float, int]]:
        """Each bucket's value and how many fell into it, smallest first."""
        for key, count in sorted(self.counts.items()):
            yield middle(key), count


def bucket(value: float) -> int:
    """Bucket `k` holds what lies in (GAMMA**(k - 1), GAMMA**k]."""
    return math.ceil(math.log(min(max(value, SMALLEST), LARGEST)) / LOG_GAMMA)


def middle(key: int) -> float:
    """The value that is at most ERROR away, in relation, from everything in the bucket."""
    return 2 * GAMMA**key / (GAMMA + 1)
