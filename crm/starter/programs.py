"""Our own processes as children of the starter: web, relay, worker, requests and beat."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from crm import processes
from crm.environment import CHECKOUT
from crm.processes import Child
from crm.readiness import VARIABLE, Ear

MANAGE = [sys.executable, str(CHECKOUT / "manage.py")]
# As root (in a container) celery warns at every start; whoever runs it there has decided so.
CELERY = [
    sys.executable,
    "-W",
    "ignore:You're running the worker with superuser",
    "-m",
    "celery",
    "-A",
    "crm",
    "--quiet",
]
# These serve clusters of workers that look at each other; ours do not.
ALONE = ["--without-mingle", "--without-gossip", "--without-heartbeat"]
SPARE_CONNECTIONS = 2  # of a pool of threads, beside one for each


class Program(Child):
    patience = 12

    def __init__(
        self, name: str, command: Sequence[str], folder: Path, environment: dict[str, str], fds: Sequence[int] = ()
    ) -> None:
        super().__init__(name, folder)
        self.command = command
        self.environment = environment
        self.fds = fds
        self.ear: Ear | None = None

    def launch(self) -> None:
        command = processes.launched(self.command, self.stop_signal)
        if self.ear:
            self.ear.close()
        ear = self.ear = Ear()
        told = self.environment | {VARIABLE: str(ear.fd)}
        self.spawn(command, CHECKOUT, os.environ | told, [*self.fds, ear.fd])
        ear.started()

    def is_ready(self) -> bool:
        return self.ear is not None and self.ear.hears_ready()


def web(folder: Path, environment: dict[str, str], listening: int, count: int) -> list[Child]:
    """`count` processes that accept from one socket."""
    command = [*MANAGE, "web", "--fd", str(listening)]
    return [Program(f"web-{number}", command, folder, environment, [listening]) for number in range(1, count + 1)]


def relay(folder: Path, environment: dict[str, str]) -> Child:
    return Program("relay", [*MANAGE, "relay"], folder, environment)


def worker(folder: Path, environment: dict[str, str], count: int = 2) -> Child:
    """Imports and upkeep, each in a process of its own: they compute."""
    concurrency = ["--concurrency", str(count)]
    return Program("worker", [*CELERY, "worker", "--queues", "celery", *concurrency, *ALONE], folder, environment)


def requests(folder: Path, environment: dict[str, str], count: int, slots: int = 10) -> list[Child]:
    """Customers' requests, many threads in each process: they wait, and as processes they would push each other out."""
    pool = ["--queues", "requests", "--pool", "threads", "--concurrency", str(slots)]
    told = environment | {"DATABASE_POOL": str(slots + SPARE_CONNECTIONS)}
    return [
        Program(name, [*CELERY, "worker", "--hostname", f"{name}@%h", *pool, *ALONE], folder, told)
        for name in (f"requests-{number}" for number in range(1, count + 1))
    ]


def beat(folder: Path, environment: dict[str, str]) -> Child:
    schedule = ["--schedule", str(folder / "beat-schedule"), "--pidfile", ""]
    return Program("beat", [*CELERY, "beat", *schedule], folder, environment)
