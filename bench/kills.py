"""Kills workers and broker under a steady load of requests: is each done exactly once, and how soon is all well?"""

import argparse
import threading
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import cycle, islice
from typing import TYPE_CHECKING

from bench.product import product
from bench.report import Figure, Report, quantile
from bench.requests import make_customers

if TYPE_CHECKING:
    from tests.stack import Stack

METHOD = """\
{rate:g} requests a second, probes of {ms} ms each of another customer, accepted by the service function all the time.
{kills} times SIGKILL for the pool of requests, for the broker (Valkey), for both, in turn;
what was killed is started again at once, as a supervisor does. Recovery: from the kill until the last of the requests
that had been accepted by then is done. In the end the effects of each request are counted."""
TARGETS = (("requests",), ("valkey",), ("requests", "valkey"))
SETTLED = 30.0  # seconds given to whatever is still open


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    report = Report("kills", "Killed workers and brokers", " ".join(METHOD.format(**vars(options)).split()))
    with product(REQUEST_SLOTS="20") as stack:
        stack.clock.launch()
        try:
            measure(report, stack, options)
        finally:
            stack.clock.stop()
    report.finish()


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--every", type=float, default=6.0, help="seconds between kills")
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--ms", type=int, default=50)
    return parser.parse_args(arguments)


def measure(report: Report, stack: "Stack", options: argparse.Namespace) -> None:
    from crm.requests.models import ProbeEffect, Request

    customers = make_customers(stack, int(options.rate * (options.kills + 2) * options.every))
    stopping = threading.Event()
    sender = threading.Thread(target=send, args=(stack, customers, options, stopping))
    sender.start()
    time.sleep(options.every)
    kills = [kill(stack, targets, options.every) for targets in islice(cycle(TARGETS), options.kills)]
    stopping.set()
    sender.join()
    until = time.monotonic() + SETTLED
    while Request.objects.open().exists() and time.monotonic() < until:
        time.sleep(0.1)
    effects = Counter(ProbeEffect.objects.values_list("request_id", flat=True))
    asked = list(Request.objects.values_list("pk", flat=True))
    report.add(Figure("requests accepted", len(asked), ""))
    report.add(Figure("requests lost", sum(not effects[each] for each in asked), "", 0))
    report.add(Figure("requests done more than once", sum(effects[each] > 1 for each in asked), "", 0))
    report.add(Figure("tried more than once", Request.objects.filter(attempt__gt=1).count(), ""))
    seconds = [recovery(at) for at in kills]
    report.add(Figure("recovery, the slowest", max(seconds), "s", 5, runs=tuple(seconds)))
    report.add(Figure("recovery, median", quantile(seconds, 0.5), "s"))


def send(stack: "Stack", customers: Sequence[int], options: argparse.Namespace, stopping: threading.Event) -> None:
    from django.db import connection

    from bench.requests import ask

    begun = time.monotonic()
    for number, customer in enumerate(customers):
        if stopping.wait(max(0.0, begun + number / options.rate - time.monotonic())):
            break
        ask(stack, customer, options.ms, "kills")
    connection.close()


def kill(stack: "Stack", targets: Sequence[str], every: float) -> datetime:
    at = datetime.now(UTC)
    if "requests" in targets:
        stack.kill("requests")
    if "valkey" in targets:
        stack.valkey.kill()
        stack.valkey.start()
    if "requests" in targets:
        stack.start("requests")
    time.sleep(max(0.0, every - (datetime.now(UTC) - at).total_seconds()))
    return at


def recovery(at: datetime) -> float:
    """Seconds until all that had been accepted by then was done."""
    from django.db.models import Max

    from crm.requests.models import Request

    last = Request.objects.filter(received_at__lte=at).aggregate(last=Max("finished_at"))["last"]
    return float((last - at).total_seconds())


if __name__ == "__main__":
    main()
