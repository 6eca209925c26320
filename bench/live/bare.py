"""The control: a bare server from publish to socket, without an application, on the same ASGI server as the product.

One Valkey subscription for each process; what is published under a topic is sent to each of its sockets, nothing more.
daphne is taken as it comes, uvicorn without compression.
"""

import asyncio
import json
import socket
import subprocess
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

CHANNEL = "bench:bare"
# For painting: the least that a live page can be.
PAGE = b"""<!doctype html><meta charset=utf-8><p id=place>-</p><script>
const socket = new WebSocket(`ws://${location.host}/`);
socket.onopen = () => socket.send('{"watch":["customer:1"],"ping":0}');
socket.onmessage = ({ data }) => {
  const { frames } = JSON.parse(data);
  if (frames) place.firstChild.data = frames[0].fields.title;
  else document.documentElement.dataset.live = "live";
};
</script>"""
PROCESSES = 2  # as many as the product's

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Bare:
    """An ASGI application."""

    def __init__(self, redis_url: str) -> None:
        self.redis_url = redis_url
        self.topics: defaultdict[str, set[Send]] = defaultdict(set)
        self.subscription: asyncio.Task[None] | None = None

    async def __call__(self, scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Send) -> None:
        await receive()
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
            await send({"type": "http.response.body", "body": PAGE})
            return
        await send({"type": "websocket.accept"})
        self.subscription = self.subscription or asyncio.ensure_future(self.subscribe())
        while (message := await receive())["type"] == "websocket.receive":
            command = json.loads(message["text"])
            for topic in command.get("watch", ()):
                self.topics[topic].add(send)
            if "ping" in command:
                await send({"type": "websocket.send", "text": '{"pong":0}'})
        for sends in self.topics.values():
            sends.discard(send)

    async def subscribe(self) -> None:
        import redis.asyncio

        async with redis.asyncio.Redis.from_url(self.redis_url, decode_responses=True).pubsub() as subscription:
            await subscription.subscribe(CHANNEL)
            async for message in subscription.listen():
                if message["type"] == "message":
                    topic, _, text = message["data"].partition(" ")
                    for send in list(self.topics[topic]):
                        await send({"type": "websocket.send", "text": text})


def change(topic: str, version: int) -> str:
    """A change as the product words it."""
    frame = {
        "seq": version,
        "record": topic,
        "root": topic,
        "version": version,
        "op": "u",
        "fields": {"title": f"Buyer {version}", "updated_at": "2026-11-23T04:30:44.399872+00:00"},
        "by": {"id": 3, "name": "Bob Stone"},
        "at": "2026-11-23T04:30:44.399872+00:00",
    }
    return f'{{"frames":[{json.dumps(frame, separators=(",", ":"))}]}}'


@contextmanager
def running(server: str, redis_url: str) -> Iterator[str]:
    """The address of a bare server that runs."""
    from crm.starter.run import listen

    with listen("127.0.0.1", 0) as listening:
        handle = listening.fileno()
        command = [sys.executable, "-m", "bench.live.bare", server, str(handle), redis_url]
        processes = [subprocess.Popen(command, pass_fds=[handle]) for _ in range(PROCESSES)]
        try:
            yield f"ws://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            for process in processes:
                process.kill()
                process.wait()


def main(server: str, handle: str, redis_url: str) -> None:
    if server == "daphne":
        from daphne.server import Server

        Server(Bare(redis_url), endpoints=[f"fd:fileno={handle}"]).run()
    else:
        import uvicorn

        config = uvicorn.Config(Bare(redis_url), lifespan="off", log_config=None, ws_per_message_deflate=False)
        uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(handle))])


if __name__ == "__main__":
    main(*sys.argv[1:4])
