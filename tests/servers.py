"""The private PostgreSQL and Valkey of one test run, in a temporary folder that is gone afterwards."""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from crm.embedded import Servers, start_servers

PREFIX = "pulse-test-"


class PrivateServers:
    """Starts what the environment does not name, and names it there for the settings."""

    def __init__(self) -> None:
        remove_abandoned_folders()
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        self.folder.chmod(0o711)
        self.lock = lock(self.folder)
        self.servers: Servers | None = None

    def start(self) -> None:
        if {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
            return
        self.servers = start_servers(self.folder, durable=False)
        os.environ.setdefault("DATABASE_URL", self.servers.database_url)
        os.environ.setdefault("REDIS_URL", self.servers.redis_url)

    def stop(self) -> None:
        if self.servers:
            self.servers.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def remove_abandoned_folders() -> None:
    """Those of runs that were killed: nobody holds their lock."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            os.close(lock(folder))
            shutil.rmtree(folder, ignore_errors=True)


def lock(folder: Path) -> int:
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle
