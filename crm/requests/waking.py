"""Wakes the pool: a Celery message says "there is something", never what. Forgotten or doubled, it does no harm."""

import logging
import os
import threading
import time
from collections import Counter
from datetime import timedelta
from queue import SimpleQueue

from django.db import DatabaseError, transaction
from django.db.models import Sum
from django.utils import timezone

from crm.celery import app
from crm.requests.models import Worker

STALE = timedelta(seconds=10)  # after which a pool that is silent counts as gone
COUNTED_FOR = 2.0  # seconds that the number of slots is taken for known

log = logging.getLogger(__name__)


def wake_after_commit(queue: str) -> None:
    """Never waited for: a thread speaks with the broker."""
    transaction.on_commit(lambda: wake(queue))


def wake(queue: str, count: int = 1) -> None:
    """For so many requests that became ready. Never fails: without a broker the clock's sweep does it later."""
    try:
        slots()
    except DatabaseError as error:
        log.warning("The pool is as large as it was: %s", error)
    _waker.due.put((queue, count))
    _waker.start()


def send_wakes(queue: str, count: int) -> None:
    """A message for each, but no more wait than there are slots."""
    with app.connection_or_acquire() as connection:
        waiting = connection.default_channel.queue_declare(queue, durable=True, auto_delete=False).message_count
        for _ in range(min(count, max(_Held.slots, 1) - waiting)):
            app.send_task("crm.requests.tasks.drain", [queue], queue=queue, retry=False)


class Waker:
    """The thread of this process that wakes pools. It asks no database: Celery closes connections at will."""

    def __init__(self) -> None:
        self.due: SimpleQueue[tuple[str, int]] = SimpleQueue()
        self.thread: threading.Thread | None = None
        self.starting = threading.Lock()

    def start(self) -> None:
        if self.thread is None or not self.thread.is_alive():
            with self.starting:
                if self.thread is None or not self.thread.is_alive():
                    self.thread = threading.Thread(target=self.run, name="wakes the pool", daemon=True)
                    self.thread.start()

    def run(self) -> None:
        while True:
            for queue, count in self.take_all().items():
                try:
                    send_wakes(queue, count)
                except Exception as error:  # each broker's library has errors of its own
                    log.warning("The pool is not woken now; the clock will do it: %s", error)

    def take_all(self) -> Counter[str]:
        """Whatever is due by now, by queue."""
        queue, count = self.due.get()
        found = Counter({queue: count})
        while not self.due.empty():
            queue, count = self.due.get()
            found[queue] += count
        return found


class _Held:
    slots = 0
    counted_at = -COUNTED_FOR


def slots() -> int:
    """How many requests all pools together can handle at once."""
    if time.monotonic() - _Held.counted_at > COUNTED_FOR:
        fresh = Worker.objects.filter(seen_at__gt=timezone.now() - STALE)
        _Held.slots = fresh.aggregate(all=Sum("slots"))["all"] or 0
        _Held.counted_at = time.monotonic()
    return _Held.slots


_waker = Waker()


def _forget_parent() -> None:
    """A forked slot has not its parent's thread."""
    global _waker
    _waker = Waker()


os.register_at_fork(after_in_child=_forget_parent)
