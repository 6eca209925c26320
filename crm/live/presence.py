"""Who is here, and on which field: held by each hub for its own sockets and told to the others over the bus."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from crm.live.frames import DIRECTORY
from crm.live.socket import Socket

TELL_EVERY = 3.0  # seconds between full tellings to the other hubs
FORGET = 8.0  # seconds after which a silent hub's people are gone
STILL_HERE = 9.0  # seconds after which a socket that says nothing is not here any more

EVERYWHERE = "everywhere"  # the topic of all who are online, told to whoever watches the directory

Here = dict[str, list[dict[str, Any]]]


class Presence:
    """Topics and the people on them, of this process and of the others."""

    def __init__(self, process: str) -> None:
        self.process = process
        self.others: dict[str, tuple[float, Here, list[int]]] = {}
        self.told: Here = {}

    def hear(self, message: Mapping[str, Any], now: float) -> None:
        if message["process"] != self.process:
            self.others[message["process"]] = (now, message["here"], message["users"])

    def forget_silent(self, now: float) -> None:
        self.others = {process: said for process, said in self.others.items() if now - said[0] < FORGET}

    def own(self, sockets: Iterable[Socket], now: float) -> Here:
        here: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for socket in sockets:
            if socket.here and now - socket.here_at < STILL_HERE:
                topic, field = socket.here
                here[topic].append({"user": socket.identity.user_id, "field": field})
        return dict(here)

    def message(self, sockets: Iterable[Socket], now: float) -> str:
        sockets = list(sockets)
        users = sorted({socket.identity.user_id for socket in sockets})
        return json.dumps({"process": self.process, "here": self.own(sockets, now), "users": users})

    def online(self, sockets: Iterable[Socket]) -> list[int]:
        users = {socket.identity.user_id for socket in sockets}
        return sorted(users.union(*(theirs for _, _, theirs in self.others.values())))

    def changed(self, sockets: Iterable[Socket], now: float) -> Here:
        """Topics whose people are not those of the last call, with the people who are there now."""
        self.forget_silent(now)
        everybody: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for here in [self.own(sockets, now), *(here for _, here, _ in self.others.values())]:
            for topic, people in here.items():
                everybody[topic] += people
        current = {topic: distinct(people) for topic, people in everybody.items()}
        current[EVERYWHERE] = [{"user": user, "field": None} for user in self.online(sockets)]
        changed = {
            topic: current.get(topic, [])
            for topic in {*current, *self.told}
            if current.get(topic) != self.told.get(topic)
        }
        self.told = current
        return changed

    def on(self, topic: str) -> list[dict[str, Any]]:
        return self.told.get(EVERYWHERE if topic == DIRECTORY else topic, [])


def distinct(people: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One entry for each person, that on a field before that on none."""
    ordered = sorted(people, key=lambda each: (each["user"], each["field"] is None, each["field"] or ""))
    return list({each["user"]: each for each in reversed(ordered)}.values())[::-1]
