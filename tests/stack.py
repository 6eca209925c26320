"""The whole product in processes of its own, on a copy of the test database: for sockets, browsers and faults."""

import fcntl
import os
import subprocess
import time
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from crm.embedded import Valkey
from crm.environment import CHECKOUT
from crm.processes import Child
from crm.starter import programs
from crm.starter.run import listen

STATIC_ROOT = CHECKOUT / ".data" / "test-static"  # kept: collecting takes seconds, and is skipped when nothing changed
WEB_PROCESSES = 2
PATIENCE = 60  # seconds for a process to be ready, on a machine that is busy with other tests


class Stack:
    """`.url`, `.ws_url`, `.database_url`, `.redis_url`, `.people`; `kill`, `start`, `restart` take a process's name."""

    def __init__(
        self,
        folder: Path,
        database_url: str,
        people: Any,
        *,
        valkey: Valkey | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """`environment`: what the processes are told beside what every run tells them."""
        self.people = people
        self.valkey = valkey or Valkey(folder, durable=False)
        self.listening = listen("127.0.0.1", 0)
        self.port = self.listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}/ws/live"
        self.database_url = database_url
        self.redis_url = self.valkey.url
        self.environment = {
            "DATABASE_URL": database_url,
            "REDIS_URL": self.redis_url,
            "PORT": str(self.port),
            "STATIC_ROOT": str(STATIC_ROOT),
            "MEDIA_ROOT": str(folder / "media"),
            "TIMINGS_WRITER": "1",
            **(environment or {}),
        }
        children = [
            programs.relay(folder, self.environment),
            programs.worker(folder, self.environment),
            *programs.requests(folder, self.environment, 1, int(self.environment.get("REQUEST_SLOTS", "10"))),
            *programs.web(folder, self.environment, self.listening.fileno(), WEB_PROCESSES),
        ]
        self.children: dict[str, Child] = {child.name: child for child in children}
        self.clock = programs.beat(folder, self.environment)

    def sign_in(self, user: Any) -> str:
        """The session cookie of a new session of that user."""
        from django.test import Client

        client = Client()
        client.force_login(user)
        return client.cookies["sessionid"].value

    def begin(self) -> None:
        if not self.valkey.is_alive():
            self.valkey.start()
        prepare(self.environment)
        for child in self.children.values():
            child.launch()
        self.wait_for_web()

    def end(self) -> None:
        for child in self.children.values():
            child.ask_to_stop()
        for child in (*self.children.values(), self.valkey):
            child.stop()
        self.listening.close()

    def repair(self) -> None:
        """Starts what a test has killed or stopped."""
        if not self.valkey.is_alive():
            self.valkey.start()
        for child in self.children.values():
            if not child.is_alive():
                child.launch()
        self.wait_for_web()

    def kill(self, name: str) -> None:
        """As a crash does; "web" means all of them."""
        for child in self.named(name):
            child.kill()

    def start(self, name: str) -> None:
        for child in self.named(name):
            child.launch()

    def restart(self, name: str) -> None:
        """Orderly, as a deployment does."""
        for child in self.named(name):
            child.stop()
            child.launch()

    def stop_valkey(self) -> None:
        self.valkey.stop()

    def start_valkey(self) -> None:
        self.valkey.start()

    def log(self, name: str) -> str:
        return "\n".join(child.log.read_text() for child in self.named(name))

    def named(self, name: str) -> list[Child]:
        found = [child for known, child in self.children.items() if known == name or known.startswith(f"{name}-")]
        assert found, f"no process is called {name}"
        return found

    def wait_for_web(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with suppress(OSError):
                urllib.request.urlopen(f"{self.url}/healthz", timeout=5).close()
                return
            time.sleep(0.05)
        raise TimeoutError(f"web does not answer:\n{self.log('web')}")


def prepare(environment: dict[str, str]) -> None:
    """As `make run` does; two test runs must not collect the same files at the same time."""
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    with (STATIC_ROOT.parent / "test-static.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([*programs.MANAGE, "prepare"], env=os.environ | environment, cwd=CHECKOUT, check=True)
