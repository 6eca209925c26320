"""`python -m bench.relay`: all of it; `--only relay-delay`: one of its parts.

In two minutes: `--changes 20000 --held-open 3 --seconds 3 --runs 1 --bulk 5000`."""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING, Any

from bench.crew import Crew
from bench.customers import fill
from bench.product import product, relay, servers
from bench.relay.idle import idle_relay
from bench.relay.writers import held_snapshot
from bench.report import Figure, Report, distribution, quantile

if TYPE_CHECKING:
    from crm.embedded import Servers

LOST = """\
32 writers in 2 processes change 32 of {customers:,} customers in each transaction, by two statements with 1 to 200 ms
between them; 5 % are rolled back, one stays open for {held_open:g} s while others wait for its rows, and one reader
holds a REPEATABLE READ snapshot all the time. Every acknowledged change is counted; then the log is replayed into a
copy of the rows as they were: each change must follow the version and the values held, the numbers must have no hole,
and the copy must equal the table. The naive relay reads `id > last` and is judged by the same test."""
DELAY = """\
{rate:g} commits a second by 16 writers in 2 processes, open loop, {runs} runs of {seconds:g} s after a warm-up; from
the trigger's clock to a subscriber of the bus, numbering, projection, cache and timings included; beside it what the
writer waited for its own commit, which is a part of it. The control, beside the same writers: a relay that moves
nothing, only rests as long and makes as many round trips."""
BULK = """\
One UPDATE of {bulk:,} rows by plain SQL while 50 changes a second are made to 100 other records; all processes run, 8
sockets watch 25 rows of the bulk each, spread from its first to its last, one socket the other records; from written to
received. A checkpoint before it leaves the segments of WAL that were filled to be written again, as it is in a database
that has run for a while. Beside it: the same changes while one statement keeps one of the cores busy and touches
nothing."""


def main() -> None:
    options = parse()
    chosen = [part for part in PARTS if not options.only or part[0] in options.only]
    if len(chosen) > 1:
        sys.exit(max(run_apart(name) for name, *_ in chosen))
    name, title, method, part = chosen[0]
    report = Report(name, title, " ".join(method.format(**vars(options)).split()))
    part(report, options)
    report.finish()


def run_apart(name: str) -> int:
    """In a process of its own, since Django keeps to one database for as long as a process lives."""
    command = [sys.executable, "-m", "bench.relay", *sys.argv[1:], "--only", name]
    return subprocess.run(command, check=False).returncode


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--changes", type=int, default=1_000_000)
    parser.add_argument("--naive-changes", type=int, default=20_000)
    parser.add_argument("--held-open", type=float, default=30)
    parser.add_argument("--rate", type=float, default=1500)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--bulk", type=int, default=100_000, help="rows")
    parser.add_argument("--only", nargs="*", choices=[name for name, *_ in PARTS])
    return parser.parse_args()


@contextmanager
def filled(customers: int) -> Iterator[tuple["Servers", list[int]]]:
    with servers() as started:
        from tests.factories import people

        yield started, fill(customers, people().alice)


def lose_nothing(report: Report, options: argparse.Namespace) -> None:
    with filled(options.customers) as (started, ids), Crew(2, 16) as crew:
        from bench.relay import exactness

        url = started.database_url
        with exactness.naive_relay(url):
            naive = exactness.run(crew, url, ids, options.naive_changes, min(3.0, options.held_open))
        forget_inbox()
        with relay(started):
            found = exactness.run(crew, url, ids, options.changes, options.held_open)
    for what, outcome, target in (
        ("the relay", found, 0),
        ("a naive cursor (id > last), which must fail", naive, None),
    ):
        what = f"changes lost, doubled or reordered by {what}, of {outcome.committed:,}"
        report.add(Figure(what, outcome.faults, "", target))
    print(found, naive, sep="\n", flush=True)
    report.add(Figure("  transactions rolled back meanwhile", found.rolled_back, ""))
    report.add(Figure("  changes numbered and published a second", found.committed / found.seconds, "/s"))


def forget_inbox() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE change_new")


def wait_little(report: Report, options: argparse.Namespace) -> None:
    name = f"written to published at {options.rate:g} commits/s"
    with filled(options.customers) as (started, ids), Crew(2, 8) as crew:
        with relay(started):
            runs = [measure(crew, started, ids, options) for _ in range(options.runs + 1)][1:]
            with held_snapshot(started.database_url):
                held = measure(crew, started, ids, options)
        with idle_relay(started.database_url, started.redis_url):
            idle = measure(crew, started, ids, options)
    for share, target in ((0.5, None), (0.99, 12.0)):
        published = [quantile(delays, share) for delays, _ in runs]
        acknowledged = median(quantile(took, share) for _, took in runs)
        title = f"{name}, p{100 * share:g}"
        report.add(Figure(title, median(published), "ms", target, "lower", acknowledged, "the writer's own commit",
                          tuple(published)))  # fmt: skip
    title = "the same while a snapshot is held, p99"
    report.add(Figure(title, quantile(held[0], 0.99), "ms", 12.0, "lower", quantile(held[1], 0.99),
                      "the writer's own commit"))  # fmt: skip
    title = "  rests and round trips of a relay that moves nothing, p99"
    report.add(Figure(title, quantile(idle[0], 0.99), "ms", None, "lower", quantile(idle[1], 0.99),
                      "the writer's own commit"))  # fmt: skip
    report.add(Figure("commits a second that were reached", median(len(took) for _, took in runs) / options.seconds,
                      "/s", 0.95 * options.rate, "higher"))  # fmt: skip
    curves = [
        distribution("written to published", [each for delays, _ in runs for each in delays]),
        distribution("the writer's own commit", [each for _, took in runs for each in took]),
        distribution("rests and round trips alone", idle[0]),
    ]
    report.plot("Delay of a change", "percentile", "ms", curves)


def measure(crew: Crew, started: "Servers", ids: list[int], options: argparse.Namespace) -> Any:
    from bench.relay import delay

    return delay.measure(crew, started.database_url, started.redis_url, ids, options.rate, options.seconds)


def leave_others_alone(report: Report, options: argparse.Namespace) -> None:
    with product() as stack:
        from bench.relay import bulk

        ids = fill(options.bulk + bulk.OTHERS, stack.people.alice)
        found = bulk.run(stack, ids, options.seconds)
    normal, during = quantile(found.normal, 0.99), quantile(found.during, 0.99)
    report.add(Figure("watched rows of the bulk update that arrived", found.reached, "", found.watched, "higher"))
    report.add(Figure("  its statement took", found.statement, "s"))
    report.add(Figure("  the last watched row arrived after", found.seconds, "s"))
    report.add(Figure("others' p99 during it", during, "ms", 3 * normal, "lower", normal, "before it"))
    computing = quantile(found.beside_computing, 0.99)
    report.add(Figure("  beside a statement that only computes, p99", computing, "ms", None, "lower", normal,
                      "before it"))  # fmt: skip
    beside = quantile(found.during_statement, 0.99)
    report.add(Figure("  while its statement ran, p99", beside, "ms", None, "lower", normal, "before it"))
    alone, beside = quantile(found.normal_commits, 0.99), quantile(found.commits_during, 0.99)
    report.add(Figure("  of which their own commits, p99", beside, "ms", None, "lower", alone, "before it"))
    report.plot(
        "Others' changes, written to received", "percentile", "ms",
        [
            distribution("before", found.normal),
            distribution("beside one that only computes", found.beside_computing),
            distribution("during a bulk update", found.during),
        ],
    )  # fmt: skip


PARTS = (
    ("relay", "Relay: nothing lost, nothing swapped", LOST, lose_nothing),
    ("relay-delay", "Relay: how long a change waits", DELAY, wait_little),
    ("relay-bulk", "Relay: a bulk update", BULK, leave_others_alone),
)


if __name__ == "__main__":
    main()
