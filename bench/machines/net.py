"""Machines as network namespaces on one bridge, with private addresses; a link can be taken down and up again."""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from crm.processes import Child

BRIDGE = "pulse-br"
NETWORK, OURS = "10.77.0.0/24", "10.77.0.1"
IP = shutil.which("ip") or "/usr/sbin/ip"


@dataclass(frozen=True)
class Machine:
    name: str
    address: str

    @property
    def space(self) -> str:
        """The namespace, and the name of our end of its link."""
        return f"pulse-{self.name}"

    def up(self) -> None:
        ip("netns", "add", self.space)
        ip("link", "add", self.space, "type", "veth", "peer", "name", "eth0", "netns", self.space)
        ip("link", "set", self.space, "master", BRIDGE, "up")
        ip("-n", self.space, "addr", "add", f"{self.address}/24", "dev", "eth0")
        for device in ("eth0", "lo"):
            ip("-n", self.space, "link", "set", device, "up")

    def down(self) -> None:
        with suppress(subprocess.CalledProcessError):
            ip("netns", "del", self.space)

    def cut(self) -> None:
        """What is under way is lost without a word, as when a cable is pulled."""
        ip("link", "set", self.space, "down")

    def join(self) -> None:
        ip("link", "set", self.space, "up")


@contextmanager
def network(names: Sequence[str]) -> Iterator[dict[str, Machine]]:
    """Machines by name; whatever an earlier run left of them is taken away first."""
    machines = {name: Machine(name, f"10.77.0.{number}") for number, name in enumerate(names, 11)}
    take_down(machines)
    try:
        ip("link", "add", BRIDGE, "type", "bridge", "forward_delay", "0")
        ip("addr", "add", f"{OURS}/24", "dev", BRIDGE)
        ip("link", "set", BRIDGE, "up")
        for machine in machines.values():
            machine.up()
        yield machines
    finally:
        take_down(machines)


def take_down(machines: dict[str, Machine]) -> None:
    for machine in machines.values():
        machine.down()
    with suppress(subprocess.CalledProcessError):
        ip("link", "del", BRIDGE)


def ip(*words: str) -> None:
    subprocess.run([IP, *words], check=True, capture_output=True)


class OnMachine(Child):
    """Mixed into a child: it is spawned in the namespace of its `machine`."""

    machine: Machine

    def spawn(self, command: Sequence[str], folder: Path, environment: dict[str, str], fds: Sequence[int] = ()) -> None:
        super().spawn([IP, "netns", "exec", self.machine.space, *command], folder, environment, fds)
