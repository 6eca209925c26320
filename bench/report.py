"""What a benchmark found: printed as a table, kept as JSON in `bench/results/`, drawn by `bench.page`."""

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Figure:
    """One measured number. `target` is reached when `measured` is at most (or at least, by `better`) that.

    `control` was measured in the same run, in the same unit, and `control_name` says what it is.
    `runs` are the figures of the single runs, of which `measured` is the median.
    `reference` was published for another product, measured with the same method on another day.
    """

    what: str
    measured: float
    unit: str
    target: float | None = None
    better: Literal["lower", "higher"] = "lower"
    control: float | None = None
    control_name: str = ""
    runs: tuple[float, ...] = ()
    reference: float | None = None

    @property
    def is_reached(self) -> bool | None:
        if self.target is None:
            return None
        return self.measured <= self.target if self.better == "lower" else self.measured >= self.target

    @property
    def ratio(self) -> float | None:
        """Measured over control."""
        return self.measured / self.control if self.control else None


@dataclass(frozen=True)
class Curve:
    """A line for the page: a distribution, a queue's length over time."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass
class Plot:
    title: str
    x_label: str
    y_label: str
    curves: list[Curve] = field(default_factory=list)


class Report:
    """Collects figures; `finish` prints and keeps them."""

    def __init__(self, name: str, title: str, method: str) -> None:
        """`method`: in a few sentences what was run, for whom who wants to doubt it."""
        self.name, self.title, self.method = name, title, method
        self.begun = datetime.now(UTC)
        self.load_before = os.getloadavg()[0]
        self.figures: list[Figure] = []
        self.plots: list[Plot] = []

    def add(self, figure: Figure) -> None:
        self.figures.append(figure)
        print(line(figure), flush=True)

    def plot(self, title: str, x_label: str, y_label: str, curves: Sequence[Curve]) -> None:
        self.plots.append(Plot(title, x_label, y_label, list(curves)))

    def finish(self) -> None:
        RESULTS.mkdir(exist_ok=True)
        kept = {
            "name": self.name,
            "title": self.title,
            "method": self.method,
            "begun": self.begun.isoformat(timespec="seconds"),
            "seconds": round((datetime.now(UTC) - self.begun).total_seconds()),
            "commit": commit(),
            "machine": machine(),
            "load_before": round(self.load_before, 2),
            "figures": [asdict(each) | {"is_reached": each.is_reached} for each in self.figures],
            "plots": [asdict(each) for each in self.plots],
        }
        (RESULTS / f"{self.name}.json").write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
        print(f"\n{self.title} ({kept['seconds']} s, load before {self.load_before:.1f})\n{self.method}\n")
        print("\n".join(line(each) for each in self.figures))


def line(figure: Figure) -> str:
    verdict = {None: "", True: "reached", False: "MISSED"}[figure.is_reached]
    sign = "<=" if figure.better == "lower" else ">="
    target = "" if figure.target is None else f"{sign} {figure.target:g}"
    control = "" if figure.control is None else f"{figure.control_name} {figure.control:.4g}"
    if figure.ratio is not None:
        control += f", ratio {figure.ratio:.2f}"
    reference = "" if figure.reference is None else f"  peer {figure.reference:g}"
    return f"{figure.what:<58} {figure.measured:>10.4g} {figure.unit:<8} {target:<10} {verdict:<8} {control}{reference}"


def quantile(values: Sequence[float], share: float) -> float:
    """The nearest-rank quantile, as the speed board's; raises ValueError without values."""
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1))]


def distribution(name: str, values: Sequence[float], points: int = 100) -> Curve:
    """Share of the values (0 to 100) against the value, from p50 to p100 as the tail is what matters."""
    shares = [0.5 + 0.5 * step / points for step in range(points + 1)]
    return Curve(name, tuple(100 * share for share in shares), tuple(quantile(values, share) for share in shares))


def commit() -> str:
    found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return found.stdout.strip()


def machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
