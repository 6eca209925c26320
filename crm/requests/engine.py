"""The queue's own statements: claim, finish, try again, give back. Every end is fenced by the attempt that is ending.

A claim commits at once, so that it is seen live and a lost worker is noticed by its lease; what the handler writes
commits together with the request's end, or not at all.
"""

import json
import random
from typing import Any, NamedTuple

from django.db import connection

from crm.requests.kinds import Attempt

LEASE = 3.0  # seconds after which a worker that has not renewed counts as lost
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 300.0  # seconds before a second and before any later attempt

CLAIM = """
UPDATE requests_request
SET state = 'running', attempt = attempt + 1, worker = %(worker)s, is_ready = false, reason = '',
    started_at = clock_timestamp(), lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
WHERE id = (SELECT id FROM requests_request WHERE is_ready AND queue = %(queue)s
            ORDER BY begin_by LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, kind, customer_id, payload, attempt, attempt - forgiven, sender"""
END = """
UPDATE requests_request
SET state = %(state)s, result = %(result)s, reason = %(reason)s, finished_at = clock_timestamp(), lease_until = NULL
WHERE id = %(id)s AND attempt = %(attempt)s AND state = 'running'
RETURNING state, extract(epoch FROM finished_at - received_at)::float8"""
TRY_AGAIN = """
UPDATE requests_request
SET state = 'queued', reason = %(reason)s, lease_until = NULL,
    retry_at = clock_timestamp() + make_interval(secs => %(pause)s)
WHERE id = %(id)s AND attempt = %(attempt)s AND state = 'running'
RETURNING state, NULL::float8"""
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


def claim(queue: str, worker: str) -> Attempt | None:
    """The next request of the queue, now running and ours; None when nothing is ready."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"queue": queue, "worker": worker, "lease": LEASE})
        row = cursor.fetchone()
    if row is None:
        return None
    request_id, kind, customer_id, payload, number, tries, sender = row
    return Attempt(request_id, kind, customer_id, json.loads(payload), number, tries, sender)


class End(NamedTuple):
    """What became of an attempt; `seconds` is the request's response time, None while it is still open."""

    state: str
    seconds: float | None


def finish(attempt: Attempt, result: dict[str, Any]) -> End:
    """Call inside the transaction that wrote the effects. Raises Lost when the attempt is not ours any more."""
    return end(attempt, END, state="done", result=json.dumps(result), reason="")


def refuse(attempt: Attempt, reason: str) -> End:
    """The answer is no, for good. Raises Lost."""
    return end(attempt, END, state="failed", result=None, reason=reason)


def try_again(attempt: Attempt, reason: str, attempts: int) -> End:
    """Back into the queue after a pause that doubles and is jittered; given up after `attempts`. Raises Lost."""
    reason = reason[:MOST_REASON]
    if attempt.tries >= attempts:
        return end(attempt, END, state="dead", result=None, reason=reason)
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt.tries - 1)) * random.uniform(0.5, 1.5)
    return end(attempt, TRY_AGAIN, reason=reason, pause=pause)


def end(attempt: Attempt, statement: str, **values: Any) -> End:
    with connection.cursor() as cursor:
        cursor.execute(statement, values | {"id": attempt.request_id, "attempt": attempt.number})
        row = cursor.fetchone()
    if row is None:
        raise Lost
    return End(*row)


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
