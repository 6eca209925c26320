"""Text messages as they go over the wire (RFC 6455): framed once, written past the server's queues where it lets us.

Both servers put `WRITE` among the extensions of a socket's scope; on any other the plain ASGI `send` is used.
"""

import struct
from collections.abc import Callable, MutableMapping
from functools import lru_cache
from typing import Any

Write = Callable[[bytes], bool]  # takes a whole frame at once, or returns False: the socket must wait, so use `send`

WRITE = "pulse.write"
TEXT = 0x81  # the last and only frame of a text message; what a server sends is not masked


def offer_write(scope: MutableMapping[str, Any], write: Write) -> None:
    scope.setdefault("extensions", {})[WRITE] = write


def write_of(scope: MutableMapping[str, Any]) -> Write | None:
    found: Write | None = scope.get("extensions", {}).get(WRITE)
    return found


@lru_cache(maxsize=128)
def text_frame(text: str) -> bytes:
    """Those of the last texts are kept: the same goes to many sockets, one after the other."""
    payload = text.encode()
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", TEXT, size)
    elif size < 65536:
        head = struct.pack("!BBH", TEXT, 126, size)
    else:
        head = struct.pack("!BBQ", TEXT, 127, size)
    return head + payload
