"""A light HTTP client over kept connections: a heavier one would be what is measured."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

MOST = 64  # connections at once
LIMIT = 5.0  # seconds for an answer


class Answer(NamedTuple):
    status: int
    content: Any  # what the JSON says


class Http:
    """To one server, as the bearer of one token."""

    def __init__(self, host: str, port: int, token: str) -> None:
        self.host, self.port = host, port
        self.always = f"Host: {host}:{port}\r\nContent-Type: application/json\r\n"
        self.bearing = {"Authorization": f"Bearer {token}"}
        self.room = asyncio.Semaphore(MOST)
        self.kept: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, method: str, path: str, content: Any = None, **headers: str) -> Answer | None:
        return await self.send(method, path, b"" if content is None else json.dumps(content).encode(), **headers)

    async def send(self, method: str, path: str, body: bytes, **headers: str) -> Answer | None:
        """None when there was no whole answer in time: then nobody knows what became of the request."""
        async with self.room:
            try:
                async with asyncio.timeout(LIMIT):
                    return await self.exchange(self.request(method, path, body, headers))
            except (OSError, EOFError, ValueError):
                return None

    def request(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        named = self.bearing | {name.replace("_", "-"): value for name, value in headers.items()}
        more = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        head = f"{method} {path} HTTP/1.1\r\n{self.always}{more}Content-Length: {len(body)}\r\n\r\n"
        return head.encode() + body

    async def exchange(self, request: bytes) -> Answer:
        reader, writer = await self.connection()
        is_kept = False
        try:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            status, *lines = head.split("\r\n")
            said = dict(line.split(": ", 1) for line in lines if line)
            body = await reader.readexactly(int(said.get("content-length", 0)))
            is_kept = said.get("connection") != "close"
        finally:
            if is_kept:
                self.kept.append((reader, writer))
            else:
                writer.close()
        return Answer(int(status.split()[1]), json.loads(body) if body.startswith(b"{") else None)

    async def connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self.kept:
            reader, writer = self.kept.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self.host, self.port)

    def close(self) -> None:
        for _, writer in self.kept:
            writer.close()
