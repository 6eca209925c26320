"""A watching client, which keeps to what live.js does, without a page. It holds values, and notes all that it hears."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import closing
from random import Random
from typing import Any

from bench.faults.history import Clock, Heard
from bench.faults.screen import Lost, Screen

SILENCE, DOOR = 2.2, 5.0  # seconds, as in live-socket.js
FIRST_WAIT, LONGEST_WAIT = 0.2, 1.0

Values = dict[str, Any]


class Watcher:
    """Watches records, or a view; `values` holds what it shows, `versions` the highest that it was told, by record."""

    def __init__(
        self, name: str, token: str, clock: Clock, rng: Random, *, topics: Sequence[str], view: Mapping[str, Any] | None
    ) -> None:
        self.name, self.token, self.clock, self.rng = name, token, clock, rng
        self.topics, self.view = topics, view
        self.epoch, self.position, self.retries = "", 0, 0
        self.values: dict[str, Values] = {}
        self.versions: dict[str, int] = {}
        self.heard: list[Heard] = []

    def begin(self, epoch: str, position: int, shown: Mapping[str, Values]) -> None:
        """As a page does: what was on it when it was fetched, and the position that was read before."""
        if self.epoch not in ("", epoch):
            self.note("epoch")
        self.epoch, self.position = epoch, position
        self.values = {record: dict(values) for record, values in shown.items()}
        for record, values in shown.items():
            self.versions[record] = values["version"]
            self.note("shown", record=record, version=values["version"])

    async def follow(self, urls: Sequence[str]) -> None:
        """For ever; comes again, to any of the addresses, after whatever ends a connection."""
        while True:
            try:
                async with asyncio.timeout(DOOR):
                    screen = await Screen.open(self.rng.choice(urls), self.token)
                await self.listen(screen)
            except (Lost, OSError, TimeoutError) as error:
                self.note("lost", note=str(error) or type(error).__name__)
            await asyncio.sleep(self.wait())

    def wait(self) -> float:
        self.retries += 1
        return min(FIRST_WAIT * 2.0 ** (self.retries - 1), LONGEST_WAIT) * (0.5 + self.rng.random())

    async def listen(self, screen: Screen) -> None:
        is_current = False  # then the server speaks every second
        wanted: list[Any] = [*self.topics, *([{**self.view, "as": "v1"}] if self.view else [])]
        with closing(screen):
            while True:
                for message in await screen.heard(SILENCE if is_current else DOOR):
                    if "epoch" in message and not message.get("resync"):
                        self.note("open", seq=message["head"])
                        screen.say({"watch": wanted, "from": self.position, "epoch": self.epoch})
                    else:
                        self.take(message)
                        is_current = is_current or "head" in message
                        self.retries = 0 if is_current else self.retries

    def take(self, message: Mapping[str, Any]) -> None:
        for frame in message.get("frames", ()):
            self.take_frame(frame)
        for event in ("enter", "move", "leave"):
            for item in message.get(event, ()):
                self.take_item(event, item)
        if message.get("resync"):
            self.note("resync", note=str(message))
        elif "head" in message:
            self.position = max(self.position, message["head"])
            self.note("head", seq=message["head"])
        for topic in message.get("gone", ()):
            self.note("gone", record=topic)
            self.values.pop(topic, None)
        if "error" in message:
            self.note("error", note=str(message["error"]))

    def take_frame(self, frame: Mapping[str, Any]) -> None:
        if self.is_news("frame", frame):
            self.values.setdefault(frame["record"], {}).update(frame["fields"])

    def take_item(self, event: str, item: Mapping[str, Any]) -> None:
        if not self.is_news("leave" if event == "leave" else "item", item):
            return
        if event == "leave":
            self.values.pop(item["record"], None)
        else:
            self.values[item["record"]] = item["fields"]

    def is_news(self, what: Any, told: Mapping[str, Any]) -> bool:
        """Newer than what is held of that record; only what is applied is noted."""
        record, version = told["record"], told["version"]
        if version <= self.versions.get(record, 0):
            return False
        self.versions[record] = version
        self.note(what, seq=told["seq"], record=record, version=version)
        return True

    def note(self, what: Any, **facts: Any) -> None:
        self.heard.append(Heard(self.clock.now(), what, **facts))

    def holds(self, versions: Mapping[str, int]) -> bool:
        """These versions or newer ones."""
        return all(self.versions.get(record, 0) >= version for record, version in versions.items())
