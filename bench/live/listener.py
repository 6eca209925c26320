"""Many sockets in one process that does as little as can be: it notes when each message came and reads it afterwards.

`python -m bench.live.listener` takes its orders as one line of JSON, says "ready" when every socket has had an answer
to what it said first, and at the end of its input writes what it heard to a file. It shares the machine with the
server that it listens to, so an event costs one `recv`, one clock reading and one `append`.
"""

import gc
import json
import re
import select
import socket
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.live.frames import PING, PONG, TEXT, handshake, masked, messages

CHANGE = re.compile(rb'"record":"([a-z]+:\d+)","root":"[a-z]+:\d+","version":(\d+)')
SEQ = re.compile(rb'"seq":(\d+)')
ANSWERED = b'"pong"'
SAY_EVERY = 10.0  # seconds, as browsers do; daphne asks sockets that are silent for 20
MOST = 16_384  # bytes read at once; room for many more is mapped and unmapped by the kernel each time
PAINT = 0.016  # seconds from a frame to its acknowledgement, as in a browser


class Line:
    """One socket, from its handshake on."""

    def __init__(
        self, number: int, address: tuple[str, int], path: str, headers: dict[str, str], *, buffer: int | None = None
    ) -> None:
        """`buffer`: bytes that the kernel may take in before they are read."""
        self.number = number
        self.socket = socket.socket()
        self.socket.settimeout(60)
        if buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.connect(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(handshake(address, path, headers))
        answer = self.read_until(b"", b"\r\n\r\n")
        head, _, self.rest = answer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            raise ConnectionError(head.decode())

    def read_until(self, data: bytes, mark: bytes) -> bytes:
        while mark not in data:
            piece = self.socket.recv(65536)
            if not piece:
                raise ConnectionError(f"closed after {data!r}")
            data += piece
        return data

    def wait_for_answer(self) -> None:
        self.read_until(self.rest, ANSWERED)
        self.rest = b""

    def say(self, text: str) -> None:
        self.socket.sendall(masked(TEXT, text.encode()))


class Listener:
    def __init__(self, orders: dict[str, Any]) -> None:
        url = urlsplit(orders["url"])
        address = (str(url.hostname), int(url.port or 80))
        self.acknowledges: bool = orders["acknowledges"]
        self.heard: list[tuple[float, int, bytes]] = []
        self.lines: dict[int, Line] = {}
        self.painted: defaultdict[Line, list[int]] = defaultdict(list)
        self.lost = 0
        self.said_at = time.perf_counter()
        for number, each in enumerate(orders["sockets"]):
            line = Line(number, address, url.path, each["headers"])
            self.lines[line.socket.fileno()] = line
            for text in each["says"]:
                line.say(text)
        for line in self.lines.values():
            line.wait_for_answer()
            line.socket.setblocking(False)

    def listen(self) -> None:
        """Until the input ends."""
        poll = select.epoll()
        for handle in (*self.lines, sys.stdin.fileno()):
            poll.register(handle, select.EPOLLIN)
        while True:
            for handle, _ in poll.poll(PAINT if self.painted else 1.0, 2000):
                line = self.lines.get(handle)
                if line is None:
                    return
                data = read(line.socket)
                self.heard.append((time.perf_counter(), line.number, data))
                if PING in data:
                    self.answer_pings(line, data)
                elif not data:
                    poll.unregister(handle)
                    del self.lines[handle]
                    self.lost += 1
                if self.acknowledges and (seqs := SEQ.findall(data)):
                    self.painted[line] += map(int, seqs)
            self.keep_up()

    def answer_pings(self, line: Line, data: bytes) -> None:
        for kind, payload in messages(data)[0]:
            if kind == PING:
                line.socket.send(masked(PONG, payload))

    def keep_up(self) -> None:
        for line, seqs in self.painted.items():
            line.say(f'{{"ack":{seqs}}}')
        self.painted.clear()
        if time.perf_counter() - self.said_at > SAY_EVERY:
            self.said_at = time.perf_counter()
            for line in self.lines.values():
                line.say('{"ping":0}')

    def arrivals(self) -> list[tuple[str, int, int, float]]:
        """Record, version, socket and time of each change that came, in the order in which they came."""
        rests: defaultdict[int, bytes] = defaultdict(bytes)
        found = []
        for at, number, data in self.heard:
            whole, rests[number] = messages(rests[number] + data)
            for kind, payload in whole:
                if kind == TEXT:
                    found += [(m[1].decode(), int(m[2]), number, at) for m in CHANGE.finditer(payload)]
        return found


def read(peer: socket.socket) -> bytes:
    try:
        return peer.recv(MOST)
    except ConnectionError:
        return b""


def main() -> None:
    orders = json.loads(sys.stdin.readline())
    listener = Listener(orders)
    gc.collect()
    gc.disable()
    print("ready", flush=True)
    listener.listen()
    Path(orders["into"]).write_text(json.dumps({"arrivals": listener.arrivals(), "lost": listener.lost}))


if __name__ == "__main__":
    main()
