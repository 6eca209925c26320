"""A RabbitMQ of our own, from the distribution's package: the broker of a run that tries one by URL alone."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

from crm.processes import Child, launched

PLACES = os.pathsep.join(("/usr/lib/rabbitmq/bin", os.environ.get("PATH", "")))  # Debian's wrapper insists on its user
LOCALHOST = "127.0.0.1"


class RabbitMQ(Child):
    """Keeps its queues in `folder`, so that one that was killed finds them again."""

    def __init__(self, folder: Path) -> None:
        super().__init__("rabbitmq", folder)
        program = shutil.which("rabbitmq-server", path=PLACES)
        if not program:
            sys.exit("There is no rabbitmq-server here (apt-get install rabbitmq-server).")
        self.program, self.folder = program, folder
        self.port, self.names, self.nodes = free_ports(3)

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@{LOCALHOST}:{self.port}//"

    def start(self) -> None:
        self.launch()
        while not self.is_ready():
            assert self.is_alive(), self.log.read_text()
            time.sleep(0.02)

    def launch(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.spawn(launched([self.program], signal.SIGTERM), self.folder, os.environ | self.environment())

    def environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.folder),  # of the cookie
            "ERL_EPMD_ADDRESS": LOCALHOST,
            "ERL_EPMD_PORT": str(self.names),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq"),
            "RABBITMQ_DIST_PORT": str(self.nodes),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_MNESIA_BASE": str(self.folder),
            "RABBITMQ_NODENAME": "pulse@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": LOCALHOST,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RUNNING_UNDER_SYSTEMD": "1",  # so that its script becomes the server instead of waiting for it
        }

    def is_ready(self) -> bool:
        """It listens last of all."""
        with suppress(OSError), socket.create_connection((LOCALHOST, self.port), timeout=1):
            return True
        return False

    def stop(self) -> None:
        super().stop()
        # Erlang's register of names, which it leaves behind.
        subprocess.run(["epmd", "-port", str(self.names), "-kill"], capture_output=True, check=False)


def free_ports(count: int) -> list[int]:
    with ExitStack() as opened:
        probes = [opened.enter_context(socket.create_server((LOCALHOST, 0))) for _ in range(count)]
        return [int(probe.getsockname()[1]) for probe in probes]
