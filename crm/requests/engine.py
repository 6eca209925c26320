"""The queue's own statements: claim, finish, try again, give back. Every end is fenced by the attempt that is ending.

A claim commits at once, so that it is seen live and a lost worker is noticed by its lease; what the handler writes
commits together with the request's end, or not at all.
"""

import json
import random
from typing import Any, NamedTuple

from django.db import connection

from crm.records.statements import prepared
from crm.requests.kinds import PEOPLE, Attempt, Handover
from crm.requests.triggers import LINE

LEASE = 3.0  # seconds after which a worker that has not renewed counts as lost
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 300.0  # seconds before a second and before any later attempt

# Each statement says itself by which way it writes, and is planned once for each connection.
WAY = "WITH way AS MATERIALIZED (SELECT set_config('pulse.actor', '', true), set_config('pulse.way', 'request', true))"
TAKE = """
UPDATE requests_request
SET state = 'running', attempt = attempt + 1, worker = %(worker)s, is_ready = false, reason = '',
    started_at = clock_timestamp(), lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
WHERE id = (SELECT id FROM requests_request WHERE is_ready AND queue = %(queue)s AND EXISTS (SELECT FROM {after})
            ORDER BY begin_by LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, kind, customer_id, payload, attempt, attempt - forgiven, sender"""
CLAIM = f"{WAY} {TAKE.format(after='way')}"
# Before its row: the triggers of an end go on to another row of the line, which somebody may just be cancelling.
HOLD_LINE = f"SELECT {LINE.format('%(customer)s')}"
END = """
UPDATE requests_request
SET state = %(state)s, result = %(result)s, reason = %(reason)s, finished_at = clock_timestamp(), lease_until = NULL
WHERE id = %(id)s AND attempt = %(attempt)s AND state = 'running' AND EXISTS (SELECT FROM held)
RETURNING id"""
TRY_AGAIN = """
UPDATE requests_request
SET state = 'queued', reason = %(reason)s, lease_until = NULL,
    retry_at = clock_timestamp() + make_interval(secs => %(pause)s)
WHERE id = %(id)s AND attempt = %(attempt)s AND state = 'running' AND EXISTS (SELECT FROM held)
RETURNING id"""
# No lease: people take as long as they take, and what they do not take is offered to others by the clock.
HAND_OVER = f"""
UPDATE requests_request
SET state = 'queued', queue = '{PEOPLE}', lease_until = NULL, worker = '',
    person_id = %(person)s, take_by = %(take_by)s, desk = %(desk)s,
    priority = coalesce(%(priority)s::smallint, priority)
WHERE id = %(id)s AND attempt = %(attempt)s AND state = 'running' AND EXISTS (SELECT FROM held)
RETURNING id"""  # noqa: S608  (constants)
# The end of one request and the claim of the next: one statement, one commit, one row of the log for each.
END_AND_TAKE, TRY_AGAIN_AND_TAKE, HAND_OVER_AND_TAKE = (
    f"{WAY}, held AS MATERIALIZED ({HOLD_LINE} FROM way),"  # noqa: S608  (constants)
    f" ended AS ({first}), taken AS ({TAKE.format(after='ended')}) SELECT taken.* FROM ended LEFT JOIN taken ON true"
    for first in (END, TRY_AGAIN, HAND_OVER)
)
RENEW = """
UPDATE requests_request SET lease_until = clock_timestamp() + make_interval(secs => %s)
WHERE state = 'running' AND (id, attempt) IN (SELECT * FROM unnest(%s::bigint[], %s::int[]))"""
# Who lost its worker goes on at once: the attempt was not the request's fault, so it is not made to wait.
GIVE_BACK = """
UPDATE requests_request
SET state = CASE WHEN attempt - forgiven >= %(most)s THEN 'dead' ELSE 'queued' END, reason = 'its worker was lost',
    is_ready = attempt - forgiven < %(most)s, lease_until = NULL,
    finished_at = CASE WHEN attempt - forgiven >= %(most)s THEN clock_timestamp() END
WHERE id IN (SELECT id FROM requests_request WHERE state = 'running' AND lease_until < clock_timestamp()
             ORDER BY id FOR UPDATE SKIP LOCKED)"""
READY_AGAIN = """
UPDATE requests_request SET is_ready = true, retry_at = NULL
WHERE id IN (SELECT id FROM requests_request WHERE retry_at <= clock_timestamp() AND state = 'queued'
             ORDER BY id FOR UPDATE SKIP LOCKED)"""
MOST_REASON = 1000  # characters
MOST_LOST = 20  # workers that one request may lose before it counts as the reason


class Lost(Exception):
    """The attempt is no longer ours: its lease ran out or somebody cancelled it. Whatever it wrote is rolled back."""


class Slot(NamedTuple):
    """A place for one request at a time: which queue it serves, and what it is called."""

    queue: str
    worker: str

    def values(self) -> dict[str, Any]:
        return {**self._asdict(), "lease": LEASE}


NOBODY = Slot("", "")  # claims nothing


def claim(slot: Slot) -> Attempt | None:
    """The next request of the queue, now running and ours; None when nothing is ready."""
    row = fetch(CLAIM, slot.values())
    return attempt_of(*row) if row else None


def attempt_of(
    request_id: int, kind: str, customer_id: int, payload: Any, number: int, tries: int, sender: str
) -> Attempt:
    return Attempt(request_id, kind, customer_id, json.loads(payload), number, tries, sender)


def finish(attempt: Attempt, result: dict[str, Any], slot: Slot = NOBODY) -> Attempt | None:
    """Call inside the transaction that wrote the effects. Raises Lost when the attempt is not ours any more.

    As every end, gives what the slot has claimed by the same commit. That is never what this end makes ready: the same
    customer's next.
    """
    return end(attempt, slot, state="done", result=json.dumps(result), reason="")


def hand_over(attempt: Attempt, to: Handover, slot: Slot = NOBODY) -> Attempt | None:
    """The request waits for a person from now on. Raises Lost."""
    values = {"person": to.person_id, "take_by": to.take_by, "desk": json.dumps(to.desk), "priority": to.priority}
    return end(attempt, slot, HAND_OVER_AND_TAKE, **values)


def refuse(attempt: Attempt, reason: str, slot: Slot = NOBODY) -> Attempt | None:
    """The answer is no, for good. Raises Lost."""
    return end(attempt, slot, state="failed", result=None, reason=reason)


def try_again(attempt: Attempt, reason: str, attempts: int, slot: Slot = NOBODY) -> Attempt | None:
    """Back into the queue after a pause that doubles and is jittered; given up after `attempts`. Raises Lost."""
    reason = reason[:MOST_REASON]
    if attempt.tries >= attempts:
        return end(attempt, slot, state="dead", result=None, reason=reason)
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt.tries - 1)) * random.uniform(0.5, 1.5)
    return end(attempt, slot, TRY_AGAIN_AND_TAKE, reason=reason, pause=pause)


def end(attempt: Attempt, slot: Slot, statement: str = END_AND_TAKE, **values: Any) -> Attempt | None:
    ours = {"id": attempt.request_id, "attempt": attempt.number, "customer": attempt.customer_id}
    row = fetch(statement, values | slot.values() | ours)
    if row is None:
        raise Lost
    return attempt_of(*row) if row[0] else None


def hold_line(customer_id: int) -> None:
    """Nobody else ends or adds one of the customer's until this transaction is over: before any row is touched."""
    with prepared() as cursor:
        cursor.execute(HOLD_LINE, {"customer": customer_id})


def fetch(statement: str, values: dict[str, Any]) -> tuple[Any, ...] | None:
    with prepared() as cursor:
        cursor.execute(statement, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


def sweep() -> int:
    """Gives back what lost its worker, readies what has paused; returns how many became ready."""
    return execute(GIVE_BACK, {"most": MOST_LOST}) + execute(READY_AGAIN, {})


def ready(queue: str, most: int) -> int:
    """How many requests of the queue could be claimed now, counted up to `most`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT FROM requests_request WHERE is_ready AND queue = %s LIMIT %s) AS found",
            [queue, most],
        )
        return int(cursor.fetchone()[0])


def execute(statement: str, values: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)
