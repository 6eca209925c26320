"""Which request goes first: first come, first served, and the cµ rule alone, beside the product's order."""

import argparse
import heapq
import math
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import fmean
from typing import TYPE_CHECKING, Any

from bench.product import ENVIRONMENT, product
from bench.report import Figure, Report, quantile

if TYPE_CHECKING:
    from tests.stack import Stack

METHOD = """\
One load for all orders: five kinds, of which purchases and transfers are worth ten times the others, handled in times
with a heavy tail (log-normal; copies of data Pareto), 80 % of what the workers can do on average, in bursts: a fifth of
each {cycle:g} s brings {burst:g} times the mean rate. Simulation: {workers:,} workers, {seconds:g} s of arrivals.
Engine: the same load for {slots} slots of the real pool for {real:g} s, as probes that wait so long, each of another
customer, put into the queue with the time that the order gives them. cµ alone: value and urgency over expected seconds,
without ageing. Late: answered after the deadline."""
BASE = datetime(2030, 1, 1, tzinfo=UTC)
LOAD, BURST_SHARE = 0.8, 0.2
HIGH = 10.0  # the value of what counts as worth much


@dataclass(frozen=True)
class Sort:
    """A kind of the load: seconds in the mean, how heavy its tail is, and its share of the arrivals."""

    name: str
    value: float
    deadline: float
    mean: float
    tail: float
    share: float

    def seconds(self, rng: Random) -> float:
        if self.name == "copy":
            return min(120.0, self.mean * (self.tail - 1) / self.tail * rng.paretovariate(self.tail))
        return float(rng.lognormvariate(0, self.tail) * self.mean / MEAN_OF[self.tail])


MEAN_OF = {tail: math.exp(tail**2 / 2) for tail in (0.8, 1.0, 1.2)}
SORTS = (
    Sort("purchase", HIGH, 60, 0.2, 1.0, 0.15),
    Sort("transfer", HIGH, 60, 0.1, 0.8, 0.15),
    Sort("details", 1, 600, 0.1, 0.8, 0.35),
    Sort("question", 1, 30, 0.8, 1.2, 0.30),
    Sort("copy", 0.5, 3600, 4.0, 1.6, 0.05),
)
MEAN = sum(sort.share * sort.mean for sort in SORTS)


@dataclass(frozen=True)
class Asked:
    """`at` and `seconds` from the beginning; `place` is where each order puts it."""

    at: float
    seconds: float
    sort: Sort


Key = Callable[[Asked], float]


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    os.environ |= ENVIRONMENT
    report = Report("order", "The order of requests", " ".join(METHOD.format(**vars(options)).split()))
    if options.real:
        compare_engine(report, options)
    asked = arrivals(options, options.workers, options.seconds)
    found = {name: simulate(asked, options.workers, key) for name, key in orders().items()}
    compare(report, f"{options.workers:,} workers simulated", asked, found)
    report.finish()


def compare_engine(report: Report, options: argparse.Namespace) -> None:
    asked = arrivals(options, options.slots, options.real)
    with product(REQUEST_SLOTS=str(options.slots)) as stack:
        stack.clock.launch()
        keys = orders()
        found = {name: engine(stack, asked, keys[name], options.slots) for name in ("fcfs", "ours")}
        stack.clock.stop()
    compare(report, f"the engine, {options.slots} slots", asked, found)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.order", description=__doc__)
    parser.add_argument("--workers", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--cycle", type=float, default=60)
    parser.add_argument("--burst", type=float, default=2.5)
    parser.add_argument("--slots", type=int, default=20)
    parser.add_argument("--real", type=float, default=60, help="seconds of the engine's run; 0 for none")
    return parser.parse_args(arguments)


def arrivals(options: argparse.Namespace, workers: int, seconds: float) -> list[Asked]:
    rng, now, found = Random(7), 0.0, list[Asked]()
    rate = LOAD * workers / MEAN
    quiet = (1 - BURST_SHARE * options.burst) / (1 - BURST_SHARE)
    while now < seconds:
        is_burst = now % options.cycle < BURST_SHARE * options.cycle
        now += rng.expovariate(rate * (options.burst if is_burst else quiet))
        sort = rng.choices(SORTS, [each.share for each in SORTS])[0]
        found.append(Asked(now, sort.seconds(rng), sort))
    return found


def orders() -> dict[str, Key]:
    from crm.requests.order import order

    places = {
        sort: order(BASE, value=sort.value, deadline=timedelta(seconds=sort.deadline), expected=sort.mean,
                    spread=sort.mean)
        for sort in SORTS
    }  # fmt: skip
    return {
        "fcfs": lambda asked: asked.at,
        "cmu": lambda asked: -places[asked.sort].index,
        "ours": lambda asked: asked.at + (places[asked.sort].begin_by - BASE).total_seconds(),
    }


@dataclass
class Found:
    """Seconds from arrival to end of each, in the order of the arrivals; how much later one came that went before."""

    responses: list[float]
    overtaken: float = 0.0


def simulate(asked: Sequence[Asked], workers: int, key: Key) -> Found:
    waiting: list[tuple[float, int]] = []
    busy: list[float] = []
    found = Found([0.0] * len(asked))
    oldest = Oldest()
    coming = deque(enumerate(asked))
    while coming or waiting:
        if coming and (len(busy) < workers or not waiting or coming[0][1].at <= busy[0]):
            number, each = coming.popleft()
            now = each.at
            heapq.heappush(waiting, (key(each), number))
            oldest.come(number, each.at)
        else:
            now = heapq.heappop(busy)
        while busy and busy[0] <= now:
            heapq.heappop(busy)
        while waiting and len(busy) < workers:
            _, number = heapq.heappop(waiting)
            found.overtaken = max(found.overtaken, asked[number].at - oldest.at())
            oldest.go(number)
            heapq.heappush(busy, now + asked[number].seconds)
            found.responses[number] = now + asked[number].seconds - asked[number].at
    return found


class Oldest:
    """When the one that waits longest came."""

    def __init__(self) -> None:
        self.line: deque[tuple[int, float]] = deque()
        self.gone: set[int] = set()

    def come(self, number: int, at: float) -> None:
        self.line.append((number, at))

    def go(self, number: int) -> None:
        self.gone.add(number)

    def at(self) -> float:
        while self.line[0][0] in self.gone:
            self.gone.remove(self.line.popleft()[0])
        return self.line[0][1]


def compare(report: Report, where: str, asked: Sequence[Asked], found: dict[str, Found]) -> None:
    from django.conf import settings

    for group, least, target in (("worth much", HIGH, 0.5), ("all", 0.0, 0.7)):
        means = {name: fmean(responses(asked, each, least)) for name, each in found.items()}
        control = means.pop("fcfs")
        for name, mean in means.items():
            wanted = target * control if name == "ours" else None
            report.add(Figure(f"{where}: mean of {group}, {name}", mean, "s", wanted, "lower", control, "fcfs"))
    for name, each in found.items():
        report.add(Figure(f"{where}: p99 of all, {name}", quantile(each.responses, 0.99), "s"))
        late = fmean(took > one.sort.deadline for one, took in zip(asked, each.responses, strict=True))
        report.add(Figure(f"{where}: late, {name}", 100 * late, "%"))
    bound = float(settings.REQUESTS_AGEING_BOUND)
    report.add(Figure(f"{where}: overtaken by one that came later by", found["ours"].overtaken, "s", bound))


def responses(asked: Sequence[Asked], found: Found, least: float) -> Iterator[float]:
    """Seconds of those that are worth so much."""
    return (took for each, took in zip(asked, found.responses, strict=True) if each.sort.value >= least)


def engine(stack: "Stack", asked: Sequence[Asked], key: Key, slots: int) -> Found:
    """Puts each into the queue when its time has come, at the place that the order gives it."""
    from bench.requests import make_customers
    from crm.requests import waking
    from crm.requests.models import Request

    while waking.slots() < slots:
        time.sleep(0.2)
    customers = make_customers(stack, len(asked))
    begun, started, ids = time.monotonic(), datetime.now(UTC), list[int]()
    waiting = deque(zip(asked, customers, strict=True))
    while waiting:
        due = [waiting.popleft() for _ in range(len(waiting)) if waiting[0][0].at <= time.monotonic() - begun]
        rows = [row(each, customer, started, key(each)) for each, customer in due]
        ids += [made.pk for made in Request.objects.bulk_create(rows)]
        if due:
            waking.wake("requests", len(due))
        time.sleep(0.005)
    while Request.objects.filter(pk__in=ids[-2000:]).exclude(state="done").exists():
        time.sleep(0.2)
    times = Request.objects.filter(pk__in=ids).order_by("pk").values_list("received_at", "started_at", "finished_at")
    return Found([(finished - received).total_seconds() for received, _, finished in times], overtaken(list(times)))


def row(asked: Asked, customer: int, started: datetime, place: float) -> Any:
    from crm.requests.models import Request

    received = started + timedelta(seconds=asked.at)
    return Request(
        customer_id=customer, sender="bench", kind="probe", queue="requests", order={}, received_at=received,
        payload={"ms": int(1000 * asked.seconds), "key": "order"}, begin_by=started + timedelta(seconds=place),
        deadline_at=received + timedelta(seconds=asked.sort.deadline),
    )  # fmt: skip


def overtaken(times: list[tuple[datetime, datetime, datetime]]) -> float:
    """The most by which one that began earlier had come later; rows are in the order of their coming."""
    most, last = 0.0, datetime.min.replace(tzinfo=UTC)
    for received, _, _ in sorted(times, key=lambda row: row[1], reverse=True):
        last = received if last.year == 1 else min(last, received)
        most = max(most, (received - last).total_seconds())
    return most


if __name__ == "__main__":
    main()
