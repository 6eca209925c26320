"""One slot of the pool at work: claims, handles and ends requests until nothing is ready or its turn is over."""

import logging
import math
import os
import socket
import threading
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

import psycopg
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, OperationalError, close_old_connections, connections, transaction

from crm.records.context import acting
from crm.records.errors import RecordError
from crm.records.wake import wake as wake_relay
from crm.requests import engine, waking
from crm.requests.kinds import Attempt, Handover, Kind, Refused, kind_named
from crm.timings import recorder

TURN = 2.0  # seconds after which a slot is given back, so that other work gets its turn
RENEW_EVERY = engine.LEASE / 4
LOOK_EVERY = 1.0  # seconds, at whether an attempt takes longer than its kind may
GRACE = 1.0  # seconds for a thread to notice that its statement was cancelled
SWEEP_EVERY = 1.0  # seconds; a busy pool sweeps for itself, an idle one is swept by the clock

log = logging.getLogger(__name__)


class Turn:
    """One slot's turn: what it claims until its time is over, and what it has in hand."""

    def __init__(self, queue: str, pool: str) -> None:
        self.named = engine.Slot(queue, f"{pool}/{threading.get_native_id()}")
        self.over = time.monotonic() + TURN
        self.in_hand: Attempt | None = None
        self.late_from = math.inf
        self.is_left = False
        self.database: Any = None  # of the thread that works

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.over

    @property
    def slot(self) -> engine.Slot:
        """Claims nothing any more when the turn is over."""
        return engine.NOBODY if self.is_over else self.named

    def claim(self) -> Attempt | None:
        return None if self.is_over else engine.claim(self.named)

    def take(self, attempt: Attempt, kind: Kind | None) -> None:
        self.late_from = time.monotonic() + kind.time_limit if kind else math.inf
        self.in_hand = attempt

    @property
    def late(self) -> Attempt | None:
        """The attempt in hand, when it has taken longer than its kind may."""
        attempt = self.in_hand
        return attempt if time.monotonic() >= self.late_from else None


def drain(queue: str, pool: str) -> None:
    """Works until nothing is ready or the turn is over; then asks for another turn.

    By a thread of its own: one that hangs cannot be ended, but left behind.
    """
    turn = Turn(queue, pool)
    hand = threading.Thread(target=run, args=(turn,), name="hand", daemon=True)
    hand.start()
    try:
        watch(turn, hand)
        if turn.is_over:
            waking.wake(queue)
    finally:
        close_old_connections()


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
    leases.release(late)
    try:
        engine.try_again(late, f"took longer than {kind.time_limit:g} s", kind.attempts)
    except engine.Lost:
        log.info("Attempt %d at request %d had just ended", late.number, late.request_id)
    except OperationalError as error:
        log.warning("Request %d waits for its lease to end: %s", late.request_id, error)
    wake_relay()


def run(turn: Turn) -> None:
    """What the thread does."""
    turn.database = connections[DEFAULT_DB_ALIAS]
    try:
        work(turn)
    except OperationalError as error:
        log.warning("A turn ends early: %s", error)
    finally:
        close_old_connections()


def work(turn: Turn) -> None:
    attempt = turn.claim()
    while attempt:
        sweep_now_and_then()
        attempt = handle(attempt, turn) or turn.claim()


def handle(attempt: Attempt, turn: Turn) -> Attempt | None:
    """One attempt to its end, whatever that is; gives the one that the slot claimed with that end.

    Raises nothing that a second attempt could mend.
    """
    kind = kind_named(attempt.kind)
    wake_relay()  # so that screens see it running
    leases.take(attempt)
    turn.take(attempt, kind)
    try:
        return end_of(kind, attempt, turn)
    except engine.Lost:
        log.info("Attempt %d at request %d was no longer ours", attempt.number, attempt.request_id)
        return None
    except OperationalError as error:
        log.warning("Request %d waits for its lease to end: %s", attempt.request_id, error)
        close_old_connections()
        return None
    finally:
        turn.in_hand = None
        leases.release(attempt)
        wake_relay()


def end_of(kind: Kind | None, attempt: Attempt, turn: Turn) -> Attempt | None:
    if kind is None:
        return engine.try_again(attempt, f"no worker here knows the kind {attempt.kind}", 5, turn.slot)
    try:
        waited = kind.wait(attempt) if kind.wait else None
        with acting(None, "request"), transaction.atomic():
            result = kind.apply(replace(attempt, waited=waited))
            if isinstance(result, Handover):
                return engine.hand_over(attempt, result, turn.slot)
            return engine.finish(attempt, result, turn.slot)
    except (engine.Lost, OperationalError):
        raise
    except (Refused, ValidationError, RecordError) as error:
        return engine.refuse(attempt, reason_of(error), turn.slot)
    except Exception as error:
        log.exception("Attempt %d at request %d failed", attempt.number, attempt.request_id)
        # Everybody reads the reason: its first line, since PostgreSQL quotes the row in the next.
        reason = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        return engine.try_again(attempt, reason, kind.attempts, turn.slot)


def reason_of(error: Exception) -> str:
    if isinstance(error, ValidationError):
        by_field = error.message_dict if hasattr(error, "error_dict") else {}
        return "; ".join(f"{name}: {' '.join(said)}" for name, said in by_field.items()) or "; ".join(error.messages)
    return str(error) or type(error).__name__


class Leases:
    """Renews the leases of what this process handles, by a thread and a connection of its own."""

    def __init__(self) -> None:
        self.held: dict[tuple[int, int], float] = {}  # since when, by request and number of the attempt
        self.thread: threading.Thread | None = None
        self.starting = threading.Lock()

    def take(self, attempt: Attempt) -> None:
        self.held[attempt.request_id, attempt.number] = time.monotonic()
        with self.starting:
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self.run, name="leases", daemon=True)
                self.thread.start()

    def release(self, attempt: Attempt) -> None:
        self.held.pop((attempt.request_id, attempt.number), None)

    def run(self) -> None:
        """Most requests end before their lease needs renewing, and then no connection is made."""
        while True:
            time.sleep(RENEW_EVERY)
            if self.due():
                try:
                    with recorder.connect() as connection:
                        self.renew(connection)
                except psycopg.Error as error:
                    log.warning("Leases cannot be renewed: %s", str(error).strip())

    def renew(self, connection: "psycopg.Connection[Any]") -> None:
        while due := self.due():
            requests, numbers = zip(*due, strict=True)
            connection.execute(engine.RENEW, [engine.LEASE, list(requests), list(numbers)])
            time.sleep(RENEW_EVERY)

    def due(self) -> list[tuple[int, int]]:
        """The attempts that have been held for a while, each as request and number."""
        before = time.monotonic() - RENEW_EVERY
        return [attempt for attempt, since in dict(self.held).items() if since < before]


leases = Leases()
_swept_at = 0.0


def sweep_now_and_then() -> None:
    global _swept_at
    if time.monotonic() - _swept_at >= SWEEP_EVERY:
        _swept_at = time.monotonic()
        engine.sweep()


def _forget_parent() -> None:
    """A forked slot has not its parent's thread."""
    global leases
    leases = Leases()


os.register_at_fork(after_in_child=_forget_parent)
