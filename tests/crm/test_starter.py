"""`make run`: everything starts, everything stops, and no kill leaves anything that stops the next start."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from crm.environment import CHECKOUT
from tests.stack import STATIC_ROOT

pytestmark = pytest.mark.timeout(300)


class Run:
    """One starter, and all it has said so far."""

    def __init__(self, folder: Path, port: int, **environment: str) -> None:
        self.url = f"http://localhost:{port}"
        # The demo data have tests of their own, and would only make the first start longer.
        own = {"PULSE_DATA": str(folder), "PORT": str(port), "DEMO": "0", "STATIC_ROOT": str(STATIC_ROOT)}
        inherited = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "crm.starter"],
            cwd=CHECKOUT,
            env=inherited | own | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = ""

    def wait_for(self, text: str) -> "Run":
        assert self.process.stdout
        while text not in self.said:
            line = self.process.stdout.readline()
            assert line, f"ended without saying {text!r}:\n{self.said}"
            self.said += line
        return self

    def wait_until_it_runs(self) -> "Run":
        return self.wait_for("Pulse runs at")

    def wait_until_ended(self) -> int:
        assert self.process.stdout
        self.said += self.process.stdout.read()
        return self.process.wait(60)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.wait_until_ended()

    def family(self) -> dict[str, psutil.Process]:
        """All that it started, children's children included, by what they run."""
        found = {}
        for process in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.Error):
                found[" ".join(process.cmdline())] = process
        return found

    def process_of(self, words: str) -> psutil.Process | None:
        return next((process for command, process in self.family().items() if words in command), None)

    def answers(self) -> bool:
        with urllib.request.urlopen(f"{self.url}/healthz", timeout=30) as response:
            return response.status == 200


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def alive(processes: dict[str, psutil.Process]) -> list[str]:
    _, left = psutil.wait_procs(processes.values(), timeout=20)
    return [str(process) for process in left]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Data that have been served once, so that later starts find everything made."""
    with tempfile.TemporaryDirectory(prefix="pulse run ") as path:
        first = Run(Path(path), free_port()).wait_until_it_runs()
        assert "Preparing the database" in first.said
        assert first.answers()
        assert first.stop() == 0
        yield Path(path)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def run(folder: Path, port: int) -> Iterator[Run]:
    started = Run(folder, port).wait_until_it_runs()
    yield started
    if started.process.poll() is None:
        started.stop()


def test_a_later_start_makes_nothing_anew_and_a_stop_leaves_nothing(run: Run) -> None:
    family = run.family()
    ours = {"web", "relay", "worker", "requests", "beat"}
    assert ours | {"postgres", "valkey"} <= {word for line in family for word in names(line)}
    assert "Preparing the database" not in run.said
    assert run.stop() == 0
    assert alive(family) == []
    assert run.said.endswith("Stopped.\n")


def names(command: str) -> list[str]:
    return command.replace("valkey-server", "valkey").replace("/", " ").split()


def test_a_killed_run_leaves_nothing_that_stops_the_next(run: Run, folder: Path, port: int) -> None:
    family = run.family()
    run.process.kill()
    run.process.wait()
    again = Run(folder, port).wait_until_it_runs()
    assert alive(family) == []
    assert again.answers()
    assert again.stop() == 0


def test_children_that_die_start_again(run: Run) -> None:
    for words in ("postgres -D", "valkey-server", "manage.py relay", "web --fd"):
        killed = run.process_of(words)
        killed.kill()
        while run.process_of(words) in {None, killed}:
            time.sleep(0.1)
    assert run.answers()


def test_a_renewal_starts_all_of_ours_anew_and_no_server(run: Run, folder: Path) -> None:
    before = run.family()
    command = [sys.executable, "-m", "crm.starter", "--renew"]
    assert subprocess.run(command, cwd=CHECKOUT, env=os.environ | {"PULSE_DATA": str(folder)}, check=True)
    run.wait_for("All processes are new.")
    after = run.family()
    kept = {process.name() for process in after.values() if process in before.values()}
    assert kept == {"postgres", "valkey-server"}
    assert run.answers()


def test_without_a_run_there_is_nothing_to_renew(folder: Path) -> None:
    command = [sys.executable, "-m", "crm.starter", "--renew"]
    asked = subprocess.run(command, cwd=CHECKOUT, env=os.environ | {"PULSE_DATA": str(folder)}, capture_output=True)
    assert (asked.returncode, asked.stderr) == (1, b"pulse: Pulse does not run here\n")


def test_what_runs_already_is_named_and_left_alone(run: Run, folder: Path) -> None:
    second = Run(folder, free_port())
    assert second.wait_until_ended() == 1
    assert second.said == f"pulse: Pulse runs here already: {run.url} (process {run.process.pid})\n"
    assert run.answers()


def test_two_folders_run_side_by_side(run: Run) -> None:
    with tempfile.TemporaryDirectory(prefix="pulse-other-") as other_folder:
        other = Run(Path(other_folder), free_port()).wait_until_it_runs()
        assert run.answers()
        assert other.answers()
        other.process.kill()
        other.process.wait()
        assert Run(Path(other_folder), free_port()).wait_until_it_runs().stop() == 0
        assert run.answers()


def test_a_taken_port_is_one_clear_line(folder: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        refused = Run(folder, port)
        assert refused.wait_until_ended() == 1
    assert refused.said == f"pulse: port {port} is taken; choose another one, as in: PORT={port + 1} make run\n"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/pulse"),
        ("DATABASE_URL", "not an address"),
        ("REDIS_URL", "redis://127.0.0.1:1/0"),
        ("REDIS_URL", "http://127.0.0.1:1/0"),
    ],
)
def test_a_wrong_address_is_one_clear_line(folder: Path, port: int, variable: str, value: str) -> None:
    refused = Run(folder, port, **{variable: value})
    assert refused.wait_until_ended() == 1
    assert refused.said.count("\n") == 1
    assert variable in refused.said


def test_a_database_that_knows_ascii_alone_is_refused(folder: Path, port: int) -> None:
    address = os.environ["DATABASE_URL"]
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE DATABASE pulse_ascii TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'")
    try:
        refused = Run(folder, port, DATABASE_URL=address.replace("/pulse?", "/pulse_ascii?"))
        assert refused.wait_until_ended() == 1
        assert refused.said.count("\n") == 1
        assert "knows no letters beyond ASCII" in refused.said
    finally:
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("DROP DATABASE pulse_ascii WITH (FORCE)")
