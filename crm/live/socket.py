"""One socket as the hub sees it: who it is, what it watches, what waits to be sent, which acknowledgements are due."""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from crm.live.wire import Write, text_frame
from crm.records.access import Access

MAX_UNSENT = 2_000_000  # bytes that may wait for a slow reader before it is cut off; it resumes by position
MAX_MESSAGE = 200  # frames in one message
NOT_SIGNED_IN = 4401


@dataclass(frozen=True)
class Identity:
    """Who a socket is, by session or by token."""

    user_id: int
    session: str | None  # digest of the session's key
    token_id: int | None
    expires_at: datetime | None = field(default=None, compare=False)  # of the session, unless it is prolonged


@dataclass(eq=False)
class Socket:
    """Frames go into `outbox` and from there at once to the wire; when that is full, a task sends the rest."""

    identity: Identity
    access: Access
    send: Callable[[dict[str, Any]], Awaitable[None]]
    write: Write | None = None
    records: set[str] = field(default_factory=set)
    unproven: set[str] = field(default_factory=set)  # of those the ones that nobody has checked yet
    views: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    panels: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    outbox: deque[tuple[int, str]] = field(default_factory=deque)
    unsent: int = 0
    has_asked: bool = False  # for what it watches
    holds: int = 0  # catch-ups under way: what is newer waits for them
    acknowledges: bool = False
    is_closed: bool = False
    here: tuple[str, str | None] | None = None
    here_at: float = 0.0
    position: int = 0
    flushing: "asyncio.Task[None] | None" = None

    def put_frame(self, seq: int, text: str) -> None:
        self._put(seq, text)

    def put(self, message: dict[str, Any]) -> None:
        """In ASCII: a client's own words, which may stand in it, need not be such as UTF-8 can write."""
        self._put(0, json.dumps(message, separators=(",", ":")))

    def put_text(self, text: str) -> None:
        self._put(0, text)

    @contextmanager
    def before_the_rest(self) -> Iterator[None]:
        """What is put in here goes before all that waits: what a catch-up found before what came meanwhile."""
        rest, self.outbox = self.outbox, deque()
        try:
            yield
        finally:
            self.outbox.extend(rest)

    def _put(self, seq: int, text: str) -> None:
        if self.is_closed:
            return  # a reader who is stuck may take long to go
        self.outbox.append((seq, text))
        self.unsent += len(text)
        if self.unsent > MAX_UNSENT:
            self.close(1013)

    def flush(self) -> None:
        """Sends what waits, unless that is under way, held or pointless."""
        if self.flushing is not None and not self.flushing.done():
            return
        while self.outbox and not self.holds and not self.is_closed:
            text, size = self._next_message()
            if self.write is None or not self.write(text_frame(text)):
                self.flushing = asyncio.get_running_loop().create_task(self._send_all(text, size))
                return
            self.unsent -= size

    async def _send_all(self, text: str, size: int) -> None:
        """This text, then what came into the outbox meanwhile: many changes become one message when load rises."""
        while not self.is_closed:
            try:
                await self.send({"type": "websocket.send", "text": text})
            except Exception:  # the transport is gone, in whatever way its server says that
                self.is_closed = True
                return
            self.unsent -= size
            if not self.outbox or self.holds:
                return
            text, size = self._next_message()

    def _next_message(self) -> tuple[str, int]:
        """Frames that stand together go in one message, everything else in one of its own."""
        seq, text = self.outbox.popleft()
        if not seq:
            return text, len(text)
        frames, sent = [text], len(text)
        while self.outbox and self.outbox[0][0] and len(frames) < MAX_MESSAGE:
            _, text = self.outbox.popleft()
            frames.append(text)
            sent += len(text)
        return '{"frames":[' + ",".join(frames) + "]}", sent

    def close(self, code: int) -> None:
        """Cuts the socket off; 1013: too slow, 4401: no longer signed in."""
        if not self.is_closed:
            self.is_closed = True
            self.outbox.clear()
            asyncio.get_running_loop().create_task(self._close(code))

    async def _close(self, code: int) -> None:
        try:
            await self.send({"type": "websocket.close", "code": code})
        except Exception:  # already closed from the other side
            return
