"""Keeps children alive, shows what they write, and stops them in order."""

import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from types import FrameType

from crm.processes import Child, ServerError
from crm.starter.terminal import Terminal, complain

TICK = 0.1  # seconds
SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
STEADY = 30.0  # who has lived that long starts again without a pause
READY_WITHIN = 60.0  # seconds for a successor, on a machine that is busy


class Stopped(Exception):
    """Somebody asked us to stop: Ctrl-C, a closed terminal, a service manager."""


class StopSignals:
    """The first signal asks for an orderly stop; the next one kills what still runs. SIGUSR1 asks for a renewal."""

    def __init__(self) -> None:
        self.asked = self.renewal_asked = False
        self.impatient: Callable[[], None] = lambda: None

    def listen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.receive)
        signal.signal(signal.SIGUSR1, self.receive_renewal)

    def receive_renewal(self, number: int, frame: FrameType | None) -> None:
        self.renewal_asked = True

    def takes_renewal(self) -> bool:
        """Whether one was asked for since the last call."""
        asked, self.renewal_asked = self.renewal_asked, False
        return asked

    def receive(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            self.impatient()
        self.asked = True


@dataclass
class Fate:
    """When a child was started, and how long its next start waits."""

    started: float
    pause: float = SHORTEST_PAUSE
    restart_at: float | None = None

    def died(self, now: float) -> float:
        if now - self.started > STEADY:
            self.pause = SHORTEST_PAUSE
        self.restart_at = now + self.pause
        wait, self.pause = self.pause, min(self.pause * 2, LONGEST_PAUSE)
        return wait


class Supervisor:
    """`groups` in the order in which they are stopped."""

    def __init__(
        self, groups: Sequence[Sequence[Child]], signals: StopSignals, changed: Callable[[bool], None]
    ) -> None:
        self.groups = groups
        self.signals = signals
        self.changed = changed
        self.children = [child for group in groups for child in group]
        self.terminal = Terminal(reversed(self.children))
        self.fates: dict[str, Fate] = {}
        signals.impatient = self.kill

    def start(self, *children: Child) -> None:
        for child in children:
            child.launch()
            self.fates[child.name] = Fate(time.monotonic())
        self.changed(False)

    def run(self, until: Callable[[], bool] = lambda: False) -> None:
        """Until `until` says so; raises Stopped when we are asked to stop."""
        while not until():
            if self.signals.asked:
                raise Stopped
            self.look_after_all()
            self.terminal.show_news()
            time.sleep(TICK)

    def look_after_all(self) -> None:
        now = time.monotonic()
        for child in self.children:
            fate = self.fates.get(child.name)
            if fate is None or child.is_alive():
                continue
            if fate.restart_at is None:
                complain(f"{child.name} ended ({ending(child)}); it starts again in {fate.died(now):g} s")
            elif now >= fate.restart_at:
                self.restart(child, fate)

    def restart(self, child: Child, fate: Fate) -> None:
        try:
            child.launch()
        except (ServerError, OSError) as error:
            complain(f"{error}; next try in {fate.died(time.monotonic()):g} s")
            return
        fate.started, fate.restart_at = time.monotonic(), None
        self.changed(False)

    def renew(self, child: Child) -> bool:
        """Starts a successor and, once it is ready, stops the one before; one that does not get ready is given up."""
        leaving = copy(child)
        try:
            child.launch()
        except (ServerError, OSError) as error:
            complain(str(error))
            return False
        deadline = time.monotonic() + READY_WITHIN
        try:
            self.run(until=lambda: child.is_ready() or not child.is_alive() or time.monotonic() > deadline)
            is_renewed = child.is_ready()
            if is_renewed:
                self.fates[child.name] = Fate(time.monotonic())
            else:
                complain(f"the new {child.name} does not get ready ({ending(child)}); the one before goes on")
                leaving, child.process = copy(child), leaving.process
            self.changed(False)
            self.leave(leaving)
        finally:
            leaving.stop()
        return is_renewed

    def leave(self, child: Child) -> None:
        """As long as it finishes what it has begun, the others are looked after."""
        child.ask_to_stop()
        deadline = time.monotonic() + child.patience
        self.run(until=lambda: not child.is_alive() or time.monotonic() > deadline)

    def stop(self) -> None:
        """Group by group, the children of one at the same time."""
        with suppress(OSError):  # a full disk must not keep us from stopping
            self.changed(True)
        for group in self.groups:
            for child in group:
                child.ask_to_stop()
            for child in group:
                child.stop()
        self.terminal.show_news()

    def kill(self) -> None:
        for child in self.children:
            child.kill()


def ending(child: Child) -> str:
    code = child.process.returncode if child.process else None
    return signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
