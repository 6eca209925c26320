"""In which line a request waits for a thread: behind a flood from one caller there are threads left for the others.

A caller is known by its token or its session once a request with it was answered as theirs. Whoever is not known yet
waits with all others who are not, since tokens are easily made up. Sites, which strangers use, and tokens that are not
known are answered one after the other: threads that compute take turns, so that each one more makes all others wait.
Where many of such a line wait there is a rest between two of them, so that a burst takes no more than half of the time;
and a site that is well ahead of its rate is answered at that rate's pace.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, Self
from weakref import WeakValueDictionary

from django.conf import settings
from django.http import HttpRequest, parse_cookie

NARROW = 1  # of one line at once, where strangers may be behind it
LONGEST_REST = 0.1  # seconds between two of such a line
MANY = 4  # waiting; whoever asks evenly has fewer, and is not made to pay twice for what somebody else slows
MOST_WAITING = 200  # in one line; more are sent away, as each holds what it has brought
MOST_KNOWN = 10_000  # callers; who has not been here for the longest time is forgotten


class Caller(NamedTuple):
    """By a bearer's token, or by the key of a session."""

    kind: str
    secret: str


def caller_of(scope: Mapping[str, Any]) -> Caller | None:
    """Whoever the request says it is from: nothing is looked up."""
    headers = dict(reversed(scope["headers"]))  # of several the first
    if authorization := headers.get(b"authorization"):
        return Caller("token", authorization.decode("latin-1").partition(" ")[2].strip())
    cookies = parse_cookie(headers.get(b"cookie", b"").decode("latin-1"))
    session = cookies.get(settings.SESSION_COOKIE_NAME)
    return Caller("session", session) if session else None


def is_from(caller: Caller, request: HttpRequest) -> bool:
    """Whether it turned out to be."""
    if caller.kind == "token":
        return hasattr(request, "rate")
    user = getattr(request, "_cached_user", None)
    return bool(user and user.is_authenticated)


class Full(Exception):
    """So many wait already that one more would wait for too long."""


class Line:
    """So many of it are answered at once. One that rests does so as long as the last answer took, while many wait, and
    keeps the pace of its rate while it is ahead of that: what is done about a request costs more than its answer.
    """

    def __init__(self, width: int, *, rests: bool = False) -> None:
        self.room = asyncio.Semaphore(width)
        self.rests = rests
        self.pace = 0.0  # seconds at least between two
        self.waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Self]:
        """Raises Full."""
        if self.waiting >= MOST_WAITING:
            raise Full
        self.waiting += 1
        try:
            await self.room.acquire()
        finally:
            self.waiting -= 1
        loop = asyncio.get_running_loop()
        began, rest = loop.time(), 0.0
        try:
            yield self
            rest = self.rest_after(loop.time() - began)
        finally:
            if rest:
                loop.call_later(rest, self.leave)
            else:
                self.leave()

    def rest_after(self, took: float) -> float:
        """Seconds after an answer that took so many; who is turned away makes nobody wait."""
        rest = max(self.pace, took if self.waiting >= MANY else 0.0)
        return min(rest, LONGEST_REST) if self.rests else 0.0

    def leave(self) -> None:
        """Of the line and not of its room, so that the line stays for as long as it rests."""
        self.room.release()


class Lines:
    def __init__(self, width: int) -> None:
        """`width`: how many of a member of staff, or of a program of theirs, are answered at once."""
        self.width = width
        self.nobodys, self.unknown_tokens = Line(width), Line(NARROW, rests=True)
        self.known: OrderedDict[Caller, bool] = OrderedDict()  # whether it is a site
        self.lines: WeakValueDictionary[Caller, Line] = WeakValueDictionary()  # as long as somebody is in them

    def of(self, caller: Caller | None) -> Line:
        if caller and caller in self.known:
            is_site = self.known[caller]
            return self.lines.setdefault(caller, Line(NARROW if is_site else self.width, rests=is_site))
        return self.unknown_tokens if caller and caller.kind == "token" else self.nobodys

    def know(self, caller: Caller, *, is_site: bool = False) -> None:
        self.known[caller] = is_site
        self.known.move_to_end(caller)
        if len(self.known) > MOST_KNOWN:
            self.known.popitem(last=False)
