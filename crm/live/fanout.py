"""Gives changes to whom they concern: frames to watchers of a record, list events to watchers of a view."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from crm.live.deliveries import Deliveries
from crm.live.frames import Delivered
from crm.live.socket import Socket
from crm.live.views import View
from crm.live.watches import OpenView, Watches, Wish

MOST_EVENTS = 200  # of one view in one go; above that the view is told to fetch itself again

Owed = defaultdict[Socket, dict[int, Delivered]]


class Fanout:
    """Stateless but for what it counts; `watches` says who, `deliveries` times what was sent."""

    def __init__(self, watches: Watches, deliveries: Deliveries) -> None:
        self.watches, self.deliveries = watches, deliveries
        self.frames = 0

    def deliver(self, changes: Sequence[Delivered]) -> None:
        owed: Owed = defaultdict(dict)
        touched: set[Socket] = set()
        for change in changes:
            watchers = self.watchers(change)
            touched |= self.part(change, watchers)
            for socket in watchers:
                owed[socket][change.seq] = change
        for open_view in self.watches.views.values():
            touched |= self.deliver_view(open_view, changes, owed)
        for socket, frames in owed.items():
            for seq in sorted(frames):
                self.send(socket, frames[seq])
        for socket in touched | set(owed):
            socket.flush()

    def replay(self, open_view: OpenView, changes: Sequence[Delivered]) -> None:
        """What a view's watcher missed, sent with the next flush; not timed, since nobody watched when it happened."""
        owed: Owed = defaultdict(dict)
        self.deliver_view(open_view, changes, owed)
        for socket, frames in owed.items():
            for seq in sorted(frames):
                socket.put_frame(seq, frames[seq].text(socket.access.sees_contacts))

    def watchers(self, change: Delivered) -> set[Socket]:
        by_topic = self.watches.by_topic
        found = set(by_topic.get(change.topic, ()))
        if change.root != change.topic:
            found |= by_topic.get(change.root, set())
        if change.kind and change.kind.entry:
            found |= by_topic.get("directory", set())
        return found

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

    def deliver_view(self, open_view: OpenView, changes: Sequence[Delivered], owed: Owed) -> set[Socket]:
        """What changes in the view is judged once; members' frames go to those who wished for them."""
        events: list[tuple[str, Delivered]] = []
        for change in changes:
            verdict = open_view.view.judge(change)
            if verdict.event:
                events.append((verdict.event, change))
            if verdict.is_member and verdict.event != "enter":
                for (socket, _), wish in open_view.watchers.items():
                    if wish.frames:
                        owed[socket][change.seq] = change
        if not events:
            return set()
        for (socket, name), wish in open_view.watchers.items():
            if len(events) > MOST_EVENTS:
                socket.put({"resync": True, "as": name})
            else:
                self.send_events(socket, name, wish, open_view.view, events)
        return {socket for socket, _ in open_view.watchers}

    def send_events(
        self, socket: Socket, name: str, wish: Wish, view: View, events: Sequence[tuple[str, Delivered]]
    ) -> None:
        for event, change in events:
            socket.put({event: [item(event, change, socket, wish, view)], "as": name})


def item(event: str, change: Delivered, socket: Socket, wish: Wish, view: View) -> dict[str, Any]:
    """What a watcher is told about a row: where it is in the view's order, and unless it left, what it shows."""
    told = view.item(change) | {"by": change.by()}
    if event == "leave":
        return told
    return told | ({"html": view.html(change)} if wish.html else {"fields": change.all_fields(socket.access.sees_contacts)})
