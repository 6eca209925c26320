"""The starter's supervisor in a thread of its own: it starts again what died, while the run goes on."""

import threading
import time
from collections.abc import Sequence

from crm.processes import Child
from crm.starter.supervisor import TICK, Fate, StopSignals, Supervisor


class Keeper:
    def __init__(self, children: Sequence[Child]) -> None:
        self.signals = StopSignals()
        self.supervisor = Supervisor([children], self.signals, lambda _stopping: None)
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.look_after_all, daemon=True)

    def begin(self) -> None:
        self.thread.start()

    def start(self, *children: Child) -> None:
        self.supervisor.start(*children)

    def adopt(self, *children: Child) -> None:
        """These run already, and are looked after from now on."""
        for child in children:
            self.supervisor.fates[child.name] = Fate(time.monotonic())

    def look_after_all(self) -> None:
        while not self.stopping.wait(TICK):
            self.supervisor.look_after_all()

    def end(self, *children: Child) -> None:
        """Nothing is started any more, and these stop."""
        self.stopping.set()
        if self.thread.is_alive():
            self.thread.join()
        for child in children:
            child.ask_to_stop()
        for child in children:
            child.stop()
