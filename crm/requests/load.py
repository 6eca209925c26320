"""What each queue is asked and what it would take: for whoever starts and stops pools by it."""

import math
from datetime import timedelta
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from crm.requests.kinds import PEOPLE

BUSY_SHARE = 0.7  # of its slots that a pool should have at work: more, and every burst waits
CATCH_UP = 60.0  # seconds in which what waits should be worked off

# The learned seconds of handling stand in each request's order, as they were when it came.
LOADS = f"""
SELECT queue, count(*) FILTER (WHERE received_at > %(since)s), count(*) FILTER (WHERE state = 'queued'),
    coalesce(sum(seconds) FILTER (WHERE received_at > %(since)s), 0),
    coalesce(sum(seconds) FILTER (WHERE state = 'queued'), 0)
FROM requests_request CROSS JOIN LATERAL (SELECT coalesce(("order" ->> 'expected')::float8, 0) AS seconds) AS learned
WHERE (received_at > %(since)s OR state = 'queued') AND queue <> '{PEOPLE}'
GROUP BY queue ORDER BY queue"""  # noqa: S608  (constants)


class Load(NamedTuple):
    """Of one queue: requests a second, seconds of handling that each is expected to take, requests that wait."""

    queue: str
    rate: float
    seconds: float
    waiting: int
    wanted: int


def loads(window: float) -> list[Load]:
    """Of every queue that was asked something in so many seconds, or where something waits."""
    with connection.cursor() as cursor:
        cursor.execute(LOADS, {"since": timezone.now() - timedelta(seconds=window)})
        return [load(*row, window=window) for row in cursor.fetchall()]


def load(queue: str, came: int, waiting: int, work: float, backlog: float, *, window: float) -> Load:
    """`work` and `backlog` in seconds of handling: what came in the window, what waits."""
    wanted = work / window / BUSY_SHARE + backlog / CATCH_UP
    return Load(queue, came / window, work / came if came else 0.0, waiting, math.ceil(wanted))
