"""The second control: from a commit to the sockets without a log, as it is mostly done. The statement that updates a
row of a bare table notifies, one process hears that and publishes, the bare server sends."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.live import bare
from bench.live.driver import Key

CHANNEL = "bench_notified"
TABLE = """
CREATE TABLE IF NOT EXISTS bench_notified (id bigint PRIMARY KEY, title text NOT NULL);
INSERT INTO bench_notified SELECT i, '' FROM generate_series(0, %s - 1) i ON CONFLICT DO NOTHING"""
UPDATE = """
WITH updated AS (UPDATE bench_notified SET title = %s WHERE id = %s RETURNING id)
SELECT pg_notify(%s, %s) FROM updated"""


@contextmanager
def running(database_url: str, redis_url: str, records: int) -> Iterator[None]:
    """The table with so many rows, and the process that hears of their changes."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(TABLE, [records])
    command = [sys.executable, "-m", "bench.live.notified", database_url, redis_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            if process.stdout.readline() != "ready\n":
                raise ConnectionError("nobody listens for notifications")
            yield
        finally:
            process.kill()


def change(number: int, records: int) -> tuple[Key, float]:
    """The record with its new version, and when the commit was acknowledged."""
    from django.db import connection

    topic = f"customer:{number % records}"
    text = f"{topic} {bare.change(topic, number)}"
    with connection.cursor() as cursor:
        cursor.execute(UPDATE, [f"Buyer {number}", number % records, CHANNEL, text])
    return (topic, number), time.perf_counter()


def main(database_url: str, redis_url: str) -> None:
    import psycopg
    import redis

    valkey = redis.Redis.from_url(redis_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"LISTEN {CHANNEL}")
        print("ready", flush=True)
        for notification in connection.notifies():
            valkey.publish(bare.CHANNEL, notification.payload)


if __name__ == "__main__":
    main(*sys.argv[1:3])
