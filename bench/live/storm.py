"""All web processes are killed under 1,000 clients: how soon everybody is current again, and what it costs."""

import http.client
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from bench.live.driver import Background, Driver, Key, Sent
from bench.live.stage import RECORDS, Stage
from bench.report import Figure, Report, quantile

WATCHED = 4  # records of a client, beside the directory
CHANGES = 20.0  # a second, all the time
PROBES = 25.0  # HTTP requests a second, all the time
QUIET = 6.0  # seconds before the kill
AFTER = 12.0  # and after it
CATCH_UP = '"change"."root" IN ('


def measure(report: Report, stage: Stage, clients: int) -> None:
    name = f"{stage.server}: {clients} clients after a kill of all web processes"
    with crowd(stage, clients) as process, logged_statements():
        scans, statements = sequential_scans(), count_statements(stage)
        writes = Background(stage.driver, CHANGES, QUIET + AFTER, lambda number: stage.change(number, number))
        probes = Background(Driver(64), PROBES, QUIET + AFTER, lambda number: probe(stage, number))
        time.sleep(QUIET)
        killed = time.perf_counter()
        stage.stack.kill("web")
        dead = time.perf_counter()
        stage.stack.start("web")
        writes.join()
        probes.join()
        time.sleep(1)
        found = json.loads(say(process, ""))
        asked = count_statements(stage) - statements
    add_clients(report, name, stage, found, clients, killed)
    report.add(Figure(f"{name}: catch-up statements for each", asked / clients, "", 1))
    report.add(Figure(f"{name}: scans of the whole log", sequential_scans() - scans, "", 0))
    add_probes(report, name, probes.sent, dead, max(at for _, at in found["returns"]))


def add_clients(report: Report, name: str, stage: Stage, found: dict[str, Any], clients: int, killed: float) -> None:
    back = sorted(at - killed for _, at in found["returns"])
    held = {f"customer:{customer_id}": version for customer_id, version in stage.versions.items()}
    stale = sum(
        any(held[record] != version for record, version in versions.items() if record in held)
        for versions in found["versions"]
    )
    report.add(Figure(f"{name}: half are current", round(statistics.median(back), 2), "s"))
    report.add(Figure(f"{name}: all are current", round(back[-1], 2), "s", 5))
    report.add(Figure(f"{name}: that did not come back, or are stale", clients - len(back) + stale, "", 0))
    report.add(Figure(f"{name}: that had to fetch anew", found["resyncs"], "", 0))


def add_probes(report: Report, name: str, probes: Sequence[Sent], dead: float, current: float) -> None:
    """An API read 25 times a second; while nobody serves, they wait in the listening socket."""
    before = [(each.done - each.scheduled) * 1000 for each in probes if each.scheduled < dead - 0.5]
    answered = min(each.done for each in probes if each.scheduled > dead)
    during = [(each.done - each.scheduled) * 1000 for each in probes if answered <= each.scheduled < current]
    report.add(Figure(f"{name}: until HTTP is answered", round(answered - dead, 2), "s"))
    if during:
        usual = round(quantile(before, 0.99), 1)
        worst = round(quantile(during, 0.99), 1)
        report.add(Figure(f"{name}: HTTP p99 from then", worst, "ms", control=usual, control_name="before the kill"))


def probe(stage: Stage, number: int) -> tuple[Key, float]:
    """Opens a customer by the API, as often as it takes until it is answered."""
    address = urlsplit(stage.stack.url)
    while True:
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)
        try:
            headers = {"Authorization": f"Bearer {stage.token(number)}"}
            connection.request("GET", f"/api/customers/{stage.ids[number % RECORDS]}", headers=headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
            return ("", number), time.perf_counter()
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
        finally:
            connection.close()


@contextmanager
def crowd(stage: Stage, clients: int) -> Iterator["subprocess.Popen[str]"]:
    """The clients' process, all of them current."""
    watched = [stage.topics(range(number * WATCHED, (number + 1) * WATCHED)) for number in range(clients)]
    orders = {
        "url": stage.stack.ws_url,
        "clients": [{"topics": ["directory", *each], "token": stage.token(n)} for n, each in enumerate(watched)],
    }
    command = [sys.executable, "-m", "bench.live.returning"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            if say(process, json.dumps(orders)) != "ready\n":
                raise ConnectionError("the clients did not come about")
            yield process
        finally:
            process.kill()


def say(process: "subprocess.Popen[str]", text: str) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(text + "\n")
    process.stdin.flush()
    return process.stdout.readline()


@contextmanager
def logged_statements() -> Iterator[None]:
    set_logging("all")
    try:
        yield
    finally:
        set_logging("none")


def set_logging(what: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"ALTER SYSTEM SET log_statement = '{what}'")
        cursor.execute("SELECT pg_reload_conf()")
    time.sleep(0.2)  # for sessions to hear of it


def count_statements(stage: Stage) -> int:
    """How often PostgreSQL's log says that a client's catch-up was asked for."""
    return stage.postgres_log.read_text(errors="replace").count(CATCH_UP)


def sequential_scans() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(seq_scan), 0) FROM pg_stat_user_tables WHERE relname ~ '^change_p'")
        return int(cursor.fetchone()[0])
