"""What the faults befall: the whole product under its own supervisor, on durable servers, with proxies before them."""

import json
import os
import shutil
import signal
import socket
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg

from bench.faults.keeper import Keeper
from bench.faults.proxy import Proxy
from bench.faults.schedule import Fault
from bench.product import servers
from crm.embedded import Servers
from crm.processes import Child
from crm.starter import programs
from crm.starter.run import listen, manage

WEB_PROCESSES = 2
PATIENCE = 60.0  # seconds for a repair, on a machine that is busy with other things
LOOK_EVERY = 0.02


class Stage:
    """`url`, `ws_url`; `begin` and `end` a fault; the supervisor starts again what died."""

    def __init__(self, started: Servers, folder: Path, listening: socket.socket) -> None:
        self.servers, self.folder = started, folder
        sockets = started.postgres.sockets.with_name(f"{started.postgres.sockets.name}-through")
        self.proxies = {
            "valkey": Proxy(sockets / "valkey.sock", started.valkey.socket),
            "postgres": Proxy(sockets / ".s.PGSQL.5432", started.postgres.sockets / ".s.PGSQL.5432"),
        }
        sockets.chmod(0o711)
        self.sockets, self.port = sockets, int(listening.getsockname()[1])
        environment = self.environment()
        self.children: list[Child] = [
            *programs.web(folder, environment, listening.fileno(), WEB_PROCESSES),
            programs.relay(folder, environment),
            programs.worker(folder, environment),
            *programs.requests(folder, environment, 1),
            programs.beat(folder, environment),
        ]
        everybody: list[Child] = [*self.children, started.valkey, started.postgres]
        self.keeper = Keeper(everybody)
        self.by_name = {child.name: child for child in everybody}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_urls(self) -> list[str]:
        return [f"ws://127.0.0.1:{self.port}/ws/live"]

    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": f"postgresql://pulse@/pulse?host={quote(str(self.sockets), safe='')}",
            "REDIS_URL": f"unix://{self.sockets}/valkey.sock?db=0",
            "PORT": str(self.port),
            "STATIC_ROOT": str(self.folder / "static"),
            "MEDIA_ROOT": str(self.folder / "media"),
            "TIMINGS_WRITER": "1",
        }

    def start(self) -> None:
        manage(["prepare"], self.environment(), self.keeper.signals)
        self.keeper.adopt(self.servers.valkey, self.servers.postgres)
        self.keeper.start(*self.children)
        self.keeper.begin()
        wait_until(self.is_ready)

    def stop(self) -> None:
        self.keeper.end(*self.children)
        for proxy in self.proxies.values():
            proxy.end()
        shutil.rmtree(self.sockets, ignore_errors=True)

    # Faults.

    def begin(self, fault: Fault) -> None:
        match fault.kind:
            case "kill":
                kill(self.by_name[fault.target])
            case "pause":
                signal_all(self.by_name[fault.target], signal.SIGSTOP)
            case "flush":
                self.flush()
            case "reset":
                self.proxies[fault.target].reset()
            case "delay":
                self.proxies[fault.target].delay(fault.delay)

    def undo(self, fault: Fault) -> None:
        """Ends what lasts; what was killed is awaited until it serves again."""
        match fault.kind:
            case "pause":
                signal_all(self.by_name[fault.target], signal.SIGCONT)
            case "delay":
                self.proxies[fault.target].delay(0)
            case "kill":
                wait_until(lambda: self.is_back(fault.target))

    def flush(self) -> None:
        from crm.records import valkey

        valkey.client().flushall()

    def is_back(self, name: str) -> bool:
        if not self.by_name[name].is_alive():
            return False
        match name:
            case "postgres":
                return can_be_asked(self.servers.database_url)
            case "relay":
                return bool(self.dependencies().get("relay", {}).get("leading"))
            case "valkey":
                return self.servers.valkey.is_ready()
        return self.by_name[name].is_ready()

    def is_ready(self) -> bool:
        found = self.dependencies()
        return bool(found) and all(found[name]["ok"] for name in ("database", "valkey", "relay"))

    def dependencies(self) -> dict[str, Any]:
        with suppress(OSError, ValueError), urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
            return dict(json.load(answer)["dependencies"])
        return {}


@contextmanager
def stage() -> Iterator[Stage]:
    """Everything started; durable servers, since an acknowledged write must outlive a crash of theirs."""
    with servers() as started, ExitStack() as opened:
        folder = Path(tempfile.mkdtemp(prefix="pulse-faults-"))
        opened.callback(shutil.rmtree, folder, ignore_errors=True)
        listening = opened.enter_context(closing(listen("127.0.0.1", 0)))
        found = Stage(started, folder, listening)
        opened.callback(found.stop)
        found.start()
        yield found


def wait_until(is_so: Callable[[], bool], patience: float = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError("what a fault broke was not there again")
        time.sleep(LOOK_EVERY)


def kill(child: Child) -> None:
    """As a crash does; of PostgreSQL all processes at once, as of one that shares their memory."""
    if child.name == "postgres":
        signal_all(child, signal.SIGKILL)
    child.kill()


def signal_all(child: Child, number: signal.Signals) -> None:
    if child.process is None:
        return
    with suppress(psutil.NoSuchProcess):
        head = psutil.Process(child.process.pid)
        for process in [head, *head.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                os.kill(process.pid, number)


def can_be_asked(address: str) -> bool:
    with suppress(psycopg.Error), psycopg.connect(address, connect_timeout=2):
        return True
    return False
