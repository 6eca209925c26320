"""Renews the leases of what this process handles, by a thread and a connection of its own."""

import logging
import os
import threading
import time
from typing import Any

import psycopg

from crm.requests import engine
from crm.requests.kinds import Attempt
from crm.timings import recorder

RENEW_EVERY = engine.LEASE / 4

log = logging.getLogger(__name__)


class Leases:
    def __init__(self) -> None:
        self.held: dict[tuple[int, int], float] = {}  # since when, by request and number of the attempt
        self.thread: threading.Thread | None = None
        self.starting = threading.Lock()

    def take(self, attempt: Attempt) -> None:
        self.held[attempt.request_id, attempt.number] = time.monotonic()
        with self.starting:
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self.run, name="leases", daemon=True)
                self.thread.start()

    def release(self, attempt: Attempt) -> None:
        self.held.pop((attempt.request_id, attempt.number), None)

    def run(self) -> None:
        """Most requests end before their lease needs renewing, and then no connection is made."""
        while True:
            time.sleep(RENEW_EVERY)
            if self.due():
                try:
                    with recorder.connect() as connection:
                        self.renew(connection)
                except psycopg.Error as error:
                    log.warning("Leases cannot be renewed: %s", str(error).strip())

    def renew(self, connection: "psycopg.Connection[Any]") -> None:
        while due := self.due():
            requests, numbers = zip(*due, strict=True)
            connection.execute(engine.RENEW, [engine.LEASE, list(requests), list(numbers)])
            time.sleep(RENEW_EVERY)

    def due(self) -> list[tuple[int, int]]:
        """The attempts that have been held for a while, each as request and number."""
        before = time.monotonic() - RENEW_EVERY
        return [attempt for attempt, since in dict(self.held).items() if since < before]


ours = Leases()


def _forget_parent() -> None:
    """A forked slot has not its parent's thread."""
    global ours
    ours = Leases()


os.register_at_fork(after_in_child=_forget_parent)
