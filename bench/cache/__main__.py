"""`python -m bench.cache`: all of it, or with `--reads 20000 --naive-reads 20000` in half a minute."""

import argparse
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from bench.cache.race import KEYS, READERS, WRITERS, Seen, lay_out, work
from bench.crew import Crew
from bench.customers import fill
from bench.product import relay, servers
from bench.report import Figure, Report, distribution, quantile

if TYPE_CHECKING:
    from crm.embedded import Servers, Valkey

PROCESSES = 2
FAULT_EVERY = 2.0  # seconds
STOPPED = 0.4  # seconds that Valkey stays killed, or paused
METHOD = """\
Stale: 64 readers and 16 writers in 2 processes, 50 customers, with a pause of up to 10 ms before every tenth look into
the cache and every tenth filling of it; the product's own relay writes the cache too. Every 2 s Valkey is killed for
0.4 s, flushed, or paused for 0.4 s. A read is stale when its version is older than what a writer knew to be committed
before the read began. The naive cache takes what it finds, is filled from the table and deleted after a write.
Speed: customers.reading.read_customer of one process, one after another: from the cache at the version that the access
query named; cold, which finds nothing, reads the table and fills the cache; and the table alone, without any cache,
which is one statement for access and row."""


def main() -> None:
    options = parse()
    report = Report("cache", "Cache", " ".join(METHOD.split()))
    os.environ["DATABASE_POOL"] = str((READERS + WRITERS) // PROCESSES + 8)
    with servers() as started:
        from tests.factories import people

        alice = people().alice
        ids = fill(options.customers, alice)
        with relay(started):
            compare_speed(report, alice, ids, options.speed_reads)
            for way, reads in (("product", options.reads), ("naive", options.naive_reads)):
                tell(report, way, race(started, alice, ids[:KEYS], reads, way))
    report.finish()


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000)
    parser.add_argument("--reads", type=int, default=1_000_000)
    parser.add_argument("--naive-reads", type=int, default=50_000)
    parser.add_argument("--speed-reads", type=int, default=3_000)
    return parser.parse_args()


def race(started: "Servers", alice: Any, ids: list[int], reads: int, way: str) -> tuple[Seen, dict[str, int]]:
    from customers.models import Customer

    versions = dict(Customer.objects.filter(pk__in=ids).values_list("pk", "version"))
    with tempfile.TemporaryDirectory() as folder, Crew(PROCESSES, (READERS + WRITERS) // PROCESSES) as crew:
        path = Path(folder) / "committed"
        lay_out(path, [versions[each] for each in ids])
        with faults(started.valkey) as injected:
            found = crew.work(work, path=str(path), ids=ids, actor=alice.pk, reads=reads, way=way)
    return Seen(*(sum(values) for values in zip(*(vars(each).values() for each in found), strict=True))), injected


@contextmanager
def faults(valkey: "Valkey") -> Iterator[dict[str, int]]:
    """Injects one fault after another; fills with how many of each."""
    kinds: dict[str, Callable[[Valkey], None]] = {"killed": kill, "flushed": flush, "paused": pause}
    injected = dict.fromkeys(kinds, 0)
    stopping = threading.Event()

    def inject() -> None:
        while True:
            for name, fault in kinds.items():
                if stopping.wait(FAULT_EVERY):
                    return
                fault(valkey)
                injected[name] += 1

    thread = threading.Thread(target=inject)
    thread.start()
    try:
        yield injected
    finally:
        stopping.set()
        thread.join()


def kill(valkey: "Valkey") -> None:
    valkey.kill()
    time.sleep(STOPPED)
    valkey.start()


def flush(valkey: "Valkey") -> None:
    import redis

    redis.Redis.from_url(valkey.url).flushall()


def pause(valkey: "Valkey") -> None:
    for process in valkey.running():
        process.send_signal(signal.SIGSTOP)
        time.sleep(STOPPED)
        process.send_signal(signal.SIGCONT)


def tell(report: Report, way: str, found: tuple[Seen, dict[str, int]]) -> None:
    seen, injected = found
    name, target = ("the product", 0) if way == "product" else ("a cache deleted on write, which must fail", None)
    report.add(Figure(f"stale reads of {name}, of {seen.reads:,}", seen.stale, "", target))
    told = ", ".join(f"{kind} {times}" for kind, times in injected.items())
    report.add(Figure(f"  writes meanwhile (Valkey {told})", seen.writes, ""))


def compare_speed(report: Report, alice: Any, ids: list[int], reads: int) -> None:
    from crm.records import valkey
    from crm.records.reading import visible_row
    from customers.live import CUSTOMER
    from customers.models import Customer
    from customers.reading import read_customer

    def table(customer_id: int) -> None:
        CUSTOMER.reading(CUSTOMER.project(visible_row(Customer, customer_id, alice) or {}), True)

    took: dict[str, list[float]] = {"warm": [], "cold": [], "the table alone": []}
    for number in range(reads):
        customer_id = ids[number % len(ids)]
        valkey.client().delete(f"customer:{customer_id}")
        took["cold"].append(timed(read_customer, customer_id, alice))
        took["warm"].append(timed(read_customer, customer_id, alice))
        took["the table alone"].append(timed(table, customer_id))
    warm, cold, alone = (quantile(took[name], 0.5) for name in ("warm", "cold", "the table alone"))
    report.add(Figure("a warm read of a customer, p50", warm, "ms", cold / 2, "lower", cold, "a cold read"))
    report.add(Figure("  the same", warm, "ms", None, "lower", alone, "the table alone"))
    report.add(
        Figure("  PostgreSQL's CPU for a warm read", cpu_of(lambda each: read_customer(each, alice), ids, reads), "ms",
               None, "lower", cpu_of(table, ids, reads), "the table alone")
    )  # fmt: skip
    report.plot("Reading a customer", "percentile", "ms", [distribution(name, values) for name, values in took.items()])


def cpu_of(read: Callable[[int], Any], ids: list[int], reads: int) -> float:
    """Milliseconds of the connection's own server process for one read."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        server = psutil.Process(cursor.fetchone()[0])
    before = server.cpu_times()
    for number in range(reads):
        read(ids[number % len(ids)])
    after = server.cpu_times()
    return 1000 * (after.user + after.system - before.user - before.system) / reads


def timed(work: Callable[..., Any], *arguments: Any) -> float:
    begun = time.perf_counter()
    work(*arguments)
    return 1000 * (time.perf_counter() - begun)


if __name__ == "__main__":
    main()
