"""Two web hosts, two hosts of relay, worker and requests, one PostgreSQL, Valkey with a replica and three Sentinels."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from bench.faults.keeper import Keeper
from bench.faults.schedule import Fault
from bench.faults.stage import wait_until
from bench.machines.net import NETWORK, Machine, OnMachine, network
from bench.product import ENVIRONMENT, set_up
from crm.embedded import Postgres, Valkey, valkey_program
from crm.processes import Child, launched
from crm.starter import programs
from crm.starter.programs import ALONE, CELERY, MANAGE, Program
from crm.starter.run import manage

WEB, WORK, BUS = ("web-a", "web-b"), ("work-a", "work-b"), ("bus-a", "bus-b")
DATABASE = "db"
WATCHED = "pulse"  # what the Sentinels call the Valkey that they watch
PORT = 8000


class RemotePostgres(OnMachine, Postgres):
    """Reached by everybody on the network, as a managed server is."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        super().__init__(folder)
        self.machine = machine

    def command(self) -> list[str]:
        return [*super().command(), "-c", "listen_addresses=*"]

    def initialise(self) -> None:
        super().initialise()
        with (self.data / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {NETWORK} trust\n")


class RemoteValkey(OnMachine, Valkey):
    def __init__(self, machine: Machine, folder: Path, primary: Machine | None = None) -> None:
        super().__init__(folder)
        self.machine, self.primary = machine, primary

    def command(self) -> list[str]:
        following = ["--replicaof", self.primary.address, "6379"] if self.primary else []
        reached = ["--port", "6379", "--bind", "0.0.0.0", "--protected-mode", "no"]
        quick = ["--repl-diskless-sync-delay", "0", "--repl-timeout", "5", "--repl-ping-replica-period", "1"]
        return [*super().command(), *reached, *quick, *following]


class Sentinel(OnMachine, Child):
    """One of three; two must agree that the primary is gone."""

    def __init__(self, machine: Machine, primary: Machine, folder: Path) -> None:
        super().__init__(f"sentinel-{machine.name}", folder)
        self.machine, self.file = machine, folder / f"sentinel-{machine.name}.conf"
        folder.mkdir(parents=True, exist_ok=True)
        self.file.write_text(
            f"port 26379\nbind 0.0.0.0\nprotected-mode no\ndir {folder}\n"
            f"sentinel monitor {WATCHED} {primary.address} 6379 2\n"
            f"sentinel down-after-milliseconds {WATCHED} 1000\nsentinel failover-timeout {WATCHED} 4000\n"
        )

    def launch(self) -> None:
        command = [str(valkey_program()), str(self.file), "--sentinel"]
        self.spawn(launched(command, signal.SIGTERM), self.file.parent, dict(os.environ))

    def is_ready(self) -> bool:
        return self.is_alive()


class RemoteProgram(OnMachine, Program):
    def __init__(self, machine: Machine, name: str, command: Sequence[str], folder: Path, told: dict[str, str]) -> None:
        super().__init__(f"{name}-{machine.name}", command, folder, told)
        self.machine = machine


class Hosts:
    """The stage of a run: `cut` takes a machine off the network."""

    def __init__(self, machines: Mapping[str, Machine], folder: Path) -> None:
        self.machines, self.folder = machines, folder
        primary = machines[BUS[0]]
        self.postgres = RemotePostgres(machines[DATABASE], folder / "db")
        self.valkeys = [
            RemoteValkey(primary, folder / BUS[0]),
            RemoteValkey(machines[BUS[1]], folder / BUS[1], primary),
        ]
        self.sentinels = [Sentinel(machines[name], primary, folder / name) for name in (DATABASE, *BUS)]
        self.programs = self.make_programs()
        everybody = [*self.programs, *self.sentinels, *self.valkeys, self.postgres]
        self.keeper = Keeper(everybody)
        self.by_name = {child.name: child for child in everybody}
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = int(probe.getsockname()[1])

    @property
    def ws_urls(self) -> list[str]:
        return [f"ws://127.0.0.1:{self.port}/ws/live"]

    def environment(self) -> dict[str, str]:
        watchers = ",".join(f"{sentinel.machine.address}:26379" for sentinel in self.sentinels)
        return {
            "DATABASE_URL": f"postgresql://pulse@{self.machines[DATABASE].address}/pulse",
            "REDIS_URL": f"redis+sentinel://{watchers}/{WATCHED}/0",
            "STATIC_ROOT": str(self.folder / "static"),
            "MEDIA_ROOT": str(self.folder / "media"),
        }

    def make_programs(self) -> list[Child]:
        told = {**ENVIRONMENT, **self.environment(), "TIMINGS_WRITER": "1"}
        hosts = ",".join(["127.0.0.1", *(self.machines[name].address for name in WEB)])
        web = [*MANAGE, "web", "--host", "0.0.0.0", "--port", str(PORT)]
        worker = [*CELERY, "worker", "--queues", "celery", "--concurrency", "1", *ALONE]
        requests = [*CELERY, "worker", "--queues", "requests", "--pool", "threads", "--concurrency", "10", *ALONE]
        found: list[Child] = [
            RemoteProgram(self.machines[name], "web", web, self.folder, told | {"ALLOWED_HOSTS": hosts}) for name in WEB
        ]
        for name in WORK:
            machine = self.machines[name]
            found.append(RemoteProgram(machine, "relay", [*MANAGE, "relay"], self.folder, told))
            found.append(RemoteProgram(machine, "worker", [*worker, "--hostname", f"worker@{name}"], self.folder, told))
            named = [*requests, "--hostname", f"requests@{name}"]
            found.append(RemoteProgram(machine, "requests", named, self.folder, told))
        return [*found, programs.beat(self.folder, told)]

    def start(self) -> None:
        self.keeper.start(self.postgres, *self.valkeys)
        self.postgres.wait_until_ready()
        for valkey in self.valkeys:
            valkey.wait_until_ready()
        self.keeper.start(*self.sentinels)
        os.environ |= ENVIRONMENT | self.environment()
        wait_until(lambda: manage(["prepare"], dict(ENVIRONMENT | self.environment()), self.keeper.signals) == 0)
        set_up()
        self.keeper.start(*self.programs)
        self.keeper.begin()
        wait_until(self.is_ready)
        hosts = [f"{self.machines[name].address}:{PORT}" for name in WEB]
        command = [sys.executable, "-m", "bench.machines.balancer", str(self.port), *hosts]
        self.balancer = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self.balancer.stdout is not None
        self.balancer.stdout.readline()  # it listens

    def stop(self) -> None:
        self.keeper.end(*self.programs)
        self.balancer.kill()
        self.balancer.wait()
        for server in (*self.sentinels, *self.valkeys, self.postgres):
            server.stop()

    def begin(self, fault: Fault) -> None:
        if fault.kind == "cut":
            self.machines[fault.target].cut()
        for child in self.killed_by(fault):
            child.kill()

    def undo(self, fault: Fault) -> None:
        if fault.kind == "cut":
            self.machines[fault.target].join()
            wait_until(self.is_ready)
        killed = self.killed_by(fault)
        wait_until(lambda: all(child.is_alive() and child.is_ready() for child in killed))

    def killed_by(self, fault: Fault) -> list[Child]:
        names = (fault.target if fault.kind == "kill" else "", fault.killed)
        return [self.by_name[name] for name in names if name]

    def is_ready(self) -> bool:
        return all(answers_ready(self.machines[name]) for name in WEB)


def answers_ready(machine: Machine) -> bool:
    """As a load balancer asks."""
    with suppress(OSError), urllib.request.urlopen(f"http://{machine.address}:{PORT}/readyz", timeout=2) as answer:
        found = json.load(answer)["dependencies"]
        return all(found[name]["ok"] for name in ("database", "valkey", "relay"))
    return False


@contextmanager
def hosts() -> Iterator[Hosts]:
    with ExitStack() as opened:
        folder = Path(tempfile.mkdtemp(prefix="pulse-machines-"))
        folder.chmod(0o711)
        opened.callback(shutil.rmtree, folder, ignore_errors=True)
        machines = opened.enter_context(network([DATABASE, *BUS, *WEB, *WORK]))
        found = Hosts(machines, folder)
        opened.callback(found.stop)
        found.start()
        yield found
