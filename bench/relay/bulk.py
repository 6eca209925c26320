"""A bulk update by plain SQL: it reaches everybody who watches, and those who watch other records hardly wait."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg

from bench.relay.writers import write_steadily
from tests.live.client import Client

if TYPE_CHECKING:
    from tests.stack import Stack

WATCHERS, WATCHED = 8, 25  # sockets on records of the bulk update, and records of each, from its first to its last
OTHERS = 100  # records that it leaves alone, watched by one more socket
RATE = 50.0  # changes a second to those
COMPUTE = "DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$"
BULK = "UPDATE customers_customer SET title = 'of the bulk update' WHERE id = ANY(%s)"
PATIENCE = 300.0


@dataclass
class Bulk:
    """Milliseconds of others' changes, from written to received and to committed, before the bulk update, beside one
    that only computes, during it and while its statement ran; how many watched rows arrived, after how long."""

    normal: list[float] = field(default_factory=list)
    beside_computing: list[float] = field(default_factory=list)
    during: list[float] = field(default_factory=list)
    during_statement: list[float] = field(default_factory=list)
    normal_commits: list[float] = field(default_factory=list)
    commits_during: list[float] = field(default_factory=list)
    watched: int = 0
    reached: int = 0
    statement: float = 0.0
    seconds: float = 0.0


class Timed(Client):
    """Knows of each frame how long after its writing it came."""

    def __init__(self, url: str, **headers: str) -> None:
        self.delays: list[float] = []
        super().__init__(url, **headers)

    def take(self, message: dict[str, Any]) -> None:
        now = time.time()
        frames = message.get("frames", [])
        self.delays += [1000 * (now - datetime.fromisoformat(frame["at"]).timestamp()) for frame in frames]
        super().take(message)


def run(stack: "Stack", ids: Sequence[int], seconds: float) -> Bulk:
    """`seconds` of others' changes alone, as many beside a statement that only computes, then beside one that updates
    all rows but those."""
    others, bulk = list(ids[:OTHERS]), list(ids[OTHERS:])
    headers = {"Cookie": f"sessionid={stack.sign_in(stack.people.dana)}", "Origin": stack.url}
    reuse_segments(stack.database_url)
    apart = len(bulk) // (WATCHERS * WATCHED)
    found, parts = Bulk(), [bulk[number * apart - 1 :: WATCHERS * apart] for number in range(1, WATCHERS + 1)]
    with ExitStack() as opened:
        near = opened.enter_context(watching(stack.ws_url, headers, others))
        far = [opened.enter_context(watching(stack.ws_url, headers, part)) for part in parts]
        write = partial(write_steadily, 0, url=stack.database_url, ids=others, writers=1, rate=RATE)
        found.normal_commits = write(seconds=seconds)
        found.normal, near.delays = near.delays, []
        computing = threading.Thread(target=compute, args=(stack.database_url, seconds))
        computing.start()
        write(seconds=seconds)
        computing.join()
        found.beside_computing, near.delays = near.delays, []
        stop = threading.Event()
        writer = threading.Thread(target=lambda: found.commits_during.extend(write_until(stop, write)))
        writer.start()
        begun = time.monotonic()
        found.statement = update(stack.database_url, bulk)
        found.during_statement = list(near.delays)
        for client, part in zip(far, parts, strict=True):
            found.watched += len(part)
            found.reached += arrived(client, part, begun + PATIENCE)
        found.seconds = time.monotonic() - begun
        stop.set()
        writer.join()
        found.during = near.delays
    return found


def reuse_segments(url: str) -> None:
    """As in every database that has run for a while: else nearly all of the WAL would go to new segments."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")


@contextmanager
def watching(url: str, headers: dict[str, str], ids: Sequence[int]) -> Iterator[Timed]:
    client = Timed(url, **headers)
    try:
        client.watch(*(f"customer:{each}" for each in ids))
        yield client
    finally:
        client.close()


def write_until(stop: threading.Event, write: Callable[..., list[float]]) -> Iterator[float]:
    while not stop.is_set():
        yield from write(seconds=1.0)


def compute(url: str, seconds: float) -> None:
    """Keeps one core busy and touches nothing."""
    limit = f"-c statement_timeout={int(1000 * seconds)}"
    with psycopg.connect(url, autocommit=True, options=limit) as connection, suppress(psycopg.errors.QueryCanceled):
        connection.execute(COMPUTE)


def update(url: str, ids: list[int]) -> float:
    begun = time.monotonic()
    with psycopg.connect(url) as connection:
        connection.execute(BULK, [ids])
    return time.monotonic() - begun


def arrived(client: Timed, ids: Sequence[int], until: float) -> int:
    wanted = [f"customer:{each}" for each in ids]
    while time.monotonic() < until and not all(client.versions.get(topic) for topic in wanted):
        time.sleep(0.05)
    return sum(topic in client.versions for topic in wanted)
