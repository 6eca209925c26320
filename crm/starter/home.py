"""The data folder of a checkout: one run at a time, what that run started, and its environment for manage.py."""

import fcntl
import json
import os
import secrets
import shlex
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from crm.processes import Child, ServerError, end

LONGEST_STOP = 60  # seconds


class Home:
    """`.data/`, or what PULSE_DATA names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.record_file = self.folder / "run.json"
        self.environment_file = self.folder / "environment"
        self.welcome = self.folder / "welcome"  # what to tell whoever starts us; written when all is prepared
        self.lock = -1

    def take(self) -> bool:
        """Makes this process the one that runs here; False when another does. The kernel frees it if we die."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with suppress(BlockingIOError):
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        os.close(self.lock)
        return False

    def take_or_complain(self) -> None:
        """Waits for a run that is stopping or starting; one that goes on is a reason not to start."""
        patience = time.monotonic() + LONGEST_STOP
        while not self.take():
            run = self.read_record()
            goes_on = run and not run["stopping"]
            if goes_on or time.monotonic() > patience:
                raise ServerError(f"Pulse runs here already: {run.get('url')} (process {run.get('starter')})")
            time.sleep(0.3)

    def end_leftovers(self) -> None:
        """Ends what a killed run left, and nothing else: a process counts only with its number and start time."""
        left = [process for pid, started in self.read_record().get("children", []) for process in same(pid, started)]
        followers = [follower for process in left for follower in process.children(recursive=True)]
        end(left, signal.SIGTERM, followers, patience=5)
        self.record_file.unlink(missing_ok=True)

    def record(self, url: str, children: Iterable[Child], *, stopping: bool = False) -> None:
        started = []
        for child in children:
            if child.process is not None and child.is_alive():
                with suppress(psutil.NoSuchProcess):
                    started.append((child.process.pid, psutil.Process(child.process.pid).create_time()))
        content = {"starter": os.getpid(), "url": url, "stopping": stopping, "children": started}
        write_privately(self.record_file, json.dumps(content))

    def forget_record(self) -> None:
        self.record_file.unlink(missing_ok=True)

    def read_record(self) -> dict[str, Any]:
        with suppress(OSError, ValueError):
            return dict(json.loads(self.record_file.read_text()))
        return {}

    def secret_key(self) -> str:
        path = self.folder / "secret_key"
        if not path.exists():
            write_privately(path, secrets.token_urlsafe(48))
        return path.read_text()

    def write_environment(self, environment: dict[str, str]) -> None:
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in sorted(environment.items())]
        write_privately(self.environment_file, "".join(lines))


def same(pid: int, started: float) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        if abs(process.create_time() - started) < 1:
            return [process]
    return []


def write_privately(path: Path, text: str) -> None:
    """Whole or not at all, for our eyes only: these files hold secrets, and a killed run must not leave half a one."""
    unfinished = path.with_name(f"{path.name}.new")
    with open(unfinished, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(text)
    unfinished.replace(path)
