"""Many workers at once: processes of several threads, every thread with Django and a database connection of its own."""

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

READY_WITHIN = 60  # seconds

_together: Any = None  # in a worker's process: the barrier of all workers


class Crew:
    """`work` runs a task in every thread of every process; the processes stay for the next task."""

    def __init__(self, processes: int, threads: int) -> None:
        self.processes, self.threads = processes, threads
        context = multiprocessing.get_context("spawn")
        self.together = context.Barrier(processes)
        self.pool = ProcessPoolExecutor(processes, context, begin, (self.together,))

    def __enter__(self) -> "Crew":
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(cancel_futures=True)

    def work(self, task: Callable[..., Any], **arguments: Any) -> list[Any]:
        """What `task(number of the worker, **arguments)` returned in each worker. All begin at the same time."""
        return [found for futures in [self.start(task, **arguments)] for future in futures for found in future.result()]

    def start(self, task: Callable[..., Any], **arguments: Any) -> list[Any]:
        """The same without waiting: a future of a list for each process."""
        return [self.pool.submit(run, task, number, self.threads, arguments) for number in range(self.processes)]


def begin(together: Any) -> None:
    import django

    global _together
    _together = together
    django.setup()


def run(task: Callable[..., Any], process: int, threads: int, arguments: dict[str, Any]) -> list[Any]:
    started = threading.Barrier(threads, action=lambda: _together.wait(READY_WITHIN))

    def worker(thread: int) -> Any:
        from django.db import connection

        connection.ensure_connection()
        started.wait(READY_WITHIN)
        try:
            return task(process * threads + thread, **arguments)
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(worker, range(threads)))
