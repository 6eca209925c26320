"""Gives changes to whom they concern: frames to watchers of a record, list events to watchers of a view."""

import json
import time
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from crm.live.deliveries import Deliveries
from crm.live.frames import Delivered
from crm.live.socket import Socket
from crm.live.views import ANEW, View
from crm.live.watches import OpenView, Watcher, Watches, Wish

Owed = defaultdict[Socket, dict[int, Delivered]]


class Happening(NamedTuple):
    """What some changes do to one open view."""

    open_view: OpenView
    events: list[tuple[str, Delivered]]


class Fanout:
    """Says who gets what; `watches` knows who watches, `deliveries` times what was sent."""

    def __init__(self, watches: Watches, deliveries: Deliveries) -> None:
        self.watches, self.deliveries = watches, deliveries
        self.frames = 0

    def deliver(self, changes: Sequence[Delivered]) -> list[Happening]:
        """Sends the frames, which is what people wait for; returns what is still to be told to watchers of views."""
        owed: Owed = defaultdict(dict)
        touched: set[Socket] = set()
        for change in changes:
            watchers = self.watchers(change)
            touched |= self.part(change, watchers)
            for socket in watchers:
                owed[socket][change.seq] = change
        happenings = [self.judge(open_view, changes, owed) for open_view in self.watches.views.values()]
        for socket, frames in owed.items():
            for seq in sorted(frames):
                self.send(socket, frames[seq])
        for socket in touched | set(owed):
            socket.flush()
        return [each for each in happenings if each.events]

    def watchers(self, change: Delivered) -> set[Socket]:
        by_topic = self.watches.by_topic
        found = set[Socket]().union(*(by_topic.get(topic, ()) for topic in change.topics))
        return {socket for socket in found if not socket.unproven or may_hear(socket, change)}

    def part(self, change: Delivered, watchers: set[Socket]) -> set[Socket]:
        """Takes out of the watchers those who may no longer see the record, and tells them that it is gone."""
        if not (change.is_gone or change.moves_access):
            return set()
        mine = self.watches.by_topic.get(change.topic, set())
        lost = {socket for socket in mine if change.is_gone or not socket.access.admits(change.row)}
        for socket in lost:
            self.watches.lose(socket, change.topic)
        watchers -= lost
        return lost

    def send(self, socket: Socket, change: Delivered) -> None:
        socket.put_frame(change.seq, change.text(socket.access.sees_contacts))
        self.deliveries.expect(change.seq, socket)
        self.frames += 1

    def judge(self, open_view: OpenView, changes: Sequence[Delivered], owed: Owed) -> Happening:
        """What the changes do to a view, once for all its watchers; members' frames for those who wished for them."""
        events: list[tuple[str, Delivered]] = []
        wishing = [socket for (socket, _), wish in open_view.watchers.items() if wish.frames]
        for change in changes:
            verdict = open_view.view.judge(change)
            if verdict.event:
                events.append((verdict.event, change))
            if verdict.is_member and verdict.event != "enter":
                for socket in wishing:
                    owed[socket][change.seq] = change
        return Happening(open_view, events)

    def tell(self, happening: Happening) -> None:
        """Enter, move and leave to a view's watchers; a resync of it where drawing it anew is less, or is needed."""
        view = happening.open_view.view
        has_room = happening.open_view.has_room(len(happening.events), time.monotonic())
        is_told = has_room and all(event != ANEW for event, _ in happening.events)
        for (socket, name), wish in happening.open_view.watchers.items():
            if not is_told:
                socket.put({"resync": True, "as": name})
            else:
                for event, change in happening.events:
                    text = change.once((view, wish.html), partial(item, event, change, view, wish))
                    socket.put_text(f'{{"{event}":[{text}],"as":{json.dumps(name)}}}')
            socket.flush()

    def replay(self, open_view: OpenView, watcher: Watcher, changes: Sequence[Delivered]) -> None:
        """What a view's watcher missed, sent with the next flush; not timed, since nobody watched when it happened."""
        owed: Owed = defaultdict(dict)
        happening = self.judge(open_view.of(watcher), changes, owed)
        for socket, frames in owed.items():
            for seq in sorted(frames):
                socket.put_frame(seq, frames[seq].text(socket.access.sees_contacts))
        if happening.events:
            self.tell(happening)


def may_hear(socket: Socket, change: Delivered) -> bool:
    """Of a record whose watch is still being checked."""
    if change.kind is None or change.kind.readers == "administrators":
        return socket.access.is_administrator
    return change.kind.readers == "everyone" or socket.access.admits(change.row)


def item(event: str, change: Delivered, view: View, wish: Wish) -> str:
    """What a watcher is told about a row: where it is in the view's order, and unless it left, what it shows."""
    told = view.item(change) | {"by": change.by()}
    if event != "leave":
        shown = view.html(change) if wish.html else change.all_fields(view.access.sees_contacts)
        told |= {"html" if wish.html else "fields": shown}
    return json.dumps(told, ensure_ascii=False)
