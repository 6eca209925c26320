"""The two things the starter does: run the product until it is stopped, or one manage.py command."""

import errno
import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NoReturn
from urllib.parse import quote

from crm.embedded import Postgres, Server, Valkey
from crm.environment import CHECKOUT, read_environment
from crm.processes import Child, ServerError, launched, require_space
from crm.starter import programs
from crm.starter.home import Home
from crm.starter.supervisor import Stopped, StopSignals, Supervisor
from crm.starter.terminal import say

BACKLOG = 1024
LARGEST_PORT = 65535
NEEDED_BYTES = 20 * 1024**2  # for a start; the first one needs more, and says so itself


class CommandFailed(Exception):
    """A command that we depend on has failed, and has said why itself."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def run_product(home: Home, signals: StopSignals) -> NoReturn:
    port = number_from_environment("PORT", 8000)
    home.take_or_complain()
    home.end_leftovers()
    require_space(home.folder, NEEDED_BYTES)
    servers = embedded_servers(home)
    environment = environment_for(home, servers) | {"PORT": str(port)}
    with listen(os.environ.get("HOST", "127.0.0.1"), port) as listening:
        web = programs.web(home.folder, environment, listening.fileno(), number_from_environment("WEB_PROCESSES", 2))
        relay = programs.relay(home.folder, environment)
        *workers, beat = clockwork = clockwork_of(home, environment)
        url = f"http://localhost:{port}"
        with supervised(home, signals, url, [web, clockwork, [relay], *in_stopping_order(servers)]) as supervisor:
            start_servers(supervisor, servers)
            home.write_environment(environment)
            is_ours = any(isinstance(server, Postgres) for server in servers)
            demand(prepare_command(home, is_ours=is_ours), environment, signals)
            # What a first page needs goes first: all at once would keep it waiting on a small machine.
            supervisor.start(web[0], relay)
            supervisor.run(until=lambda: answers(port))
            supervisor.start(*web[1:], *clockwork)
            say(f"\nPulse runs at {url}\n{home.welcome.read_text()}\nCtrl-C stops it. Data and logs: {home.folder}\n")
            while True:
                supervisor.run(until=signals.takes_renewal)
                # Under way the new code and the old one work side by side, on tables that serve both.
                if manage(["prepare"], environment, signals) == 0:
                    renew(supervisor, [*web, relay, *workers], beat)


def clockwork_of(home: Home, environment: dict[str, str]) -> list[Child]:
    """What works by Celery, its clock at the end."""
    count, slots = number_from_environment("REQUEST_PROCESSES", 1), number_from_environment("REQUEST_SLOTS", 10)
    return [
        *programs.requests(home.folder, environment, count, slots),
        programs.worker(home.folder, environment, number_from_environment("WORKER_PROCESSES", 2)),
        programs.beat(home.folder, environment),
    ]


def renew(supervisor: Supervisor, processes: Sequence[Child], beat: Child) -> None:
    """All processes of ours, one after the other, on the code that is now there; `beat` may not run twice at once."""
    say("Renewing the processes.")
    for process in processes:
        if not supervisor.renew(process):
            return
    beat.stop()
    beat.launch()
    say("All processes are new.")


def ask_for_renewal(home: Home) -> None:
    """Of the run in this folder; its own terminal says what comes of it."""
    if home.take():
        raise ServerError("Pulse does not run here")
    os.kill(home.read_record()["starter"], signal.SIGUSR1)
    say("Asked. The terminal of `make run` says what comes of it.")


def run_command(home: Home, signals: StopSignals, command: Sequence[str]) -> int:
    """Beside a running product its servers are used; otherwise they run as long as the command does."""
    if not home.take():
        return manage(command, read_environment(home.folder), signals)
    home.end_leftovers()
    require_space(home.folder, NEEDED_BYTES)
    servers = embedded_servers(home)
    environment = environment_for(home, servers)
    with supervised(home, signals, "", in_stopping_order(servers)) as supervisor:
        start_servers(supervisor, servers)
        home.write_environment(environment)
        demand(["prepare"], environment, signals)
        return manage(command, environment, signals)


def prepare_command(home: Home, *, is_ours: bool) -> list[str]:
    """Everybody knows the demo's password: into a database that is not ours it goes only when asked for."""
    wanted = os.environ.get("DEMO") or str(int(is_ours))
    return ["prepare", "--welcome", str(home.welcome), *(["--demo"] if wanted == "1" else [])]


@contextmanager
def supervised(home: Home, signals: StopSignals, url: str, groups: Sequence[Sequence[Child]]) -> Iterator[Supervisor]:
    def changed(stopping: bool) -> None:
        home.record(url, supervisor.children, stopping=stopping)

    supervisor = Supervisor(groups, signals, changed)
    try:
        yield supervisor
    finally:
        supervisor.stop()
        home.forget_record()


def embedded_servers(home: Home) -> list[Server]:
    """In starting order; an address in the environment means a server of your own instead."""
    servers: list[Server] = []
    if not os.environ.get("DATABASE_URL"):
        servers.append(Postgres(home.folder))
    if not os.environ.get("REDIS_URL"):
        servers.append(Valkey(home.folder))
    return servers


def in_stopping_order(servers: Sequence[Server]) -> list[list[Child]]:
    return [[server] for server in reversed(servers)]


def environment_for(home: Home, servers: Sequence[Server]) -> dict[str, str]:
    """What the settings read. Named in our own environment, each of these is left as it is."""
    addresses = {"DATABASE_URL" if isinstance(server, Postgres) else "REDIS_URL": server.url for server in servers}
    folders = {"MEDIA_ROOT": str(home.folder / "media"), "STATIC_ROOT": str(home.folder / "static")}
    mail = {"EMAIL_URL": f"file://{quote(str(home.folder / 'mail'))}"}
    defaults = {"SECRET_KEY": home.secret_key(), "TLS": "0", **folders, **mail}
    given = ("DATABASE_URL", "REDIS_URL", "DEBUG", "ALLOWED_HOSTS", *defaults)
    return {**defaults, **{name: os.environ[name] for name in given if os.environ.get(name)}, **addresses}


def start_servers(supervisor: Supervisor, servers: Sequence[Server]) -> None:
    """All at once; then each until it serves clients."""
    supervisor.start(*servers)
    for server in servers:
        server.wait_until_ready()


def listen(host: str, port: int) -> socket.socket:
    """One socket for all web processes. What they accept inherits TCP_NODELAY; with Nagle an answer takes 44 ms."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise ServerError(listening_complaint(error, host, port)) from None
    return listening


def listening_complaint(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken; choose another one, as in: PORT={port + 1} make run"
    return f"cannot listen on {host}:{port}: {error.strerror}"


def answers(port: int) -> bool:
    with suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        connection.request("GET", "/healthz")
        return bool(connection.getresponse().status)
    return False


def demand(command: Sequence[str], environment: dict[str, str], signals: StopSignals) -> None:
    code = manage(command, environment, signals)
    if code:
        raise CommandFailed(code)


def manage(command: Sequence[str], environment: dict[str, str], signals: StopSignals) -> int:
    """Runs a manage.py command on our terminal, but out of reach of its Ctrl-C: that asks us, and we stop it."""
    arguments = launched([*programs.MANAGE, *command], signal.SIGTERM)
    process = subprocess.Popen(arguments, env=os.environ | environment, cwd=CHECKOUT, start_new_session=True)
    while process.poll() is None:
        if signals.asked:
            process.terminate()
            process.wait()
            raise Stopped
        time.sleep(0.02)
    return process.returncode


def number_from_environment(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isdecimal() or not 0 < int(text) <= LARGEST_PORT:
        raise ServerError(f"{name} must be a number from 1 to {LARGEST_PORT}, not {text!r}")
    return int(text)
