"""Valkey (or Redis) as everybody here uses it: fast when it answers, passed over when it does not."""

import logging
import time
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

T = TypeVar("T")
log = logging.getLogger(__name__)

LIMIT = 0.1  # seconds; a server that takes longer is treated as down
PAUSE = 0.5  # seconds without another try after a failure, so that nobody queues up behind a dead server

UP = 0.0
_down_until = UP


@cache
def client() -> "redis.Redis":
    """The client of database 0: cache and bus. Replies are text."""
    found: redis.Redis = settings.REDIS.client(
        socket_timeout=LIMIT,
        socket_connect_timeout=LIMIT,
        decode_responses=True,
        max_connections=50,
        retry=Retry(NoBackoff(), 0),
    )
    return found


def attempt(work: Callable[[Any], T]) -> T | None:
    """The result of `work(client)`, or None when the server is down or was a moment ago."""
    global _down_until
    if time.monotonic() < _down_until:
        return None
    try:
        result = work(client())
    except redis.RedisError as error:
        if _down_until == UP:
            log.warning("Valkey does not answer, going on without it: %s", error)
        _down_until = time.monotonic() + PAUSE
        return None
    if _down_until != UP:
        log.warning("Valkey answers again")
        _down_until = UP
    return result


def is_up() -> bool:
    """Asks the server itself; for /readyz."""
    try:
        return bool(client().ping())
    except redis.RedisError:
        return False
