"""The control of the relay's delay: one that moves nothing. It rests as long and makes as many round trips as the relay
does for a change; what they take beside the same writers is the machine's part."""

import json
import multiprocessing
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
import redis


@contextmanager
def idle_relay(url: str, redis_url: str) -> Iterator[None]:
    from crm.live.bus import LOG
    from crm.live.mover import BUSY_POLL

    arguments = (url, redis_url, LOG, BUSY_POLL)
    process = multiprocessing.get_context("spawn").Process(target=run, args=arguments, daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


def run(url: str, redis_url: str, channel: str, rest: float) -> None:
    """Of a change that is committed at some moment of a rest: it is looked for, moved and published."""
    valkey = redis.Redis.from_url(redis_url)
    with psycopg.connect(url, autocommit=True) as connection:
        while True:
            committed = datetime.fromtimestamp(time.time() + random.random() * rest, UTC)
            time.sleep(rest)
            connection.execute("SELECT 1")
            connection.execute("SELECT 1")
            valkey.publish(channel, json.dumps({"rows": [{"written_at": committed.isoformat()}]}))
