"""Readers and writers of a few customers, with pauses where a race could hide. A stale read is one that is older than
what was committed before it began."""

import mmap
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

READERS, WRITERS, KEYS = 64, 16, 50
PAUSED, LONGEST = 0.1, 0.01  # share of the steps that pause, and seconds of the longest pause
WRITE_EVERY = 0.02  # seconds, of each writer


@dataclass
class Seen:
    """What one worker saw: reads and stale ones among them; or writes."""

    reads: int = 0
    stale: int = 0
    writes: int = 0


class Shared:
    """What all processes see: the last committed version of each key, and which readers are done."""

    def __init__(self, path: str) -> None:
        with Path(path).open("r+b") as file:
            numbers = memoryview(mmap.mmap(file.fileno(), 8 * (KEYS + READERS))).cast("q")
        self.committed, self.done = numbers[:KEYS], numbers[KEYS:]


def lay_out(path: Path, versions: Sequence[int]) -> None:
    path.write_bytes(b"".join(number.to_bytes(8, "little") for number in (*versions, *[0] * READERS)))


def work(worker: int, path: str, ids: Sequence[int], actor: int, reads: int, way: str) -> Seen:
    """A reader reads so often; a writer goes on until all readers have. `way`: product or naive."""
    from crm.staff.models import User

    alice = User.objects.get(pk=actor)
    shared, choose = Shared(path), random.Random(worker)
    read, write = WAYS[way](alice, choose)
    if worker < READERS:
        seen = read_on(shared, choose, ids, read, reads // READERS)
        shared.done[worker] = 1
        return seen
    return write_on(shared, choose, ids, write, worker - READERS)


def read_on(shared: Shared, choose: random.Random, ids: Sequence[int], read: Callable[[int], int], times: int) -> Seen:
    seen = Seen()
    for _ in range(times):
        key = choose.randrange(KEYS)
        least = shared.committed[key]
        seen.stale += read(ids[key]) < least
        seen.reads += 1
    return seen


def write_on(
    shared: Shared, choose: random.Random, ids: Sequence[int], write: Callable[[int, int], int], writer: int
) -> Seen:
    """Each key has one writer, so what it committed last is what stands."""
    seen, mine = Seen(), range(writer, KEYS, WRITERS)
    while not all(shared.done):
        key = choose.choice(mine)
        shared.committed[key] = write(ids[key], shared.committed[key])
        seen.writes += 1
        time.sleep(choose.uniform(0, 2 * WRITE_EVERY))
    return seen


Way = tuple[Callable[[int], int], Callable[[int, int], int]]


def product_way(alice: Any, choose: random.Random) -> Way:
    """The product's own reading and writing, with pauses before the cache is asked and before it is filled."""
    from crm.records import cache
    from customers import reading, services

    reading.cache = Paused(cache, choose)  # type: ignore[attr-defined, assignment]

    def write(customer_id: int, version: int) -> int:
        changes = {"title": f"of {time.time()}"}
        return int(services.update_customer(customer_id, actor=alice, version=version, changes=changes)["version"])

    return lambda customer_id: int(reading.read_customer(customer_id, alice)["version"]), write


class Paused:
    """The cache module as the reading path uses it, with pauses."""

    def __init__(self, cache: Any, choose: random.Random) -> None:
        self.cache, self.choose = cache, choose

    def __getattr__(self, name: str) -> Any:
        pause(self.choose)
        return getattr(self.cache, name)


def naive_way(alice: Any, choose: random.Random) -> Way:
    """Takes what the cache has, fills it from the table, deletes the entry after a write: as everybody does first."""
    from crm.records import valkey
    from crm.records.reading import visible_version
    from customers.models import Customer

    _, write = product_way(alice, choose)

    def read(customer_id: int) -> int:
        held = valkey.attempt(lambda client: client.get(f"naive:{customer_id}"))
        if held is not None:
            return int(held)
        version = visible_version(Customer, customer_id, alice) or 0
        pause(choose)
        valkey.attempt(lambda client: client.set(f"naive:{customer_id}", version, ex=60))
        return version

    def write_and_delete(customer_id: int, version: int) -> int:
        written = write(customer_id, version)
        valkey.attempt(lambda client: client.delete(f"naive:{customer_id}"))
        return written

    return read, write_and_delete


WAYS = {"product": product_way, "naive": naive_way}


def pause(choose: random.Random) -> None:
    if choose.random() < PAUSED:
        time.sleep(choose.uniform(0, LONGEST))
