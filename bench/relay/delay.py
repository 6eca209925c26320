"""How long a change takes from the trigger's clock to a subscriber of the bus, projection and cache included."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

import redis

from bench.crew import Crew
from bench.relay.writers import write_steadily
from crm.live.bus import LOG


@contextmanager
def overheard(redis_url: str) -> Iterator[list[float]]:
    """Fills with milliseconds from `written_at` until the change is heard here, of every change on the bus."""
    delays: list[float] = []
    stopping = threading.Event()
    thread = threading.Thread(target=listen, args=(redis_url, delays, stopping))
    thread.start()
    try:
        yield delays
    finally:
        stopping.set()
        thread.join()


def listen(redis_url: str, delays: list[float], stopping: threading.Event) -> None:
    client = redis.Redis.from_url(redis_url)
    with client.pubsub(ignore_subscribe_messages=True) as subscription:  # type: ignore[no-untyped-call]
        subscription.subscribe(LOG)
        while not stopping.is_set():
            with suppress(redis.TimeoutError):
                message = subscription.get_message(timeout=0.5)
                now = time.time()
                if message:
                    rows = json.loads(message["data"])["rows"]
                    delays += [1000 * (now - datetime.fromisoformat(row["written_at"]).timestamp()) for row in rows]


def measure(
    crew: Crew, url: str, redis_url: str, ids: list[int], rate: float, seconds: float
) -> tuple[list[float], list[float]]:
    """Milliseconds from written to published, and from written to acknowledged to the writer, under a steady stream."""
    workers = crew.processes * crew.threads
    with overheard(redis_url) as delays:
        acknowledged = crew.work(write_steadily, url=url, ids=ids, writers=workers, rate=rate, seconds=seconds)
        time.sleep(1)
    return delays, [each for some in acknowledged for each in some]
