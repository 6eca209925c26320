"""What a client may say on the socket: watch, unwatch, ack, here, ping. Each is checked before anything happens."""

import json
import logging
import time
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError

from crm.live.catchup import Absence
from crm.live.frames import DIRECTORY
from crm.live.hub import Hub
from crm.live.panels import OpenPanel, panel
from crm.live.presence import EVERYWHERE
from crm.live.socket import Socket
from crm.live.views import open_view
from crm.live.watches import Wish
from crm.timings import clock

logger = logging.getLogger(__name__)

MOST_TOPICS = 2_000  # watched by one socket
MOST_NAMES = 50  # views and panels of one socket


async def obey(hub: Hub, socket: Socket, command: Mapping[str, Any]) -> str:
    """Does what the command says; returns its name for the timings, "unknown" for what is no command."""
    if isinstance(acknowledged := command.get("ack"), list):
        socket.acknowledges = True
        hub.deliveries.acknowledge([each for each in acknowledged if isinstance(each, int)], socket)
        return "ack"
    if isinstance(wanted := command.get("watch"), list):
        await Watch(hub, socket, command).run(wanted)
        return "watch"
    if isinstance(unwanted := command.get("unwatch"), list):
        for topic in unwanted:
            unwatch(hub, socket, str(topic))
        return "unwatch"
    if "ping" in command:
        socket.put({"pong": command["ping"], "at": clock.now().isoformat()})
        socket.flush()
        return "ping"
    if "here" in command:
        be_here(hub, socket, command["here"])
        return "here"
    complain(socket, "", "unknown command")
    return "unknown"


def unwatch(hub: Hub, socket: Socket, topic: str) -> None:
    """A record by its topic, a view or panel by the name that the client gave it."""
    hub.watches.unwatch(socket, topic)
    hub.watches.unwatch_name(socket, topic)


def be_here(hub: Hub, socket: Socket, where: Any) -> None:
    """On a watched record and perhaps one of its fields; null: nowhere."""
    record, field = (where.get("record"), where.get("field")) if isinstance(where, dict) else (None, None)
    if isinstance(record, str) and record in socket.records:
        socket.here = (record, field[:40] if isinstance(field, str) else None)
    else:
        socket.here = None
    socket.here_at = time.monotonic()
    hub.presence_changed.set()


def complain(socket: Socket, topic: Any, reason: str) -> None:
    socket.put({"error": {"topic": topic, "reason": reason}})
    socket.flush()


class Watch:
    """One watch command: registered at once, then checked and caught up while newer frames are held back."""

    def __init__(self, hub: Hub, socket: Socket, command: Mapping[str, Any]) -> None:
        self.hub, self.socket = hub, socket
        start = command.get("from")
        self.after = start if isinstance(start, int) and not isinstance(start, bool) and start >= 0 else None
        self.is_other_epoch = self.after is not None and command.get("epoch") not in (None, hub.epoch)

    async def run(self, wanted: list[Any]) -> None:
        if self.is_other_epoch:
            self.socket.put({"resync": True, "epoch": self.hub.epoch, "head": self.hub.head})
            self.after = None
        self.socket.has_asked = True
        self.socket.holds += 1
        try:
            up_to = self.hub.head
            topics = self.socket.unproven = self.register([each for each in wanted if isinstance(each, str)])
            views = self.open_names([each for each in wanted if isinstance(each, dict)])
            if topics or views:
                absence = Absence(self.socket, topics, self.after, up_to, bool(views))
                await self.hub.catching_up.ask(absence)
                self.drop_invisible(absence)
                with self.socket.before_the_rest():
                    self.catch_up(absence, views)
        except DatabaseError as error:
            logger.warning("A watch cannot be caught up, so who wished for it is let go: %s", str(error).strip())
            self.socket.close(1011)
            return
        finally:
            self.socket.holds -= 1
            self.socket.unproven = set()
        for topic in topics & self.socket.records:
            if people := self.hub.presence.on(topic):
                self.socket.put({"presence": {EVERYWHERE if topic == DIRECTORY else topic: people}})
        self.socket.flush()
        if topics or views:  # said at once: no screen has to wait for the next beat to be live
            async with self.hub.turn:
                self.hub.send_head(self.socket)

    def register(self, topics: list[str]) -> set[str]:
        held = self.socket.records
        new, room = [topic for topic in topics if topic not in held], MOST_TOPICS - len(held)
        if len(new) > room:
            complain(self.socket, new[room], f"more than {MOST_TOPICS} records on one socket")
        fresh = {topic for topic in [*held.intersection(topics), *new[:room]] if len(topic) <= 100}
        for topic in fresh:
            self.hub.watches.watch(self.socket, topic)
        return fresh

    def open_names(self, wanted: list[Mapping[str, Any]]) -> list[str]:
        """Views, whose names it returns, and panels; what cannot be opened is answered with an error under its name."""
        views: list[str] = []
        for each in wanted:
            name = each.get("as") or each.get("view") or each.get("panel")
            if not isinstance(name, str) or len(name) > 60:
                complain(self.socket, each.get("view") or each.get("panel"), "give it a short name with “as”")
            elif len(self.socket.views) + len(self.socket.panels) >= MOST_NAMES:
                complain(self.socket, name, f"more than {MOST_NAMES} views on one socket")
            elif "panel" in each:
                self.open_panel(name, each)
            elif self.open_view(name, each):
                views.append(name)
        return views

    def open_panel(self, name: str, wanted: Mapping[str, Any]) -> None:
        kind, args = panel(str(wanted["panel"])), wanted.get("args", {})
        if kind is None or not isinstance(args, dict):
            complain(self.socket, name, "unknown panel")
            return
        self.hub.watches.watch_panel(self.socket, name, OpenPanel(kind, args, self.socket.access))

    def open_view(self, name: str, wanted: Mapping[str, Any]) -> bool:
        access, filters, sort = self.socket.access, wanted.get("filter", {}), wanted.get("sort")
        try:
            view = open_view(str(wanted.get("view")), filters, sort, access)
        except ValidationError as error:
            complain(self.socket, name, "; ".join(error.messages))
            return False
        key = ("view", wanted["view"], json.dumps([filters, sort], sort_keys=True), access.scope())
        wish = Wish(frames=wanted.get("frames", True) is not False, html=wanted.get("html") is True)
        self.hub.watches.watch_view(self.socket, name, key, view, wish)
        return True

    def drop_invisible(self, absence: Absence) -> None:
        for topic in set(absence.topics) - absence.visible.keys():
            self.hub.watches.unwatch(self.socket, topic)
            if self.after is None:
                self.socket.put({"error": {"topic": topic, "reason": "not found"}})
            else:
                self.socket.put({"gone": [topic]})

    def catch_up(self, absence: Absence, views: list[str]) -> None:
        """Exactly what was missed, before anything newer; or a clear resync when it is too much."""
        if absence.of_topics is None:
            self.socket.put({"resync": True})
            return
        for change in absence.of_topics:
            if not change.topics.isdisjoint(self.socket.records):
                self.socket.put_frame(change.seq, change.text(self.socket.access.sees_contacts))
        for name in views:
            if absence.of_views is None:
                self.socket.put({"resync": True, "as": name})
            elif key := self.socket.views.get(name):
                self.hub.fanout.replay(self.hub.watches.views[key], (self.socket, name), absence.of_views)
