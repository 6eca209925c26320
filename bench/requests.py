"""`make bench-requests`: how soon accepted requests start, how many a pool handles beside a bare loop of its SQL."""

import argparse
import os
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Any, Protocol

from bench.product import product
from bench.report import Figure, Report, distribution, quantile

if TYPE_CHECKING:
    from tests.stack import Stack

METHOD = (
    "Requests of the kind probe, each of another customer, handled by the real Celery pool on Valkey. Concurrency:"
    " 200 waiting requests of 200 ms in 20 slots, from the first start to the last end. Throughput: requests that do"
    " not wait, from the first start to the last end, beside as many bare loops (claim, effect, finish by plain"
    " psycopg, without Celery or ORM) as the pool has slots. Start: requests accepted by the service function at a"
    " constant rate of half of that throughput, from acceptance to start. Everything shares the machine's cores."
)
SLOTS = 20
WAITING = 200
MS = 200


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.requests", description=__doc__)
    parser.add_argument("--many", type=int, default=2000, help="requests of the throughput's run")
    parser.add_argument("--seconds", type=int, default=20, help="of the run at half load")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args(arguments)
    report = Report("requests", "Customers' requests", METHOD)
    with product(REQUEST_SLOTS=str(SLOTS)) as stack:
        stack.clock.launch()
        try:
            wait_for_pool()
            measure(report, stack, options)
        finally:
            stack.clock.stop()
    report.finish()


def measure(report: Report, stack: "Stack", options: argparse.Namespace) -> None:
    customers = make_customers(stack, max(options.many, WAITING))
    runs = tuple(concurrency(stack, customers[:WAITING]) for _ in range(options.runs))
    ideal = WAITING * MS / SLOTS / 1000
    report.add(
        Figure(
            f"{WAITING} requests of {MS} ms in {SLOTS} slots, to the last end", median(runs), "s", 1.3 * ideal,
            control=ideal, control_name="ideal", runs=runs,
        )
    )  # fmt: skip
    pairs = [(throughput(stack, customers[: options.many]), bare(stack, customers[: options.many]))
             for _ in range(options.runs)]  # fmt: skip
    handled, control = (median(each) for each in zip(*pairs, strict=True))
    report.add(
        Figure(
            "requests handled per second", handled, "/s", 0.7 * control, "higher", control, "bare loops",
            tuple(each[0] for each in pairs),
        )
    )  # fmt: skip
    starts = started_at_half_load(stack, customers, handled / 2, options.seconds)
    report.add(Figure("accepted to started at half load, p50", quantile(starts, 0.5), "ms"))
    report.add(Figure("accepted to started at half load, p99", quantile(starts, 0.99), "ms", 50))
    report.plot("Accepted to started at half load", "percentile", "ms", [distribution("requests", starts)])


def wait_for_pool() -> None:
    from crm.requests import waking

    while waking.slots() < SLOTS:
        time.sleep(0.5)


class Peopled(Protocol):
    people: Any


def make_customers(stack: Peopled, count: int) -> list[int]:
    from customers.models import Customer

    made = Customer.objects.bulk_create(
        Customer(name=f"Customer {n}", owner=stack.people.alice, team=stack.people.alice.team) for n in range(count)
    )
    return [each.pk for each in made]


def ask(stack: "Stack", customer: int, ms: int, key: str) -> Any:
    from crm.requests.services import accept_request

    return accept_request("probe", customer, {"ms": ms, "key": key}, actor=stack.people.admin)


def insert(stack: "Stack", customers: Sequence[int], ms: int, *, queue: str = "requests") -> list[int]:
    """All at once, so that the door is not what is measured; woken by the clock."""
    from django.utils import timezone

    from crm.requests.kinds import kind_named
    from crm.requests.models import Request
    from crm.requests.services import placed

    kind = kind_named("probe")
    assert kind is not None
    columns = placed(kind, {"ms": ms, "key": f"bench {ms}"}, timezone.now()) | {"queue": queue}
    made = Request.objects.bulk_create(Request(customer_id=each, sender="bench", **columns) for each in customers)
    return [each.pk for each in made]


def span(ids: Sequence[int]) -> float:
    """Seconds from the first start to the last end."""
    from django.db.models import Max, Min

    from crm.requests.models import Request, State

    mine = Request.objects.filter(pk__range=(ids[0], ids[-1]))
    while mine.exclude(state=State.DONE).exists():
        time.sleep(0.05)
    found = mine.aggregate(begun=Min("started_at"), ended=Max("finished_at"))
    passed: timedelta = found["ended"] - found["begun"]
    return passed.total_seconds()


def concurrency(stack: "Stack", customers: Sequence[int]) -> float:
    return span(insert(stack, customers, MS))


def throughput(stack: "Stack", customers: Sequence[int]) -> float:
    ids = insert(stack, customers, 0)
    return len(ids) / span(ids)


def bare(stack: "Stack", customers: Sequence[int]) -> float:
    """The same statements in loops of plain psycopg, a thread and a connection for each slot."""
    ids = insert(stack, customers, 0, queue="bare")
    loops = [threading.Thread(target=bare_loop, args=(stack.database_url,)) for _ in range(SLOTS)]
    for loop in loops:
        loop.start()
    for loop in loops:
        loop.join()
    return len(ids) / span(ids)


def bare_loop(database_url: str) -> None:
    import psycopg

    from crm.requests import engine

    slot = engine.Slot("bare", f"bare:{os.getpid()}").values()
    with psycopg.connect(database_url, autocommit=True) as connection:
        row = connection.execute(engine.CLAIM, slot).fetchone()
        while row:
            with connection.transaction():
                connection.execute("INSERT INTO requests_probeeffect (key, request_id) VALUES ('bare', %s)", [row[0]])
                ours = {"id": row[0], "attempt": row[4], "customer": row[2]}
                ended = ours | {"state": "done", "result": "{}", "reason": ""}
                found = connection.execute(engine.END_AND_TAKE, slot | ended).fetchone()
            assert found is not None
            row = found if found[0] else None


def started_at_half_load(stack: "Stack", customers: Sequence[int], rate: float, seconds: int) -> list[float]:
    """Milliseconds from acceptance to start, for requests that come at a constant rate whatever becomes of them."""
    from crm.requests.models import Request

    begun, ids = time.monotonic(), []
    for number in range(int(rate * seconds)):
        time.sleep(max(0.0, begun + number / rate - time.monotonic()))
        ids.append(ask(stack, customers[number % len(customers)], 0, "half").pk)
    span(ids)
    times = Request.objects.filter(pk__in=ids).values_list("received_at", "started_at")
    return [1000 * (started - received).total_seconds() for received, started in times]


if __name__ == "__main__":
    main()
