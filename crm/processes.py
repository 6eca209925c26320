"""Child processes that die with us, the user that servers run as, and the folders they get. Knows nothing of Django."""

import hashlib
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import ClassVar

import psutil

LAUNCHER = Path(__file__).with_name("launch.py")
# A socket's whole path may have 104 characters on macOS and 107 on Linux.
LONGEST_TEMPORARY_FOLDER = 60


class ServerError(Exception):
    """Something that we start cannot do its work; the text is one line for the person at the terminal."""


def launched(program: Sequence[str], death_signal: signal.Signals) -> list[str]:
    """The command that runs `program` so that it gets `death_signal` when this process dies."""
    return _launch(program, death_signal, os.geteuid(), os.getegid(), closed=False)


def launched_as_service(program: Sequence[str], death_signal: signal.Signals, folder: Path) -> list[str]:
    """The same for a server that works in `folder` and must not run as root."""
    user = service_user()
    if user is None:
        return launched(program, death_signal)
    closed = not (is_open_to(user, Path(program[0])) and is_open_to(user, folder))
    return _launch(program, death_signal, user.pw_uid, user.pw_gid, closed=closed)


def _launch(program: Sequence[str], death_signal: signal.Signals, uid: int, gid: int, *, closed: bool) -> list[str]:
    numbers = [os.getpid(), int(death_signal), uid, gid, int(closed)]
    return [sys.executable, "-I", "-S", str(LAUNCHER), *map(str, numbers), *program]


class Child(ABC):
    """A process that we start, restart and stop; in a session of its own, so that Ctrl-C reaches us alone."""

    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    patience: ClassVar[float] = 20  # seconds to stop in, before it is killed
    routine: ClassVar[re.Pattern[str] | None] = None  # lines for the log alone: nobody needs them on a terminal

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.log = folder / "log" / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.is_stopping = False

    @abstractmethod
    def launch(self) -> None:
        """Starts it, and does not wait for it to be ready."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether it does its work, as far as it says so."""

    def spawn(self, command: Sequence[str], folder: Path, environment: dict[str, str], fds: Sequence[int] = ()) -> None:
        """Its output goes to a file, since a pipe that nobody empties would stop it."""
        self.is_stopping = False
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=fds,
                start_new_session=True,
            )

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ask_to_stop(self) -> None:
        if self.process is not None and self.is_alive() and not self.is_stopping:
            self.is_stopping = True
            self.process.send_signal(self.stop_signal)

    def stop(self) -> None:
        """Orderly, and with all it started; may be called twice."""
        self.ask_to_stop()
        if self.process is not None and self.is_alive():
            head = psutil.Process(self.process.pid)
            end([], self.stop_signal, [head, *head.children(recursive=True)], patience=self.patience)
        self.process = None

    def kill(self) -> None:
        """What a crash does: no warning, nothing written."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


def end(
    heads: Sequence[psutil.Process],
    polite: signal.Signals,
    followers: Sequence[psutil.Process] = (),
    *,
    patience: float = 20,
) -> None:
    """Asks the heads, waits `patience` seconds for all, kills who is left, and returns when all are gone."""
    signal_all(heads, polite)
    _, alive = psutil.wait_procs({*heads, *followers}, timeout=patience)
    signal_all(alive, signal.SIGKILL)
    psutil.wait_procs(alive, timeout=5)


def signal_all(processes: Sequence[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


@cache
def service_user() -> pwd.struct_passwd | None:
    """Whom root starts servers as, since PostgreSQL refuses to be root; None when we are not root."""
    if os.geteuid() != 0:
        return None
    known = {user.pw_name: user for user in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def is_open_to(user: pwd.struct_passwd, path: Path) -> bool:
    """Whether every folder above `path` lets the user through."""
    return all(
        folder.stat().st_mode & stat.S_IXOTH or folder.stat().st_uid == user.pw_uid for folder in path.resolve().parents
    )


def own_folder(path: Path) -> None:
    """A folder that only the user of the servers may enter; refused when somebody else made it."""
    user = service_user()
    uid, gid = (user.pw_uid, user.pw_gid) if user else (os.geteuid(), os.getegid())
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {uid, os.geteuid()}:
            raise ServerError(f"{path} belongs to somebody else")
        os.chown(path, uid, gid)
        path.chmod(0o700)
    except OSError as error:
        raise ServerError(f"cannot make the folder {path}: {error.strerror}") from None


def socket_folder(folder: Path) -> Path:
    """Where the sockets of the servers in `folder` lie: short, and another for every folder and user."""
    temporary = Path(tempfile.gettempdir())
    if len(str(temporary)) > LONGEST_TEMPORARY_FOLDER:
        temporary = Path("/tmp")  # noqa: S108  (own_folder refuses one made by somebody else)
    digest = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
    return temporary / f"pulse-{os.geteuid()}-{digest}"


def require_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ServerError(f"the disk is full: {folder} has {free >> 20} MB left and needs {needed >> 20} MB")


def complaint(text: str) -> str:
    """The line of a failed program's output that says why."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line for word in ("FATAL", "No space", "ERROR", "rror"))]
    return (telling or lines or ["it said nothing"])[0 if telling else -1]
