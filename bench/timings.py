"""The system's own T_update and T_response beside an observer from outside, and what taking them costs."""

import argparse
import http.client
import json
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

import psycopg

from bench.customers import fill
from bench.product import product
from bench.report import Figure, Report, quantile
from tests.live.client import Client

if TYPE_CHECKING:
    from tests.stack import Stack

METHOD = """\
T_update: {watchers} sockets watch {watched} customers and acknowledge what they get; {rate:g} updates a second by plain
SQL for {seconds:g} s. The observer's time of an update runs by its own clock from just before it sends the UPDATE until
the last socket sends its acknowledgement; its T_update is the mean of the customers' means, as the system's.
T_response: a customer's site sends {asked:g} requests a second through the API for {seconds:g} s, probes that take
100 ms in the median and have a heavy tail; the observer's time runs by its own clock from just before the request is
sent until a socket is told of its end, so it has the way in and the way out beside what the system times, which is from
the door until its end is published.
Throughput: {clients} HTTP clients against two sets of web processes on one database, which differ in writing timings;
they take turns of {turn:g} s, {turns} pairs, now one first, now the other, so that the machine's moods meet both; the
median of the pairs' ratios."""

LOG_MS, LOG_SPREAD = 4.6, 0.8  # of the logarithm of a probe's milliseconds
UNLIMITED = {"API_RATE": "1000000"}  # calls a minute of a token: the loads here are more than one may make
PATIENCE = 30.0  # seconds for the last requests to end


def main() -> None:
    options = parse()
    report = Report("timings", "Own timings", " ".join(METHOD.format(**vars(options)).split()))
    with product(**UNLIMITED) as stack:
        from crm.staff.services import create_token

        ids = fill(options.watched, stack.people.alice)
        headers = {"Authorization": f"Bearer {create_token(stack.people.alice, name='observer')[1]}"}
        compare_updates(report, stack, headers, ids, options)
        administrator = {"Authorization": f"Bearer {create_token(stack.people.admin, name='observer')[1]}"}
        compare_responses(report, stack, administrator, ids, options)
        compare_throughput(report, stack, headers, ids, options)
    report.finish()


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--watchers", type=int, default=10)
    parser.add_argument("--watched", type=int, default=50)
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--asked", type=float, default=20)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--turn", type=float, default=1)
    parser.add_argument("--turns", type=int, default=60)
    return parser.parse_args()


@dataclass
class Observed:
    """Seconds of each update by (customer, version): begun by the writer, ended by the last of the sockets."""

    begun: dict[tuple[int, int], float] = field(default_factory=dict)
    ended: dict[tuple[int, int], float] = field(default_factory=dict)

    def took(self) -> dict[tuple[int, int], float]:
        return {key: self.ended[key] - begun for key, begun in self.begun.items() if key in self.ended}

    def t_update(self) -> float:
        by_customer = defaultdict(list)
        for (customer_id, _), seconds in self.took().items():
            by_customer[customer_id].append(seconds)
        return fmean(fmean(values) for values in by_customer.values())


class Ending(Client):
    """Notes when it is told of the end of each request."""

    def __init__(self, url: str, **headers: str) -> None:
        self.ended: dict[int, float] = {}
        super().__init__(url, **headers)

    def take(self, message: dict[str, Any]) -> None:
        now = time.perf_counter()
        for frame in message.get("frames", []):
            if frame["record"].startswith("request:") and frame["fields"].get("state") == "done":
                self.ended[int(frame["record"].partition(":")[2])] = now
        super().take(message)


class Acknowledging(Client):
    """Acknowledges what it gets, and tells the observer when."""

    def __init__(self, url: str, observed: Observed, **headers: str) -> None:
        self.observed = observed
        super().__init__(url, **headers)

    def take(self, message: dict[str, Any]) -> None:
        frames = message.get("frames", [])
        if frames:
            self.say(ack=[frame["seq"] for frame in frames])
            now = time.perf_counter()
            for frame in frames:
                self.observed.ended[int(frame["record"].partition(":")[2]), frame["version"]] = now
        super().take(message)


def compare_updates(
    report: Report, stack: "Stack", headers: dict[str, str], ids: list[int], options: argparse.Namespace
) -> None:
    from crm.timings import raw
    from crm.timings.stretches import Stretch

    observed = Observed()
    with ExitStack() as opened:
        for _ in range(options.watchers):
            client = Acknowledging(stack.ws_url, observed, **headers)
            opened.callback(client.close)
            client.watch(*(f"customer:{each}" for each in ids))
        since = datetime.now(UTC)
        update(stack.database_url, ids, options.rate, options.seconds, observed)
        time.sleep(1)  # the last acknowledgements are written
        stretch = Stretch(since, datetime.now(UTC))
    own, mean = raw.summary("update", stretch)[0].figure, raw.customers(stretch).mean
    seconds = list(observed.took().values())
    add(report, f"T_update of {own.n} updates, mean", mean or 0, observed.t_update(), 0.05)
    add(report, "T_update, p99", own.p99 or 0, quantile(seconds, 0.99), 0.10)
    report.add(Figure("updates that the system did not time", abs(own.n - len(seconds)), "", 0))


def update(url: str, ids: Sequence[int], rate: float, seconds: float, observed: Observed) -> None:
    statement = "UPDATE customers_customer SET title = %s WHERE id = %s RETURNING version"
    begun = time.perf_counter()
    with psycopg.connect(url, autocommit=True) as connection:
        for number in range(int(rate * seconds)):
            time.sleep(max(0.0, begun + number / rate - time.perf_counter()))
            customer_id, now = ids[number % len(ids)], time.perf_counter()
            row = connection.execute(statement, [f"of {now}", customer_id], prepare=True).fetchone()
            assert row is not None
            observed.begun[customer_id, row[0]] = now


def compare_responses(
    report: Report, stack: "Stack", headers: dict[str, str], ids: list[int], options: argparse.Namespace
) -> None:
    from crm.timings import raw
    from crm.timings.stretches import Stretch

    since = datetime.now(UTC)
    took = ask(stack, headers, ids, options)
    time.sleep(1)  # the last timings are written
    own = raw.summary("response", Stretch(since, datetime.now(UTC)))[0].figure
    add(report, f"T_response of {own.n} requests, mean", own.mean or 0, fmean(took), 0.05)
    add(report, "T_response, p99", own.p99 or 0, quantile(took, 0.99), 0.10)
    report.add(Figure("requests that the system did not time", abs(own.n - len(took)), "", 0))


def ask(stack: "Stack", headers: dict[str, str], ids: Sequence[int], options: argparse.Namespace) -> list[float]:
    """Seconds of each request, from just before it is sent until a socket is told that it is done."""
    rng, begun, gone = Random(1), time.perf_counter(), {}
    watcher = Ending(stack.ws_url, **headers)
    connection = http.client.HTTPConnection("127.0.0.1", stack.port)
    watcher.watch(*(f"customer:{each}" for each in ids))
    for number in range(int(options.asked * options.seconds)):
        time.sleep(max(0.0, begun + number / options.asked - time.perf_counter()))
        ms = int(rng.lognormvariate(LOG_MS, LOG_SPREAD))
        body = {"kind": "probe", "customer": ids[number % len(ids)], "payload": {"ms": ms, "key": "observed"}}
        now = time.perf_counter()
        connection.request("POST", "/api/requests", json.dumps(body), headers | {"Content-Type": "application/json"})
        answer = connection.getresponse()
        gone[int(json.load(answer)["id"])] = now
    until = time.perf_counter() + PATIENCE
    while gone.keys() - watcher.ended.keys() and time.perf_counter() < until:
        time.sleep(0.1)
    watcher.close()
    connection.close()
    return [watcher.ended[request] - sent for request, sent in gone.items()]


def add(report: Report, what: str, own: float, outside: float, within: float) -> None:
    """A figure in milliseconds, and how far it is from the observer's."""
    report.add(Figure(what, 1000 * own, "ms", None, "lower", 1000 * outside, "the observer"))
    report.add(Figure("  off by", 100 * abs(own / outside - 1), "%", 100 * within))


def call(port: int, headers: dict[str, str], ids: Sequence[int], seconds: float) -> list[float]:
    """Seconds of each call of one client, one after another."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    took: list[float] = []
    end = time.perf_counter() + seconds
    while (begun := time.perf_counter()) < end:
        connection.request("GET", f"/api/customers/{ids[len(took) % len(ids)]}", headers=headers)
        answer = connection.getresponse()
        answer.read()
        took.append(time.perf_counter() - begun)
        assert answer.status == 200, answer.status
    connection.close()
    return took


def compare_throughput(
    report: Report, stack: "Stack", headers: dict[str, str], ids: list[int], options: argparse.Namespace
) -> None:
    from tests.stack import Stack

    folder = Path(tempfile.mkdtemp(prefix="pulse-bench-run-"))
    plain = UNLIMITED | {"TIMINGS_WRITER": "0"}
    untimed = Stack(folder, stack.database_url, stack.people, valkey=stack.valkey, environment=plain)
    try:
        for child in untimed.named("web"):
            child.launch()
        untimed.wait_for_web()
        ports = (stack.port, untimed.port)
        rates = [pair(ports, turn % 2 == 1, headers, ids, options) for turn in range(options.turns + 1)][1:]
    finally:
        for child in untimed.named("web"):
            child.stop()
        untimed.listening.close()
        shutil.rmtree(folder, ignore_errors=True)
    with_timings, without = (median(side) for side in zip(*rates, strict=True))
    report.add(Figure("calls a second with timings", with_timings, "/s", None, "higher", without, "without"))
    costs = tuple(100 * (1 - timed / plain) for timed, plain in rates)
    report.add(Figure("throughput that timings cost", median(costs), "%", 3, "lower", runs=costs))


def pair(
    ports: tuple[int, int], turned: bool, headers: dict[str, str], ids: list[int], options: argparse.Namespace
) -> tuple[float, float]:
    """Calls a second of the one and of the other; the other goes first when turned, so that neither always follows."""
    rates = {port: load(port, headers, ids, options) for port in (reversed(ports) if turned else ports)}
    return rates[ports[0]], rates[ports[1]]


def load(port: int, headers: dict[str, str], ids: list[int], options: argparse.Namespace) -> float:
    with ThreadPoolExecutor(options.clients) as pool:
        calls = list(pool.map(lambda _: len(call(port, headers, ids, options.turn)), range(options.clients)))
    return sum(calls) / float(options.turn)


if __name__ == "__main__":
    main()
