"""Hours in minutes: whether memory, connections and file handles of any process grow under a steady load."""

import argparse
import http.client
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from statistics import fmean, linear_regression
from typing import TYPE_CHECKING, Any

import psutil

from bench.customers import fill
from bench.product import product
from bench.relay.writers import write_steadily
from bench.report import Curve, Figure, Report
from tests.live.client import Client

if TYPE_CHECKING:
    from tests.stack import Stack

SAMPLE_EVERY = 5.0  # seconds
YOUNG = 30.0  # seconds; a child of that age may be one that comes and goes: an autovacuum worker, a Valkey that saves
CLIENTS = 8
PATHS = ("/api/customers/{id}", "/api/customers?limit=50", "/api/customers/{id}/notes")
METHOD = """\
All processes, {customers:,} customers, {sockets} sockets on 20 customers each. First {clients} HTTP clients and
{rate:g} updates a second by SQL as fast as the API answers, for {probe:g} s; then the same calls at 70 % of what was
reached, for {minutes:g} minutes. Every 5 s: private memory (USS), sockets and file handles of each process with its
children that are older than 30 s, and how many these are. Private is what a process alone holds: the proportional share
(PSS) of pages that many map rises in all of them when one of them ends. What a parent still shares with its children is
in no figure, and cannot grow, since new pages are private. Growth is the slope of the line fitted after a warm-up of a
third, in percent of the mean an hour. PostgreSQL and Valkey keep the data and the log that the load writes, so their
memory has no target."""

Samples = dict[str, dict[str, list[float]]]  # of a process, by what is counted


def main() -> None:
    options = parse()
    report = Report("soak", "Soak", " ".join(METHOD.format(clients=CLIENTS, **vars(options)).split()))
    with product() as stack, ExitStack() as opened:
        ids = fill(options.customers, stack.people.alice)
        headers = token(stack)
        for number in range(options.sockets):
            opened.enter_context(watching(stack, headers, ids[number * 20 : number * 20 + 20]))
        with updates(stack.database_url, ids, options.rate):
            reached = load(stack.port, headers, ids, options.probe, rate=None)
            with sampled(stack) as (at, samples):
                carried = load(stack.port, headers, ids, options.minutes * 60, rate=0.7 * reached)
    describe(report, at, samples)
    report.add(Figure("calls a second meanwhile", carried, "/s", None, "higher", reached, "as fast as it goes"))
    report.finish()


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--sockets", type=int, default=50)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--probe", type=float, default=15)
    return parser.parse_args()


def token(stack: "Stack") -> dict[str, str]:
    from crm.staff.services import create_token

    return {"Authorization": f"Bearer {create_token(stack.people.alice, name='soak')[1]}"}


class Forgetful(Client):
    """Keeps the last messages alone: it is not the observer whose memory is measured."""

    def take(self, message: dict[str, Any]) -> None:
        if seqs := [frame["seq"] for frame in message.get("frames", [])]:
            self.say(ack=seqs)
        self.messages[:] = [*self.messages[-10:], message]


@contextmanager
def watching(stack: "Stack", headers: dict[str, str], ids: Sequence[int]) -> Iterator[None]:
    client = Forgetful(stack.ws_url, **headers)
    try:
        client.watch(*(f"customer:{each}" for each in ids))
        yield
    finally:
        client.close()


@contextmanager
def updates(url: str, ids: list[int], rate: float) -> Iterator[None]:
    def write(stopping: threading.Event) -> None:
        while not stopping.is_set():
            write_steadily(0, url=url, ids=ids, writers=1, rate=rate, seconds=1)

    with in_background(write):
        yield


@contextmanager
def in_background(work: Callable[[threading.Event], None]) -> Iterator[None]:
    stopping = threading.Event()
    thread = threading.Thread(target=work, args=(stopping,))
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def load(port: int, headers: dict[str, str], ids: list[int], seconds: float, rate: float | None) -> float:
    """Calls a second that were answered; `rate` is what is asked for, None as much as goes."""
    end = time.monotonic() + seconds

    def client(number: int) -> int:
        connection, calls, begun = http.client.HTTPConnection("127.0.0.1", port), 0, time.monotonic()
        while time.monotonic() < end:
            if rate:
                time.sleep(max(0.0, begun + calls * CLIENTS / rate - time.monotonic()))
            path = PATHS[calls % len(PATHS)].format(id=ids[(calls * CLIENTS + number) % len(ids)])
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, f"{path}: {answer.status}"
            calls += 1
        connection.close()
        return calls

    with ThreadPoolExecutor(CLIENTS) as pool:
        return sum(pool.map(client, range(CLIENTS))) / seconds


@contextmanager
def sampled(stack: "Stack") -> Iterator[tuple[list[float], Samples]]:
    """Fills with the seconds of each sample, and with the samples of each process."""
    at: list[float] = []
    samples: Samples = defaultdict(lambda: defaultdict(list))
    roots = {name: child.process.pid for name, child in stack.children.items() if child.process}
    roots |= {"valkey": stack.valkey.running()[0].pid, "postgres": postmaster()}
    begun = time.monotonic()

    def sample(stopping: threading.Event) -> None:
        while not stopping.wait(SAMPLE_EVERY):
            at.append(time.monotonic() - begun)
            for name, pid in roots.items():
                for what, value in counted(pid).items():
                    samples[name][what].append(value)

    with in_background(sample):
        yield at, samples


def postmaster() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return psutil.Process(cursor.fetchone()[0]).ppid()


def counted(pid: int) -> dict[str, float]:
    """Of a process and those of its children that stay. One that ends meanwhile counts in all or in nothing."""
    root, found = psutil.Process(pid), defaultdict[str, float](float)
    for process in [root, *root.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            if process == root or time.time() - process.create_time() > YOUNG:
                for what, value in held_by(process).items():
                    found[what] += value
    return found


def held_by(process: psutil.Process) -> dict[str, float]:
    return {
        "memory": process.memory_full_info().uss / 2**20,
        "handles": process.num_fds(),
        "sockets": len(process.net_connections("all")),
        "processes": 1,
    }


def describe(report: Report, at: list[float], samples: Samples) -> None:
    warm = len(at) // 3
    for name, by_kind in samples.items():
        for what, values in by_kind.items():
            mean, grown = fmean(values[warm:]), growth(at[warm:], values[warm:])
            target = None if what == "memory" and name in ("postgres", "valkey") else 1.0
            report.add(Figure(f"{name}: growth of {what} (mean {mean:.4g})", grown, "%/h", target))
    curves = [Curve(name, tuple(each / 60 for each in at), tuple(kinds["memory"])) for name, kinds in samples.items()]
    report.plot("Memory of each process", "minutes", "MiB (USS)", curves)


def growth(at: Sequence[float], values: Sequence[float]) -> float:
    """Percent of the mean an hour, by the line of least squares."""
    if not fmean(values):
        return 0.0
    return 100 * 3600 * linear_regression(at, values).slope / fmean(values)


if __name__ == "__main__":
    main()
