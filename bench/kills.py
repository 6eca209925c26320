"""Kills workers and broker under a steady load of requests: is each done exactly once, and how soon is all well?

`python -m bench.kills --broker rabbitmq --kills 3 --every 25` tries the same with RabbitMQ as the broker, by its URL.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bench.probes import Probes
from bench.product import product
from bench.rabbitmq import RabbitMQ
from bench.report import Figure, Report, quantile
from bench.requests import make_customers

if TYPE_CHECKING:
    from tests.stack import Stack

METHOD = """\
{rate:g} requests a second, probes of {ms} ms each of another customer, accepted by the service function all the time.
{kills} times SIGKILL for the pool of requests, for the broker ({broker}), for both, in turn; what was killed, or ends
by itself for it, is started again at once, as the starter does. Recovery: from the kill until the last of the requests
that had been accepted by then is done; also from the moment at which all that was killed had been started again. In
the end the effects of each request are counted."""
TARGETS = (("requests",), ("broker",), ("requests", "broker"))


class Broker(Protocol):
    def start(self) -> None:
        """Returns when it takes connections."""

    def kill(self) -> None: ...


@dataclass(frozen=True)
class Kill:
    """When, and how many seconds later all that was killed had been started again."""

    at: datetime
    down: float


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    name = "kills" if options.broker == "valkey" else f"kills-{options.broker}"
    method = " ".join(METHOD.format(**vars(options)).split())
    report = Report(name, f"Killed workers and brokers ({options.broker})", method)
    with another_broker(options.broker) as other, product(REQUEST_SLOTS="20") as stack:
        stack.clock.launch()
        try:
            measure(report, stack, other or stack.valkey, options)
        finally:
            stack.clock.stop()
    report.finish()


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.kills", description=__doc__)
    parser.add_argument("--broker", choices=("valkey", "rabbitmq"), default="valkey")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--every", type=float, default=6.0, help="seconds between kills")
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--ms", type=int, default=50)
    return parser.parse_args(arguments)


@contextmanager
def another_broker(name: str) -> Iterator[RabbitMQ | None]:
    """Whatever is started meanwhile is told of it by its URL alone; None where Valkey is the broker."""
    if name == "valkey":
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="pulse-broker-") as folder:
        broker = RabbitMQ(Path(folder))
        try:
            broker.start()
            os.environ["BROKER_URL"] = broker.url
            yield broker
        finally:
            broker.stop()


def measure(report: Report, stack: "Stack", broker: Broker, options: argparse.Namespace) -> None:
    customers = make_customers(stack, int(options.rate * (options.kills + 2) * options.every))
    probes = Probes(stack.people.admin, customers, "kills", options.rate, options.ms)
    with probes.sent():
        time.sleep(options.every)
        kills = [kill(stack, broker, targets, options.every) for targets in islice(cycle(TARGETS), options.kills)]
    probes.settle()
    probes.judge(report)
    seconds = tuple(probes.recovery(each.at) for each in kills)
    since = tuple(max(0.0, took - each.down) for took, each in zip(seconds, kills, strict=True))
    report.add(Figure("recovery, the slowest", max(seconds), "s", 5, runs=seconds))
    report.add(Figure("recovery, median", quantile(seconds, 0.5), "s"))
    report.add(Figure("recovery since all was started again, the slowest", max(since), "s", runs=since))


def kill(stack: "Stack", broker: Broker, targets: Sequence[str], every: float) -> Kill:
    at = datetime.now(UTC)
    if "requests" in targets:
        stack.kill("requests")
    if "broker" in targets:
        broker.kill()
    if "requests" in targets:
        stack.start("requests")
    if "broker" in targets:
        broker.start()
    down = (datetime.now(UTC) - at).total_seconds()
    supervise(stack, every - down)
    return Kill(at, down)


def supervise(stack: "Stack", seconds: float) -> None:
    """As the starter does: a process that ends by itself is a line of the report, not a recovery that never comes."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for child in stack.named("requests"):
            if not child.is_alive():
                print(f"{child.name} ended by itself and is started again", flush=True)
                child.launch()
        time.sleep(0.1)


if __name__ == "__main__":
    main()
