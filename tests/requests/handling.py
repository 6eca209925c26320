"""A worker's steps one by one, without its pool: claim, and handle without claiming what follows."""

from crm.requests import engine, worker


def claim(worker="here:1"):
    return engine.claim(engine.Slot("requests", worker))


def handle(attempt):
    turn = worker.Turn("requests", "here")
    turn.over = 0
    return worker.handle(attempt, turn)


def handle_next():
    return handle(claim())


def handled(request):
    """The row as it is after the next of the queue, which it is taken to be, was handled."""
    handle_next()
    request.refresh_from_db()
    return request
