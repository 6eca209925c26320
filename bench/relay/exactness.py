"""The test that a relay passes when it misses and reorders nothing, and the naive relay that fails it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from bench.crew import Crew
from bench.relay.judge import Verdict, head, replay, rows
from bench.relay.writers import held_snapshot, write_mixed
from crm.live.mover import MOST, SHARED

NAIVE = f"""
WITH next AS (SELECT * FROM change_new WHERE id > %(last)s ORDER BY id LIMIT %(limit)s), numbered AS (
    INSERT INTO change (seq, {SHARED}, numbered_at)
    SELECT (SELECT head FROM log_state) + row_number() OVER (ORDER BY id), {SHARED}, now() FROM next)
UPDATE log_state SET head = head + (SELECT count(*) FROM next)
WHERE EXISTS (SELECT FROM next) RETURNING (SELECT max(id) FROM next)
"""
PATIENCE = 10.0  # seconds in which the head stands still until nothing more will come


@dataclass
class Outcome:
    committed: int
    rolled_back: int
    seconds: float
    verdict: Verdict

    @property
    def faults(self) -> int:
        return self.verdict.faults(self.committed)


def run(crew: Crew, url: str, ids: list[int], changes: int, held_open: float) -> Outcome:
    """Writes, waits until nothing waits in the inbox any more, and judges. Some relay is at work."""
    copy, since, begun = rows(url), head(url), time.monotonic()
    share = changes // (crew.processes * crew.threads)
    with held_snapshot(url):
        written = crew.work(write_mixed, url=url, ids=ids, changes=share, held_open=held_open)
        wait_for_head(url, since + sum(each.committed for each in written))
    seconds = time.monotonic() - begun
    committed, rolled_back = sum(each.committed for each in written), sum(each.rolled_back for each in written)
    return Outcome(committed, rolled_back, seconds, replay(url, copy, since))


def wait_for_head(url: str, wanted: int) -> None:
    """Returns when all is numbered, or nothing more comes."""
    seen, since = head(url), time.monotonic()
    while seen < wanted and time.monotonic() - since < PATIENCE:
        time.sleep(0.2)
        if (now := head(url)) != seen:
            seen, since = now, time.monotonic()


@contextmanager
def naive_relay(url: str) -> Iterator[None]:
    """Reads the inbox behind a cursor, `id > last`, as everybody's first outbox does."""
    stopping = threading.Event()
    thread = threading.Thread(target=follow, args=(url, stopping))
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def follow(url: str, stopping: threading.Event) -> None:
    last = 0
    with psycopg.connect(url, autocommit=True) as connection:
        while not stopping.is_set():
            found = connection.execute(NAIVE, {"last": last, "limit": MOST}).fetchone()
            last = found[0] if found else last
            stopping.wait(0 if found else 0.002)
