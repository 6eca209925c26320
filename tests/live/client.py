"""Clients of the live protocol as docs/PROTOCOL.md has it: one for a single connection, one that comes back."""

import json
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import connect

PATIENCE = 15.0  # seconds, on a machine that is busy with other tests


class Client:
    """Hears in a thread; `wait_for` returns the first message, past or coming, that fits."""

    def __init__(self, url: str, **headers: str) -> None:
        self.opened = ExitStack()
        self.socket = self.opened.enter_context(
            connect(url, additional_headers=headers, open_timeout=PATIENCE, max_size=None)
        )
        self.messages: list[dict[str, Any]] = []
        self.records: dict[str, dict[str, Any]] = {}
        self.versions: dict[str, int] = {}
        self.applied: list[tuple[str, int]] = []
        self.position = 0
        self.epoch = ""
        self.closed_with: int | None = None
        self.news = threading.Condition()
        self.thread = threading.Thread(target=self.hear, daemon=True)
        self.thread.start()
        self.wait_for(lambda message: "epoch" in message)

    def hear(self) -> None:
        try:
            for text in self.socket:
                with self.news:
                    self.take(json.loads(text))
                    self.news.notify_all()
        except ConnectionClosed:
            pass  # how it closed is noted below
        with self.news:
            self.closed_with = self.socket.close_code
            self.news.notify_all()

    def take(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        self.epoch = message.get("epoch", self.epoch)
        self.position = max(self.position, message.get("head", 0))
        for frame in message.get("frames", []):
            self.position = max(self.position, frame["seq"])
            if frame["version"] > self.versions.get(frame["record"], 0):
                self.versions[frame["record"]] = frame["version"]
                self.records.setdefault(frame["record"], {}).update(frame["fields"])
                self.applied.append((frame["record"], frame["version"]))
        for topic in message.get("gone", []):
            self.versions.pop(topic, None)

    def say(self, **command: Any) -> None:
        self.socket.send(json.dumps(command))

    def watch(self, *topics: Any, **more: Any) -> None:
        """Returns when the watch is sure to stand: the server answers in order."""
        self.say(watch=list(topics), **more)
        self.settle()

    def settle(self) -> None:
        """Everything that was sent before this is heard after it."""
        marker = f"settled {len(self.messages)} {id(self)}"
        self.say(ping=marker)
        self.wait_for(lambda message: message.get("pong") == marker)

    def wait_for(self, fits: Callable[[dict[str, Any]], bool], since: int = 0) -> dict[str, Any]:
        return self.wait_until(lambda: next((each for each in self.messages[since:] if fits(each)), None))

    def wait_until(self, found: Callable[[], Any], patience: float = PATIENCE) -> Any:
        with self.news:
            result = self.news.wait_for(found, patience)
        assert result, f"not heard in {patience} s; last: {self.messages[-5:]}"
        return result

    def frames(self, record: str) -> list[dict[str, Any]]:
        with self.news:
            return [
                frame for message in self.messages for frame in message.get("frames", []) if frame["record"] == record
            ]

    def wait_for_version(self, record: str, version: int) -> None:
        self.wait_until(lambda: self.versions.get(record, 0) >= version)

    def wait_for_head(self, seq: int) -> None:
        self.wait_for(lambda message: message.get("head", -1) >= seq)

    def wait_for_close(self) -> int:
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()
        assert self.closed_with is not None
        return self.closed_with

    def close(self) -> None:
        self.opened.close()
        self.thread.join(PATIENCE)


def refused(url: str, **headers: str) -> int:
    """The HTTP status with which a socket is refused; 101 when it is not."""
    try:
        with connect(url, additional_headers=headers, open_timeout=PATIENCE):
            return 101
    except InvalidStatus as error:
        return int(error.response.status_code)


class Follower:
    """Watches topics through whatever happens: connects again, from its position, until it is closed."""

    def __init__(self, url: str, token: str, topics: list[str], epoch: str, position: int) -> None:
        self.url, self.token, self.topics, self.epoch, self.position = url, token, topics, epoch, position
        self.versions: dict[str, int] = {}
        self.applied: list[tuple[str, int]] = []
        self.resyncs = 0
        self.stopping = threading.Event()
        self.news = threading.Condition()
        self.thread = threading.Thread(target=self.follow, daemon=True)
        self.thread.start()

    def follow(self) -> None:
        while not self.stopping.is_set():
            try:
                with connect(self.url, additional_headers={"Authorization": f"Bearer {self.token}"}) as socket:
                    self.listen(socket)
            except (ConnectionClosed, InvalidStatus, InvalidHandshake, OSError, TimeoutError):
                self.stopping.wait(0.1)

    def listen(self, socket: Any) -> None:
        socket.recv(5)
        socket.send(json.dumps({"watch": self.topics, "from": self.position, "epoch": self.epoch}))
        while not self.stopping.is_set():
            try:
                message = json.loads(socket.recv(3))  # three seconds of silence: not live, so come again
            except TimeoutError:
                return
            with self.news:
                self.take(message)
                self.news.notify_all()

    def take(self, message: dict[str, Any]) -> None:
        if message.get("resync"):
            self.resyncs += 1
        for frame in message.get("frames", []):
            if frame["version"] > self.versions.get(frame["record"], 0):
                self.versions[frame["record"]] = frame["version"]
                self.applied.append((frame["record"], frame["version"]))
            self.position = max(self.position, frame["seq"])
        self.position = max(self.position, message.get("head", 0))

    def wait_for(self, versions: dict[str, int], patience: float = PATIENCE) -> None:
        with self.news:
            reached = self.news.wait_for(lambda: self.holds(versions), patience)
        assert reached, f"after {patience} s held {self.versions}, the database {versions}"

    def holds(self, versions: dict[str, int]) -> bool:
        return all(self.versions.get(record) == version for record, version in versions.items())

    def close(self) -> None:
        self.stopping.set()
        self.thread.join(PATIENCE)
