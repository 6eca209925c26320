"""A program for test_server: serves a socket that is sent far more than it reads, and says how much was sent."""

import socket
import sys
from typing import Any

from crm.live.server import LiveServer

MESSAGES = 1600
TEXT = "x" * 65536
sent = 0


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    global sent
    await receive()
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        for _ in range(MESSAGES):
            await send({"type": "websocket.send", "text": TEXT})
            sent += 1
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(sent).encode()})


if __name__ == "__main__":
    listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    LiveServer(application, endpoints=[f"fd:fileno={listening.detach()}"]).run()
