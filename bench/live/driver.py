"""An open-loop generator: acts at a constant rate whatever becomes of what it did, and says when it should have."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

HEAD_START = 0.2  # seconds

Key = tuple[str, int]  # a record and its version


class Sent(NamedTuple):
    key: Key
    scheduled: float
    done: float  # acknowledged, as `act` says


class Driver:
    """Threads that stay; enough of them that one is free whenever it is time to act."""

    def __init__(self, threads: int = 4, prepare: Callable[[], Any] = lambda: None) -> None:
        """`prepare` is called once in each thread."""
        self.threads = threads
        self.pool = ThreadPoolExecutor(threads)
        together = threading.Barrier(threads)
        list(self.pool.map(lambda _: (prepare(), together.wait()), range(threads)))

    def drive(self, rate: float, seconds: float, act: Callable[[int], tuple[Key, float]]) -> list[Sent]:
        """`act(number)` returns what it wrote and when that was acknowledged."""
        begun = time.perf_counter() + HEAD_START
        numbers = iter(range(round(rate * seconds)))
        taking = threading.Lock()
        sent: list[Sent] = []

        def work(_: int) -> None:
            while True:
                with taking:
                    number = next(numbers, None)
                if number is None:
                    return
                scheduled = begun + number / rate
                time.sleep(max(0.0, scheduled - time.perf_counter()))
                key, done = act(number)
                sent.append(Sent(key, scheduled, done))

        list(self.pool.map(work, range(self.threads)))
        return sent


class Background(threading.Thread):
    """The same beside other work; `sent` after `join`."""

    def __init__(self, driver: Driver, rate: float, seconds: float, act: Callable[[int], tuple[Key, float]]) -> None:
        super().__init__()
        self.sent: list[Sent] = []
        self.drive = partial(driver.drive, rate, seconds, act)
        self.start()

    def run(self) -> None:
        self.sent = self.drive()
