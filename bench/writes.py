"""The update service function beside pgbench of the same UPDATE, and what the log costs beside a table without one."""

import argparse
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from bench.crew import Crew
from bench.customers import fill
from bench.product import servers
from bench.report import Figure, Report, distribution, quantile
from crm.embedded import postgres_programs

METHOD = """\
{customers:,} customers of one owner; each writer changes the title of customers of its own, at the version it knows.
The product: customers.services.update_customer in 2 processes of 8 threads, one UPDATE a call, durable PostgreSQL on
the same two cores; no relay is at work. pgbench: the statement that the service sends, the guard replaced by
`version > 0` since pgbench keeps no versions, {connections} connections. Without triggers: a copy of the database in
which they are disabled; the statement raises version and updated_at itself, as a program without a log would.
{runs} runs of {seconds:g} s each after a warm-up, taken in turn; the median."""

SERVICE = """
WITH ctx AS MATERIALIZED (
    SELECT set_config('pulse.actor', '{actor}', true) AS actor, set_config('pulse.way', 'api', true) AS way)
UPDATE customers_customer t SET title = 'Buyer ' || :title FROM ctx
WHERE t.id = :id AND t.version > 0 AND t.deleted_at IS NULL
  AND (t.owner_id = {actor} OR t.team_id = {team}) AND (t.owner_id = {actor} OR t.team_id = {team})
  AND ctx.actor IS NOT NULL AND ctx.way IS NOT NULL
RETURNING to_jsonb(t);"""
BARE = """
UPDATE customers_customer t SET title = 'Buyer ' || :title, version = version + 1, updated_at = clock_timestamp()
WHERE t.id = :id AND t.version > 0 AND t.deleted_at IS NULL
  AND (t.owner_id = {actor} OR t.team_id = {team}) AND (t.owner_id = {actor} OR t.team_id = {team})
RETURNING to_jsonb(t);"""
RANDOM = "\\set id random({first}, {last})\n\\set title random(1, 1000000000)\n"


def main() -> None:
    options = parse()
    report = Report("writes", "Writes", " ".join(METHOD.format(**vars(options)).split()))
    with servers() as started, Crew(2, options.connections // 2) as crew:
        from tests.factories import people

        alice = people().alice
        ids = fill(options.customers, alice)
        first, last = min(ids), max(ids)
        facts = {"actor": alice.pk, "team": alice.team_id}
        bare_url = copy_without_triggers(started.postgres)
        load = RANDOM.format(first=first, last=last)
        kinds: dict[str, Callable[[], Any]] = {
            "service": lambda: serve(crew, alice.pk, ids, options.seconds),
            "pgbench": lambda: pgbench(started.database_url, load + SERVICE.format(**facts), options),
            "bare": lambda: pgbench(bare_url, load + BARE.format(**facts), options),
        }
        rounds: dict[str, list[Any]] = {name: [] for name in kinds}
        for number in range(options.runs + 1):
            for name, measure in kinds.items():
                found = measure()
                if number:  # the first round warms up: pages in memory, whole in the WAL, statements planned
                    rounds[name].append(found)
                settle()
        describe(report, rounds, options.seconds)
        report.add(Figure("one fdatasync of the disk, median", fdatasync(), "ms"))
    report.finish()


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--runs", type=int, default=3)
    return parser.parse_args()


def serve(crew: Crew, actor: int, ids: list[int], seconds: float) -> list[float]:
    """Seconds of every call, from all writers."""
    writers = crew.processes * crew.threads
    found = crew.work(update_for, actor=actor, ids=ids, writers=writers, seconds=seconds)
    return [took for each in found for took in each]


def update_for(worker: int, actor: int, ids: list[int], writers: int, seconds: float) -> list[float]:
    from crm.records.context import acting
    from crm.staff.models import User
    from customers.models import Customer
    from customers.services import update_customer

    alice = User.objects.select_related("role").get(pk=actor)
    mine = ids[worker::writers]
    versions = dict(Customer.objects.filter(pk__in=mine).values_list("pk", "version"))
    took: list[float] = []
    end = time.perf_counter() + seconds
    with acting(actor, "api"):
        while (begun := time.perf_counter()) < end:
            customer = mine[len(took) * 7919 % len(mine)]
            done = update_customer(
                customer, actor=alice, version=versions[customer], changes={"title": f"Buyer {begun}"}
            )
            versions[customer] = done["version"]
            took.append(time.perf_counter() - begun)
    return took


def pgbench(url: str, script: str, options: argparse.Namespace) -> float:
    """Transactions a second, by the program that everybody knows."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "load.sql"
        file.write_text(script)
        command = [str(postgres_programs() / "pgbench"), "--no-vacuum", f"--file={file}", "--jobs=2"]
        sizes = [f"--client={options.connections}", f"--time={max(1, round(options.seconds))}"]
        found = subprocess.run([*command, *sizes, url], capture_output=True, text=True, check=True)
    said = re.search(r"tps = ([\d.]+)", found.stdout)
    assert said, found.stdout
    return float(said[1])


def copy_without_triggers(postgres: Any) -> str:
    """The address of a copy of the database in which no trigger of ours fires."""
    from django.db import connection

    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    with psycopg.connect(postgres.url_of("postgres"), autocommit=True) as plain:
        plain.execute(f'CREATE DATABASE "bare" TEMPLATE "{postgres.database}"')
    url: str = postgres.url_of("bare")
    with psycopg.connect(url) as copy:
        copy.execute("ALTER TABLE customers_customer DISABLE TRIGGER USER")
    return url


def settle() -> None:
    """Empties the inbox, which no relay reads here, so that each run begins alike."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE change_new")
        cursor.execute("VACUUM customers_customer")


def fdatasync(times: int = 50) -> float:
    """Milliseconds that the disk takes to keep what a commit wrote: the floor of one connection's call."""
    took = []
    with tempfile.TemporaryFile() as file:
        for _ in range(times):
            file.write(bytes(8192))
            file.flush()
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(1000 * (time.perf_counter() - begun))
    return median(took)


def describe(report: Report, rounds: dict[str, list[Any]], seconds: float) -> None:
    served = [len(each) / seconds for each in rounds["service"]]
    with_triggers, without = median(rounds["pgbench"]), median(rounds["bare"])
    report.add(
        Figure("update_customer, 16 connections in 2 processes", median(served), "/s", 3000, "higher", with_triggers,
               "pgbench, same UPDATE and triggers", tuple(served))
    )  # fmt: skip
    calls = [1000 * took for each in rounds["service"] for took in each]
    report.add(Figure("a call of it, p50", quantile(calls, 0.5), "ms"))
    report.add(Figure("a call of it, p99", quantile(calls, 0.99), "ms"))
    report.add(
        Figure("pgbench of the same UPDATE, with triggers", with_triggers, "/s", None, "higher", without,
               "pgbench without triggers", tuple(rounds["pgbench"]))
    )  # fmt: skip
    report.plot("Duration of an update", "percentile", "ms", [distribution("update_customer", calls)])


if __name__ == "__main__":
    main()
