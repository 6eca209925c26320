"""Clients that come back as a browser does: at once with some jitter, from the position that they hold.

`python -m bench.live.returning` takes its orders as one line of JSON, says "ready" when all are current, and at the end
of its input prints for each loss of a connection when it was lost and when its client was current again.
"""

import asyncio
import json
import random
import sys
import time
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from bench.live.frames import TEXT, handshake, masked, messages

FIRST_WAIT, LONGEST_WAIT = 0.2, 1.0  # seconds, as in static/js/live-socket.js
PATIENCE = 30.0  # seconds for those who are not back yet
TOGETHER = 50  # first connections that are made at the same time


class Client(asyncio.Protocol):
    """One screen; the same object through all its connections."""

    def __init__(self, crowd: "Crowd", topics: list[str], token: str) -> None:
        self.crowd, self.topics, self.token = crowd, topics, token
        self.position: int | None = None
        self.epoch = ""
        self.versions: dict[str, int] = {}
        self.lost_at = time.perf_counter()
        self.returns: list[tuple[float, float]] = []
        self.retries = 0
        self.resyncs = 0
        self.current = asyncio.Event()

    async def connect(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: self, *self.crowd.address)
        except OSError:
            self.come_back()

    def come_back(self) -> None:
        wait = min(FIRST_WAIT * 2**self.retries, LONGEST_WAIT) * (0.5 + random.random())
        self.retries += 1
        loop = asyncio.get_running_loop()
        loop.call_later(wait, lambda: self.crowd.tasks.append(loop.create_task(self.connect())))

    def connection_made(self, transport: Any) -> None:
        self.transport, self.rest, self.is_open = transport, b"", False
        transport.write(handshake(self.crowd.address, self.crowd.path, {"Authorization": f"Bearer {self.token}"}))

    def data_received(self, data: bytes) -> None:
        self.rest += data
        if not self.is_open:
            head, mark, rest = self.rest.partition(b"\r\n\r\n")
            if not mark:
                return
            self.is_open, self.rest = head.startswith(b"HTTP/1.1 101"), rest
        whole, self.rest = messages(self.rest)
        for kind, payload in whole:
            if kind == TEXT:
                self.take(json.loads(payload))

    def take(self, message: dict[str, Any]) -> None:
        if "epoch" in message:
            resume = {} if self.position is None else {"from": self.position, "epoch": self.epoch}
            self.epoch = message["epoch"]
            self.say({"watch": self.topics, **resume})
            self.say({"ping": 1})
        for frame in message.get("frames", ()):
            self.versions[frame["record"]] = max(frame["version"], self.versions.get(frame["record"], 0))
            self.position = max(frame["seq"], self.position or 0)
        self.position = max(message.get("head", 0), self.position or 0)
        self.resyncs += "resync" in message
        if "pong" in message:
            self.returns.append((self.lost_at, time.perf_counter()))
            self.retries = 0
            self.current.set()

    def say(self, command: dict[str, Any]) -> None:
        self.transport.write(masked(TEXT, json.dumps(command).encode()))

    def connection_lost(self, error: Exception | None) -> None:
        if self.current.is_set():
            self.current.clear()
            self.lost_at = time.perf_counter()
        self.come_back()


class Crowd:
    def __init__(self, orders: dict[str, Any]) -> None:
        url = urlsplit(orders["url"])
        self.address, self.path = (str(url.hostname), int(url.port or 80)), url.path
        self.clients = [Client(self, each["topics"], each["token"]) for each in orders["clients"]]
        self.tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        for start in range(0, len(self.clients), TOGETHER):
            part = self.clients[start : start + TOGETHER]
            await asyncio.gather(*(client.connect() for client in part))
            await asyncio.gather(*(client.current.wait() for client in part))
        for client in self.clients:
            client.returns.clear()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await asyncio.gather(*(client.current.wait() for client in self.clients))
        found = {
            "returns": [each for client in self.clients for each in client.returns],
            "versions": [client.versions for client in self.clients],
            "resyncs": sum(client.resyncs for client in self.clients),
        }
        print(json.dumps(found), flush=True)


async def main() -> None:
    await Crowd(json.loads(sys.stdin.readline())).run()


if __name__ == "__main__":
    asyncio.run(main())
