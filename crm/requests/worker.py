"""One slot of the pool at work: claims, handles and ends requests until nothing is ready or its turn is over."""

import logging
import threading
import time
from dataclasses import replace

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, OperationalError, close_old_connections, connections, transaction

from crm.records.context import acting
from crm.records.errors import RecordError
from crm.records.wake import wake as wake_relay
from crm.requests import engine, leases, overtime, waking
from crm.requests.kinds import Attempt, Handover, Kind, Refused, kind_named
from crm.requests.turns import Turn

SWEEP_EVERY = 1.0  # seconds; a busy pool sweeps for itself, an idle one is swept by the clock

log = logging.getLogger(__name__)


def drain(queue: str, pool: str) -> None:
    """Works until nothing is ready or the turn is over; then asks for another turn.

    By a thread of its own: one that hangs cannot be ended, but left behind.
    """
    turn = Turn(queue, pool)
    hand = threading.Thread(target=run, args=(turn,), name="hand", daemon=True)
    hand.start()
    try:
        overtime.watch(turn, hand)
        if turn.is_over:
            waking.wake(queue)
    finally:
        close_old_connections()


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
    leases.ours.take(attempt)
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
        leases.ours.release(attempt)
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


_swept_at = 0.0


def sweep_now_and_then() -> None:
    global _swept_at
    if time.monotonic() - _swept_at >= SWEEP_EVERY:
        _swept_at = time.monotonic()
        engine.sweep()
