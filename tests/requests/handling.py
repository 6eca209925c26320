"""A worker's steps one by one, without its pool: claim, and handle without claiming what follows; and many at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, transaction

from crm.requests import engine, turns, worker


def claim(worker="here:1"):
    return engine.claim(engine.Slot("requests", worker))


def handle(attempt):
    turn = turns.Turn("requests", "here")
    turn.over = 0
    return worker.handle(attempt, turn)


def handle_next():
    return handle(claim())


def handled(request):
    """The row as it is after the next of the queue, which it is taken to be, was handled."""
    handle_next()
    request.refresh_from_db()
    return request


def at_once(*works):
    """What each of them raised, by threads with connections of their own."""
    together = threading.Barrier(len(works))

    def run(work):
        together.wait()
        try:
            with transaction.atomic():
                work()
        except Exception as error:
            return type(error)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return [raised for raised in pool.map(run, works) if raised]
