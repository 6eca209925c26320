"""Each pool that handles requests says now and then that it is there, and how many slots it has: to board and waker."""

import threading
from typing import Any

import psycopg
from celery.signals import worker_ready, worker_shutdown

from crm.requests.kinds import kinds
from crm.timings.recorder import connect

EVERY = 2.0  # seconds
HERE = """
INSERT INTO requests_worker (name, slots, queues, seen_at) VALUES (%s, %s, %s, clock_timestamp())
ON CONFLICT (name) DO UPDATE SET slots = excluded.slots, queues = excluded.queues, seen_at = excluded.seen_at"""
GONE = "DELETE FROM requests_worker WHERE name = %s OR seen_at < clock_timestamp() - interval '1 day'"

_leaving = threading.Event()


@worker_ready.connect
def begin(sender: Any, **_: object) -> None:
    queues = {each.name for each in sender.task_consumer.queues}
    if queues & {kind.queue for kind in kinds()}:
        said = [sender.hostname, sender.controller.concurrency, " ".join(sorted(queues))]
        threading.Thread(target=stay, args=(said,), name="roll call", daemon=True).start()


@worker_shutdown.connect
def leave(**_: object) -> None:
    _leaving.set()


def stay(said: list[Any]) -> None:
    while not _leaving.is_set():
        try:
            with connect() as connection:
                while not _leaving.is_set():
                    connection.execute(HERE, said)
                    _leaving.wait(EVERY)
                connection.execute(GONE, said[:1])
        except psycopg.Error:
            _leaving.wait(EVERY)
