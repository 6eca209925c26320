"""Who watches what, in this process: sockets by record topic, by view and by panel."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from crm.live.panels import OpenPanel
from crm.live.socket import Socket
from crm.live.views import View

MOST_EVENTS = 200  # of one view in one second; above that the view is told to fetch itself again

Watcher = tuple[Socket, str]  # a socket and the name ("as") that it gave what it watches


@dataclass(frozen=True)
class Wish:
    """How a socket watches a view: with the frames of its members, with rows as HTML."""

    frames: bool = True
    html: bool = False


@dataclass(eq=False)
class OpenView:
    """A distinct view and who watches it, each as they wish."""

    view: View
    watchers: dict[Watcher, Wish] = field(default_factory=dict)
    second: int = 0
    told: int = 0

    def of(self, watcher: Watcher) -> "OpenView":
        """The same view as one of its watchers has it."""
        return OpenView(self.view, {watcher: self.watchers[watcher]})

    def has_room(self, events: int, now: float) -> bool:
        """Whether so many more still fit into this second, after which drawing all anew is less work for everybody."""
        if int(now) != self.second:
            self.second, self.told = int(now), 0
        self.told += events
        return self.told <= MOST_EVENTS


class Watches:
    """All sockets of the process and what they watch. Nothing here decides; that is the fan-out's."""

    def __init__(self) -> None:
        self.sockets: set[Socket] = set()
        self.by_topic: defaultdict[str, set[Socket]] = defaultdict(set)
        self.views: dict[tuple[Any, ...], OpenView] = {}
        self.panels: dict[tuple[Any, ...], OpenPanel] = {}

    def watch(self, socket: Socket, topic: str) -> None:
        self.by_topic[topic].add(socket)
        socket.records.add(topic)

    def unwatch(self, socket: Socket, topic: str) -> None:
        socket.records.discard(topic)
        watchers = self.by_topic.get(topic, set())
        watchers.discard(socket)
        if not watchers:
            self.by_topic.pop(topic, None)

    def proven(self, topic: str) -> list[Socket]:
        """Those of whom it is known that they may; the others are told when they are."""
        return [socket for socket in self.by_topic.get(topic, ()) if topic not in socket.unproven]

    def lose(self, socket: Socket, topic: str) -> None:
        """The record is gone for this socket: deleted or out of sight, which it cannot tell apart."""
        self.unwatch(socket, topic)
        socket.put({"gone": [topic]})

    def watch_view(self, socket: Socket, name: str, key: tuple[Any, ...], view: View, wish: Wish) -> None:
        self.unwatch_name(socket, name)
        self.views.setdefault(key, OpenView(view)).watchers[socket, name] = wish
        socket.views[name] = key

    def watch_panel(self, socket: Socket, name: str, panel: OpenPanel) -> None:
        self.unwatch_name(socket, name)
        held = self.panels.setdefault(panel.key, panel)
        held.watchers[socket, name] = None
        socket.panels[name] = panel.key
        if held.shown:
            socket.put_text(held.message(name))

    def unwatch_name(self, socket: Socket, name: str) -> None:
        view_key, panel_key = socket.views.pop(name, None), socket.panels.pop(name, None)
        if view_key is not None:
            self.views[view_key].watchers.pop((socket, name), None)
            if not self.views[view_key].watchers:
                del self.views[view_key]
        if panel_key is not None:
            self.panels[panel_key].watchers.pop((socket, name), None)
            if not self.panels[panel_key].watchers:
                del self.panels[panel_key]

    def unwatch_names(self, socket: Socket) -> None:
        for name in [*socket.views, *socket.panels]:
            self.unwatch_name(socket, name)

    def figures(self) -> dict[str, int]:
        """How many sockets, records and views there are, and whose screens are not up to date."""
        return {
            "sockets": len(self.sockets),
            "watching": sum(len(each.records) + len(each.views) for each in self.sockets),
            "behind": sum(1 for each in self.sockets if each.outbox and not each.holds),
            "catching_up": sum(1 for each in self.sockets if each.holds),
        }

    def remove(self, socket: Socket) -> None:
        self.sockets.discard(socket)
        for topic in list(socket.records):
            self.unwatch(socket, topic)
        self.unwatch_names(socket)
