"""One connection of a watching client, with no more of a WebSocket than bench.live.frames knows."""

import asyncio
import json
from typing import Any, Self
from urllib.parse import urlsplit

from bench.live.frames import PING, PONG, TEXT, handshake, masked, messages

CLOSE = 0x88
MOST = 65_536  # bytes read at once


class Lost(Exception):
    """Nothing more will come; with the code that the server gave, or 1006."""


class Screen:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer, self.rest = reader, writer, b""

    @classmethod
    async def open(cls, url: str, token: str) -> Self:
        """Raises Lost when it is not let in, OSError when nobody is there."""
        parts = urlsplit(url)
        address = (str(parts.hostname), int(parts.port or 80))
        screen = cls(*await asyncio.open_connection(*address))
        try:
            screen.writer.write(handshake(address, parts.path, {"Authorization": f"Bearer {token}"}))
            answer = await screen.reader.readuntil(b"\r\n\r\n")
            if not answer.startswith(b"HTTP/1.1 101"):
                raise Lost(answer.partition(b"\r\n")[0].decode())
        except asyncio.IncompleteReadError:
            screen.close()
            raise Lost("1006") from None
        except BaseException:
            screen.close()
            raise
        return screen

    async def heard(self, patience: float) -> list[dict[str, Any]]:
        """The messages that have come, at least one; TimeoutError after so many seconds without a word."""
        while True:
            whole, self.rest = messages(self.rest)
            if found := [json.loads(payload) for kind, payload in whole if self.is_text(kind, payload)]:
                return found
            async with asyncio.timeout(patience):
                data = await self.reader.read(MOST)
            if not data:
                raise Lost("1006")
            self.rest += data

    def is_text(self, kind: int, payload: bytes) -> bool:
        if kind == PING:
            self.writer.write(masked(PONG, payload))
        elif kind == CLOSE:
            raise Lost(str(int.from_bytes(payload[:2], "big")))
        return kind == TEXT

    def say(self, command: dict[str, Any]) -> None:
        self.writer.write(masked(TEXT, json.dumps(command).encode()))

    def close(self) -> None:
        self.writer.close()
