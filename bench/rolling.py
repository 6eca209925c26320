"""`make bench-rolling`: every process is started anew under load; no request may fail, and no screen be long behind."""

import argparse
import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from bench.faults.checker import RULES, judge
from bench.faults.history import History
from bench.faults.run import Load, Run
from bench.faults.schedule import Fault
from bench.faults.stage import wait_until
from bench.faults.verdict import tell
from bench.product import ENVIRONMENT, set_up
from bench.report import Figure, Report, quantile
from crm.embedded import Postgres, Valkey
from crm.environment import CHECKOUT, read_environment

PATIENCE = 240.0  # seconds for a renewal, on a machine that is busy with other things
COMING, QUIET = 5.0, 15.0  # seconds in which all clients come, and up to the renewal; between them is its control
BEHIND, FAILED = 1.0, 0  # seconds a screen may be behind, requests that may fail
METHOD = (
    "`make run` as it is (two web processes on one socket, relay, worker, beat) with {clients} watching clients, "
    "{writes:g} writes a second and reads among them over kept connections; then `make renew`. Behind: from the answer "
    "to a write to its frame at a client. The control is the time before the renewal, in the same run."
)
STARTER = [sys.executable, "-m", "crm.starter"]


class Running:
    """The product as the starter runs it; its one "fault" is a renewal."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url, self.ws_urls = f"http://127.0.0.1:{self.port}", [f"ws://127.0.0.1:{self.port}/ws/live"]
        self.environment = os.environ | {"PULSE_DATA": str(folder), "PORT": str(self.port), "DEMO": "0"}
        with (folder / "starter.log").open("wb") as output:
            self.starter = subprocess.Popen(
                [*STARTER, "--with-parent"], env=self.environment, stdout=output, stderr=output, cwd=CHECKOUT
            )

    def is_ready(self) -> bool:
        with suppress(OSError), urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
            return bool(json.load(answer)["status"] == "ready")
        return False

    def begin(self, fault: Fault) -> None:
        self.leaving = self.processes()
        subprocess.run([*STARTER, "--renew"], env=self.environment, cwd=CHECKOUT, check=True)

    def undo(self, fault: Fault) -> None:
        wait_until(lambda: not any(process.is_running() for process in self.leaving), PATIENCE)

    def processes(self) -> list[psutil.Process]:
        """Ours, without the servers."""
        children = psutil.Process(self.starter.pid).children()
        return [child for child in children if child.name() not in (Postgres.program, Valkey.program)]

    def stop(self) -> None:
        self.starter.send_signal(signal.SIGTERM)
        self.starter.wait(60)


@contextmanager
def running() -> Iterator[Running]:
    folder = Path(tempfile.mkdtemp(prefix="pulse-rolling-"))
    folder.chmod(0o711)
    found = Running(folder)
    try:
        wait_until(found.is_ready)
        os.environ |= read_environment(folder) | ENVIRONMENT
        set_up()
        yield found
    finally:
        found.stop()
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def seconds_behind(history: History) -> list[tuple[float, float]]:
    """(when, how long) for each change and client: from the writer's answer to the frame."""
    known = {
        (f"customer:{call.customer}", call.answer): call.answered_at
        for call in history.calls
        if call.outcome == "acknowledged" and call.verb == "title"
    }
    return [
        (event.at, max(0.0, event.at - known[event.record, event.version]))
        for events in history.heard.values()
        for event in events
        if event.what == "frame" and (event.record, event.version) in known
    ]


def report(run: Run, failures: int) -> Report:
    renewal = run.history.faults[0]
    load = run.load
    found = Report("rolling", "Rolling restart under load", METHOD.format(clients=load.clients, writes=load.writes))
    behind = seconds_behind(run.history)
    before = [seconds for at, seconds in behind if COMING <= at < renewal.began_at]
    during = [seconds for at, seconds in behind if at >= renewal.began_at]
    failed = [call for call in run.history.calls if call.tries > 1 or call.outcome == "unknown"]
    found.add(Figure("the renewal of all processes took", renewal.repaired_at - renewal.began_at, "s"))
    found.add(Figure("HTTP requests", len(run.history.calls), "requests"))
    found.add(Figure("HTTP requests that failed", len(failed), "requests", FAILED))
    worst = {"control": max(before), "control_name": "before it"}
    found.add(Figure("longest that a screen was behind", max(during), "s", BEHIND, **worst))  # type: ignore[arg-type]
    tail = {"control": quantile(before, 0.99), "control_name": "before it"}
    found.add(Figure("behind, p99", quantile(during, 0.99), "s", **tail))  # type: ignore[arg-type]
    found.add(Figure(f"broken rules of the fault checker ({len(RULES)} rules)", failures, "", 0))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--writes", type=float, default=50, help="a second")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--dry", action="store_true", help="leave the published figures as they are")
    options = parser.parse_args()
    load = Load(seed=1, seconds=options.seconds, clients=options.clients, writes=options.writes)
    with running() as found:
        run = Run(found, load, [Fault(QUIET, "renewal", "of all processes")], print)
        asyncio.run(run.play())
        failures = judge(run.history, run.log(), run.unequal)
        print("\n".join(tell(run.history, failures)))
    figures = report(run, len(failures))
    if not options.dry:
        figures.finish()
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
