"""What takes longer than its kind may: ended as an attempt that failed, its thread, if need be, left behind."""

import logging
import os
import socket
import threading
import time
from contextlib import suppress

import psycopg
from django.db import OperationalError

from crm.records.wake import wake as wake_relay
from crm.requests import engine, leases
from crm.requests.kinds import Attempt, kind_named
from crm.requests.turns import Turn

LOOK_EVERY = 1.0  # seconds, at whether an attempt takes longer than its kind may
GRACE = 1.0  # seconds for a thread to notice that its statement was cancelled

log = logging.getLogger(__name__)


def watch(turn: Turn, hand: threading.Thread) -> None:
    """Until the hand is done or has to be left behind."""
    while hand.is_alive() and not turn.is_left:
        hand.join(LOOK_EVERY)
        if late := turn.late:
            stop(late, turn, hand)


def stop(late: Attempt, turn: Turn, hand: threading.Thread) -> None:
    """Ends an attempt that takes too long as one that failed; its thread goes on, if it lets go."""
    if session := turn.database.connection:
        with suppress(psycopg.Error):
            session.cancel_safe(timeout=GRACE)  # in case that it is PostgreSQL for which it waits
    over = time.monotonic() + GRACE
    while turn.in_hand is late and hand.is_alive() and time.monotonic() < over:
        hand.join(GRACE / 100)
    if turn.in_hand is late:
        leave_behind(late, turn)
    give_up(late)


def leave_behind(late: Attempt, turn: Turn) -> None:
    """The thread stays for as long as its handler does, and claims nothing more. What it holds in PostgreSQL is free.

    Its session has to end for that; its place in the pool of connections, which it keeps, is made up for.
    """
    log.error("Attempt %d at request %d hangs: its thread is left behind", late.number, late.request_id)
    turn.over, turn.is_left = 0, True
    if session := turn.database.connection:
        with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(session.fileno())) as its:
            its.shutdown(socket.SHUT_RDWR)
    pool = turn.database.pool
    pool.resize(pool.min_size, pool.max_size + 1)


def give_up(late: Attempt) -> None:
    kind = kind_named(late.kind)
    assert kind is not None
    leases.ours.release(late)
    try:
        engine.try_again(late, f"took longer than {kind.time_limit:g} s", kind.attempts)
    except engine.Lost:
        log.info("Attempt %d at request %d had just ended", late.number, late.request_id)
    except OperationalError as error:
        log.warning("Request %d waits for its lease to end: %s", late.request_id, error)
    wake_relay()
