"""How often one token may ask: so many requests a minute, evenly; counted in Valkey, or here while it is down.

By the generic cell rate algorithm (ITU-T I.371, annex A: virtual scheduling): the requests of a token are due at even
distances, and one is let in as long as the next is then due no later than a burst from now. It is a bucket that leaks,
and one time is all that is kept of it.
"""

import logging
import math
import threading
import time
from collections import Counter
from typing import Any, NamedTuple

from crm.records import valkey

SECOND = 1_000_000  # times are in microseconds, which the numbers of Lua hold exactly
MINUTE, BURST = 60 * SECOND, 2 * SECOND  # of which a limit speaks; of so much the requests may come at once
BEATEN = SECOND // 10  # that a process stays shut after another has let in what was due
SOME = 4  # requests that may come at once without more ado
MOST_KEPT = 1000  # tokens that a process counts before it drops those that have nothing used
MOST_TOLD = 5  # of those who were turned away, in one line

log = logging.getLogger(__name__)

# By Valkey's clock, as those of several machines differ. Should it be set back, nobody waits longer than for a burst.
TAKE = """
local time, distance, burst = redis.call('TIME'), tonumber(ARGV[1]), tonumber(ARGV[2])
local now = time[1] * 1000000 + time[2]
local due = tonumber(redis.call('GET', KEYS[1])) or 0
local ahead = math.min(math.max(due - now, 0), burst)
if ahead + distance > burst then return {ahead, 1} end
ahead = ahead + distance
redis.call('SET', KEYS[1], string.format('%.0f', now + ahead), 'PX', math.ceil(ahead / 1000))
return {ahead, 0}
"""


class Rate(NamedTuple):
    """Of a token that has asked: how far `ahead` its next request is due, in microseconds; if this was one too many."""

    limit: int
    ahead: int
    is_exceeded: bool

    @property
    def distance(self) -> int:
        return distance_of(self.limit)

    @property
    def burst(self) -> int:
        return burst_of(self.limit)

    @property
    def is_ahead(self) -> bool:
        """Whether so much came at once that what follows has to be looked at before it is worked on."""
        return self.ahead > SOME * self.distance or self.next_in > 0

    @property
    def next_in(self) -> float:
        """Seconds until one more is let in."""
        return max(self.ahead + self.distance - self.burst, 0) / SECOND

    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers has them: so many at once, which are whole again in so long."""
        left = (self.burst - self.ahead) // self.distance
        return {
            "RateLimit-Policy": f'"token";q={self.burst // self.distance};w={math.ceil(self.burst / SECOND)}',
            "RateLimit": f'"token";r={left};t={math.ceil(self.ahead / SECOND)}',
        }


def distance_of(limit: int) -> int:
    return MINUTE // limit


def burst_of(limit: int) -> int:
    """One request may always come."""
    return max(BURST, distance_of(limit))


def take(token: str, limit: int) -> Rate:
    """Counts one request of the token of this name; one that is refused does not count."""
    ahead, is_exceeded = take_in_valkey(token, limit) or local.take(token, limit)
    return Rate(limit, ahead, is_exceeded)


def take_in_valkey(token: str, limit: int) -> tuple[int, bool] | None:
    def work(client: Any) -> tuple[int, bool]:
        ahead, is_exceeded = client.eval(TAKE, 1, f"rate:{token}", distance_of(limit), burst_of(limit))
        return ahead, bool(is_exceeded)

    return valkey.attempt(work)


class LocalRates:
    """What tokens have used in this process alone: the time at which the next request of each is due."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.due: dict[str, int] = {}

    def take(self, token: str, limit: int) -> tuple[int, bool]:
        now, distance = microseconds(), distance_of(limit)
        with self.lock:
            if len(self.due) > MOST_KEPT:
                self.due = {each: due for each, due in self.due.items() if due > now}
            ahead = max(self.due.get(token, 0) - now, 0)
            if ahead + distance > burst_of(limit):
                return ahead, True
            self.due[token] = now + ahead + distance
            return ahead + distance, False


class Ahead(NamedTuple):
    """What the door knows of a token: what it is called, its limit, when its next request is due, and if that has to
    be awaited.
    """

    name: str
    limit: int
    due: int
    is_shut: bool


class Door:
    """Where this process turns away tokens that may not ask yet, before anybody works on what they send.

    Only tokens that were found to be valid are ever noted, so that nobody fills it with others.
    """

    def __init__(self) -> None:
        self.ahead: dict[str, Ahead] = {}
        self.turned_away: Counter[str] = Counter()  # since it was last told, by name
        self.told_at = -MINUTE

    def note(self, token: str, name: str, rate: Rate) -> None:
        """Shuts it for this token until its next request would be let in; opens it when that is now.

        A little longer when another process was quicker: each that comes in to be told so costs as much as one let in.
        """
        if rate.is_ahead:
            again = BEATEN if rate.is_exceeded else 0
            due = microseconds() + rate.ahead + again
            self.ahead[token] = Ahead(name, rate.limit, due, is_shut=rate.next_in > 0)
        else:
            self.ahead.pop(token, None)

    def refusal(self, token: str, waiting: int = 0) -> Rate | None:
        """What is left to who is turned away; None for who may come in. Those of it that wait count as well."""
        if token not in self.ahead:
            return None
        known, now = self.ahead[token], microseconds()
        ahead = max(known.due - now, 0) + waiting * distance_of(known.limit)
        rate = Rate(known.limit, ahead, is_exceeded=True)
        if not rate.next_in:
            return None
        self.count(known.name, now)
        return rate

    def enter(self, token: str) -> Rate | None:
        """As `refusal`; but who may come in comes in alone until it is noted what is left then."""
        refusal = self.refusal(token)
        known = self.ahead.get(token)
        if refusal is None and known and known.is_shut:
            self.ahead[token] = known._replace(due=microseconds() + burst_of(known.limit))
        return refusal

    def pace(self, token: str) -> float:
        """Seconds between two of who is ahead of its rate, so that a burst is worked off evenly; none for others."""
        return distance_of(self.ahead[token].limit) / SECOND if token in self.ahead else 0.0

    def count(self, name: str, now: int) -> None:
        """One line a minute says whom and how often: a line for each would be a flood of its own."""
        self.turned_away[name] += 1
        if now - self.told_at >= MINUTE:
            said = ", ".join(f"{name} ({count})" for name, count in self.turned_away.most_common(MOST_TOLD))
            log.warning("Turned away for asking too often: %s", said)
            self.turned_away.clear()
            self.told_at = now


def microseconds() -> int:
    return time.monotonic_ns() // 1000


local = LocalRates()
door = Door()
