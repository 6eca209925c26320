"""Writers of plain SQL: transactions of mixed length that overlap and wait for each other, and a steady stream."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

SHORTEST, LONGEST = 0.001, 0.2  # seconds that a transaction stays open after its first statement
ROLLED_BACK = 0.05  # share of the transactions
ROWS = 32  # in one transaction, by two statements
MANY = "UPDATE customers_customer SET title = %s WHERE id = ANY(%s)"
ONE = "UPDATE customers_customer SET title = %s WHERE id = %s RETURNING extract(epoch FROM updated_at)::float8"


@dataclass
class Written:
    """What one writer did: changes that were committed, transactions that were not."""

    committed: int = 0
    rolled_back: int = 0


def write_mixed(worker: int, url: str, ids: list[int], changes: int, held_open: float) -> Written:
    """Until so many changes are committed. The first writer begins with a transaction of `held_open` seconds."""
    choose, done = random.Random(worker), Written()
    with psycopg.connect(url, autocommit=True) as connection:
        if worker == 0:
            transact(connection, choose.sample(ids, 2), held_open, done, is_kept=True)
        while done.committed < changes:
            some = choose.sample(ids, ROWS)
            transact(connection, some, choose.uniform(SHORTEST, LONGEST), done, is_kept=choose.random() >= ROLLED_BACK)
    return done


def transact(
    connection: psycopg.Connection[Any], ids: list[int], seconds: float, done: Written, *, is_kept: bool
) -> None:
    """Rows are locked in the order of their ids, so that writers wait for each other but never in a circle."""
    ids.sort()
    half = len(ids) // 2
    connection.execute("BEGIN")
    connection.execute(MANY, [f"of {time.time()}", ids[:half]])
    time.sleep(seconds)
    connection.execute(MANY, [f"of {time.time()}", ids[half:]])
    connection.execute("COMMIT" if is_kept else "ROLLBACK")
    if is_kept:
        done.committed += len(ids)
    else:
        done.rolled_back += 1


def write_steadily(worker: int, url: str, ids: list[int], writers: int, rate: float, seconds: float) -> list[float]:
    """`rate` commits a second by all writers together; milliseconds from written to acknowledged, of each of them."""
    choose, took, begun = random.Random(worker), [], time.time()
    with psycopg.connect(url, autocommit=True) as connection:
        number = 0
        while (due := begun + (number + worker / writers) * writers / rate) < begun + seconds:
            time.sleep(max(0.0, due - time.time()))
            row = connection.execute(ONE, [f"of {due}", choose.choice(ids)], prepare=True).fetchone()
            assert row is not None
            took.append(1000 * (time.time() - row[0]))
            number += 1
    return took


@contextmanager
def held_snapshot(url: str) -> Iterator[None]:
    """A reader whose REPEATABLE READ transaction stays open, as a backup's or a report's does."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        connection.execute("SELECT count(*) FROM customers_customer")
        yield
        connection.execute("COMMIT")
