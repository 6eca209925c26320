"""Which fault comes when: drawn from a seed, so that a run can be had again."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

SHORTEST, LONGEST = 2.0, 8.0  # seconds that a pause or a delay lasts

# What may happen to whom. "nothing" is the control: how long does it take to be current when nothing is wrong?
KINDS: dict[str, Sequence[str]] = {
    "kill": ("valkey", "relay", "web-1", "web-2", "worker", "requests-1", "postgres"),
    "pause": ("valkey", "relay", "web-1", "web-2", "worker", "requests-1"),
    "flush": ("valkey",),
    "reset": ("valkey", "postgres"),
    "delay": ("valkey", "postgres"),
    "nothing": ("",),
}


@dataclass(frozen=True)
class Fault:
    """`at` and `lasts` in seconds; what lasts is undone by us, what does not is repaired by the product itself.

    `killed`: a process that is killed at the same moment.
    """

    at: float
    kind: str
    target: str
    lasts: float = 0.0
    delay: float = 0.0
    killed: str = ""

    def __str__(self) -> str:
        slow = f" by {self.delay * 1000:.0f} ms" if self.delay else ""
        during = f" for {self.lasts:.1f} s" if self.lasts else ""
        besides = f", kill {self.killed}" if self.killed else ""
        return f"{self.kind} {self.target}{slow}{during}{besides}".strip()


def plan(seed: int, seconds: float, every: float) -> list[Fault]:
    """One fault every `every` seconds. Each kind and target comes before any comes twice."""
    rng, drawn, faults = Random(seed), list[tuple[str, str]](), list[Fault]()
    for number in range(1, int(seconds / every)):
        drawn = drawn or rng.sample(all_kinds(), len(all_kinds()))
        faults.append(fault(rng, number * every, *drawn.pop(), most=0.6 * every))
    return faults


def all_kinds() -> list[tuple[str, str]]:
    return [(kind, target) for kind, targets in KINDS.items() for target in targets]


def fault(rng: Random, at: float, kind: str, target: str, most: float) -> Fault:
    lasts = min(rng.uniform(SHORTEST, LONGEST), most)
    match kind:
        case "pause":
            return Fault(at, kind, target, lasts)
        case "delay":
            return Fault(at, kind, target, lasts, delay=rng.uniform(0.02, 0.2))
        case _:
            return Fault(at, kind, target)
