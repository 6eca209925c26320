"""The three loads: product and bare server in turns, and the floor under both."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis

from bench.live import bare, floor, notified
from bench.live.driver import Key, Sent
from bench.live.stage import Stage, says
from bench.report import Figure, Report, distribution, quantile

RATIO = 1.5  # that p99 may at most be of the bare server's, where a load says so


@dataclass(frozen=True)
class Load:
    name: str
    sockets: int
    watch: Callable[[int], range]  # the indexes of the records that a socket watches
    records: int  # that change, in turn
    rate: float
    p99: dict[str, float]  # the most that it may be, by server
    p50: float | None = None
    is_like_bare: bool = False  # whether the ratio is judged

    @property
    def watchers(self) -> int:
        """Of each record that changes."""
        return sum(1 for number in range(self.sockets) if 0 in self.watch(number))


QUIET_DAY = Load(
    "200 sockets, 20 watching, 20 changes/s", 200, lambda number: range(number * (number >= 20), number + 1), 1, 20,
    {"daphne": 15, "uvicorn": 15}, p50=5,
)  # fmt: skip
WORKING_DAY = Load(
    "500 sockets, 100 changes/s each seen by 10", 500,
    lambda number: range(number // 10 * 4, number // 10 * 4 + 4), 200, 100, {"daphne": 25, "uvicorn": 25},
    is_like_bare=True,
)  # fmt: skip
ONE_RECORD = Load(
    "1,000 sockets on one record, 5 changes/s", 1000, lambda _: range(1), 1, 5, {"daphne": 120, "uvicorn": 40}
)
LOADS = (QUIET_DAY, WORKING_DAY, ONE_RECORD)


@dataclass
class Heard:
    """Delays of one run in ms."""

    delays: list[float]
    from_schedule: list[float]
    missing: int  # frames that never came
    lost: int  # sockets that were closed

    @classmethod
    def of(cls, watchers: int, sent: Sequence[Sent], arrivals: Sequence[Sequence[Any]], lost: int) -> "Heard":
        times = {each.key: each for each in sent}
        known = [(times[record, version], at) for record, version, _, at in arrivals if (record, version) in times]
        return cls(
            [(at - each.done) * 1000 for each, at in known],
            [(at - each.scheduled) * 1000 for each, at in known],
            len(sent) * watchers - len(known),
            lost,
        )


@dataclass
class Series:
    """The runs of one load on one server."""

    runs: list[Heard] = field(default_factory=list)

    def quantiles(self, share: float) -> tuple[float, ...]:
        return tuple(round(quantile(each.delays, share), 2) for each in self.runs)

    def quantile(self, share: float) -> float:
        return statistics.median(self.quantiles(share))

    @property
    def delays(self) -> list[float]:
        return [delay for each in self.runs for delay in each.delays]


@dataclass
class Measured:
    """All series of one load on one server; `notified` only where the load is judged against others."""

    ours: Series = field(default_factory=Series)
    acknowledging: Series = field(default_factory=Series)
    bare: Series = field(default_factory=Series)
    notified: Series = field(default_factory=Series)
    least: Series = field(default_factory=Series)


def measure(report: Report, stage: Stage, load: Load, runs: int, seconds: float) -> None:
    """So many runs of so many seconds, in turns with those of the controls."""
    found = Measured()
    with bare.running(stage.server, stage.stack.redis_url) as url:
        for _ in range(runs):
            found.ours.runs.append(on_product(stage, load, seconds))
            found.bare.runs.append(on_bare(stage, load, seconds, url))
            if load.is_like_bare:
                found.notified.runs.append(on_notified(stage, load, seconds, url))
        found.acknowledging.runs.append(on_product(stage, load, seconds, acknowledges=True))
    found.least.runs.append(on_floor(load, seconds))
    add_figures(report, f"{stage.server}: {load.name}", load, stage.server, found)


def add_figures(report: Report, name: str, load: Load, server: str, found: Measured) -> None:
    ours = found.ours

    def add(what: str, share: float, target: float | None, series: Series, control: Series, control_name: str) -> None:
        mine, other = series.quantile(share), control.quantile(share)
        report.add(
            Figure(f"{name}: {what}", mine, "ms", target, control=other, control_name=control_name,
                   runs=series.quantiles(share))
        )  # fmt: skip

    add("p50", 0.5, load.p50, ours, found.bare, "bare server")
    add("p99", 0.99, load.p99[server], ours, found.bare, "bare server")
    add("p99 while all acknowledge", 0.99, None, found.acknowledging, ours, "without")
    add("bare server p99", 0.99, None, found.bare, found.least, "a loop of send()")
    curves = [("product", ours), ("bare server", found.bare), ("a loop of send()", found.least)]
    if load.is_like_bare:
        ratio = round(ours.quantile(0.99) / found.bare.quantile(0.99), 2)
        report.add(Figure(f"{name}: p99 over the bare server's", ratio, "times", RATIO))
        add("p50 beside a bare way from the commit on", 0.5, None, ours, found.notified, "commit and NOTIFY")
        add("p99 beside a bare way from the commit on", 0.99, None, ours, found.notified, "commit and NOTIFY")
        curves.append(("commit, NOTIFY and bare server", found.notified))
    late = statistics.median(quantile(each.from_schedule, 0.99) for each in ours.runs)
    report.add(Figure(f"{name}: p99 from the scheduled start of the update", round(late, 2), "ms"))
    never = sum(each.missing + each.lost for each in (*ours.runs, *found.acknowledging.runs))
    report.add(Figure(f"{name}: frames that never came, sockets lost", never, "", 0))
    report.plot(name, "% of frames", "ms", [distribution(title, series.delays) for title, series in curves])


def on_product(stage: Stage, load: Load, seconds: float, *, acknowledges: bool = False) -> Heard:
    sockets = [
        {"headers": {"Authorization": f"Bearer {stage.token(number)}"}, "says": says(stage.topics(load.watch(number)))}
        for number in range(load.sockets)
    ]
    with listening(stage.stack.ws_url, sockets, acknowledges=acknowledges) as heard:
        sent = stage.driver.drive(load.rate, seconds, lambda number: stage.change(number % load.records, number))
    return Heard.of(load.watchers, sent, **heard)


def on_bare(stage: Stage, load: Load, seconds: float, url: str) -> Heard:
    valkey = redis.Redis.from_url(stage.stack.redis_url)

    def publish(number: int) -> tuple[Key, float]:
        topic, called = f"customer:{number % load.records}", time.perf_counter()
        valkey.publish(bare.CHANNEL, f"{topic} {bare.change(topic, number)}")
        return (topic, number), called

    return on_bare_sockets(stage, load, seconds, url, publish)


def on_notified(stage: Stage, load: Load, seconds: float, url: str) -> Heard:
    with notified.running(stage.stack.database_url, stage.stack.redis_url, load.records):
        return on_bare_sockets(stage, load, seconds, url, lambda number: notified.change(number, load.records))


def on_bare_sockets(
    stage: Stage, load: Load, seconds: float, url: str, act: Callable[[int], tuple[Key, float]]
) -> Heard:
    sockets = [
        {"headers": {}, "says": says([f"customer:{index}" for index in load.watch(number)])}
        for number in range(load.sockets)
    ]
    with listening(url, sockets) as heard:
        sent = stage.driver.drive(load.rate, seconds, act)
    return Heard.of(load.watchers, sent, **heard)


def on_floor(load: Load, seconds: float) -> Heard:
    """As many frames at once as the load sends, to sockets of which there are no others."""
    with floor.running(load.watchers, load.rate, seconds) as (url, process):
        with listening(url, [{"headers": {}, "says": []}] * load.watchers) as heard:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("\n")
            process.stdin.flush()
            began = [float(process.stdout.readline()) for _ in range(round(load.rate * seconds))]
        sent = [Sent(("customer:1", number), at, at) for number, at in enumerate(began)]
    return Heard.of(load.watchers, sent, **heard)


@contextmanager
def listening(url: str, sockets: Sequence[dict[str, Any]], *, acknowledges: bool = False) -> Iterator[dict[str, Any]]:
    """Sockets that listen while the block runs; afterwards the yielded dictionary holds what they heard."""
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / "heard.json"
        orders = {"url": url, "sockets": sockets, "acknowledges": acknowledges, "into": str(into)}
        command = [sys.executable, "-m", "bench.live.listener"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(orders) + "\n")
            process.stdin.flush()
            if process.stdout.readline() != "ready\n":
                raise ConnectionError("the sockets did not come about")
            heard: dict[str, Any] = {}
            yield heard
            time.sleep(1)  # for the last frames
            process.stdin.close()
            process.wait()
        heard |= json.loads(into.read_text())
