"""How often one token may ask: so many requests in each minute, counted in Valkey, or here while it is down."""

import threading
import time
from typing import Any, NamedTuple

from crm.records import valkey

WINDOW = 60  # seconds


class Rate(NamedTuple):
    """What a token has used of its minute; `resets_in` seconds until the next one begins."""

    limit: int
    used: int
    resets_in: float

    @property
    def is_exceeded(self) -> bool:
        return self.used > self.limit

    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers has them."""
        left = max(self.limit - self.used, 0)
        return {
            "RateLimit-Policy": f'"token";q={self.limit};w={WINDOW}',
            "RateLimit": f'"token";r={left};t={round(self.resets_in)}',
        }


def take(token: str, limit: int) -> Rate:
    """Counts one request of the token of this name."""
    now = time.time()
    window = int(now // WINDOW)
    used = count_in_valkey(f"rate:{token}:{window}")
    if used is None:
        used = local.count(token, window)
    return Rate(limit, used, (window + 1) * WINDOW - now)


class Door:
    """Where this process turns away tokens that have used up their minute, before anybody works on what they send."""

    def __init__(self) -> None:
        self.shut: dict[bytes, tuple[int, float]] = {}  # the limit and the end of the minute, by Authorization header

    def close(self, authorization: str, rate: Rate) -> None:
        self.shut[authorization.encode("latin-1")] = (rate.limit, time.time() + rate.resets_in)

    def rate_of(self, authorization: bytes) -> Rate | None:
        """What is left to who is turned away; None for who may come in."""
        limit, ends = self.shut.get(authorization, (0, 0.0))
        if (left := ends - time.time()) > 0:
            return Rate(limit, limit + 1, left)
        self.shut.pop(authorization, None)
        return None


def count_in_valkey(key: str) -> int | None:
    def work(client: Any) -> int:
        pipe = client.pipeline(transaction=False)
        pipe.incr(key).expire(key, WINDOW * 2)
        return int(pipe.execute()[0])

    return valkey.attempt(work)


class LocalCounts:
    """Counts of the present window in this process alone."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.window = 0
        self.counts: dict[str, int] = {}

    def count(self, token: str, window: int) -> int:
        with self.lock:
            if window != self.window:
                self.window, self.counts = window, {}
            self.counts[token] = self.counts.get(token, 0) + 1
            return self.counts[token]


local = LocalCounts()
door = Door()
