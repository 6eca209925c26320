"""One hub per process: receives every row of the log, in order and without gaps, and hands it to the fan-out.

Everything here runs on the event loop; whatever asks the database is in catchup.py and runs in a thread.
"""

import asyncio
import logging
import os
import socket as sockets_module
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any

from django.db import DatabaseError

from crm.live import bus, catchup, online
from crm.live.asking import Together, ask
from crm.live.catchup import Absence
from crm.live.deliveries import Deliveries
from crm.live.fanout import Fanout
from crm.live.frames import DIRECTORY, Delivered
from crm.live.presence import EVERYWHERE, TELL_EVERY, Presence
from crm.live.socket import NOT_SIGNED_IN, Socket
from crm.live.watches import Watches
from crm.records import directory, log
from crm.timings import clock, recorder

logger = logging.getLogger(__name__)

HEARTBEAT = 1.0  # seconds between heads, and between questions to the log
SETTLE = 0.1  # seconds between looks for deliveries that are complete and panels that are due
SLICE = 200  # changes given out before the loop may breathe
REPAIR = 2_000  # rows read from the log at once
RIGHTS = ("session", "apitoken", "user", "role")  # records of which who may be here, and see what, follows


class Hub:
    """The position of this process in the log, and the loops that keep it current."""

    def __init__(self) -> None:
        process = f"{sockets_module.gethostname()}:{os.getpid()}"
        self.watches = Watches()
        self.deliveries = Deliveries(process)
        self.presence = Presence(process)
        self.fanout = Fanout(self.watches, self.deliveries)
        self.process = process
        self.epoch = ""
        self.head = 0
        self.rights = 0  # how many changes of them were followed
        self.directory: directory.Directory = {}
        self.turn = asyncio.Lock()
        self.catching_up = Together[Absence, Absence](lambda absences: catchup.answer(absences, self.directory))
        self.presence_changed = asyncio.Event()
        self.started: asyncio.Task[None] | None = None
        self.loops: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Once per process, with the first socket, since daphne has no lifespan; where that fails, with the next."""
        if self.started is None or (self.started.done() and self.started.exception()):
            self.started = asyncio.get_running_loop().create_task(self.begin())
        await asyncio.shield(self.started)

    async def begin(self) -> None:
        await self.take_position()
        loops = (bus.subscribe(self.hear), self.beat(), self.show_panels(), self.tell_presence())
        self.loops = [asyncio.get_running_loop().create_task(self.keep(each)) for each in loops]

    async def take_position(self) -> None:
        self.epoch, self.head, held = await ask(directory.page_state)
        self.directory = {name: dict(entries) for name, entries in held.items()}

    async def keep(self, loop: Coroutine[Any, Any, None]) -> None:
        """A loop that fails must not leave screens that look live: all sockets close, and begin anew."""
        try:
            await loop
        except Exception:
            logger.exception("A loop of the hub failed; its sockets are closed")
            for task in self.loops:
                if task is not asyncio.current_task():
                    task.cancel()
            self.started = None
            self.close_where(lambda _socket: True, 1011)

    # What comes in.

    async def hear(self, channel: str, message: Mapping[str, Any]) -> None:
        if channel == bus.PRESENCE:
            self.presence.hear(message, time.monotonic())
            self.send_presence()
        else:
            await self.receive(str(message["epoch"]), message["rows"])

    async def receive(self, epoch: str, rows: list[dict[str, Any]]) -> None:
        """Rows in order. Known ones are passed over; what is missing before them is read from the log."""
        async with self.turn:
            if epoch != self.epoch:
                await self.change_epoch()
                return
            fresh = [row for row in rows if row["seq"] > self.head]
            if fresh and fresh[0]["seq"] > self.head + 1:
                await self.repair(fresh[0]["seq"] - 1)
            if fresh and fresh[0]["seq"] <= self.head + 1:  # else the gap is still there, and the log is asked again
                await self.give_out([row for row in fresh if row["seq"] > self.head])

    async def ask_log(self) -> None:
        """The log itself is asked for its head, so that nothing depends on the bus."""
        epoch, head = await ask(log.position)
        async with self.turn:
            if epoch != self.epoch:
                await self.change_epoch()
            elif head > self.head:
                await self.repair(head)

    async def repair(self, up_to: int) -> None:
        while self.head < up_to:
            try:
                rows = await ask(log.rows_after, self.head, REPAIR, up_to=up_to)
            except DatabaseError as error:
                logger.warning("The log cannot be read: %s", str(error).strip())
                return
            if not rows:
                return
            await self.give_out(rows)

    async def change_epoch(self) -> None:
        """The log was restored: positions of before mean nothing any more, nor who could come in by then."""
        await self.take_position()
        sockets = list(self.watches.sockets)
        for socket in sockets:
            socket.put({"resync": True, "epoch": self.epoch, "head": self.head})
            socket.flush()
        self.rights += 1
        ended = await ask(catchup.ended, {socket.identity for socket in sockets})
        self.close_where(lambda socket: socket.identity in ended)
        await self.recheck(sockets)

    # What goes out.

    async def give_out(self, rows: list[dict[str, Any]]) -> None:
        for start in range(0, len(rows), SLICE):
            part = [Delivered(row, self.directory) for row in rows[start : start + SLICE]]
            for change in part:
                self.update_directory(change)
            happenings = self.fanout.deliver(part)
            self.head = part[-1].seq
            if happenings:
                await asyncio.sleep(0)  # frames leave before rows are drawn
            for happening in happenings:
                self.fanout.tell(happening)
            for panel in self.watches.panels.values():
                panel.is_due = True
            for change in part:
                await self.follow_rights(change)
            await asyncio.sleep(0)

    def update_directory(self, change: Delivered) -> None:
        if change.kind and change.kind.entry and change.row["op"] != "d":
            directory.add_entry(self.directory, change.record, dict(change.row["data"]))

    # Rights: users, roles, sessions and tokens are in the log too, so a revocation gets here without the bus.

    async def follow_rights(self, change: Delivered) -> None:
        row, is_new = change.row, change.row["op"] == "c"
        if change.record in RIGHTS:
            self.rights += 1
        match change.record:
            case "session":
                self.close_where(lambda socket: socket.identity.session == row["data"]["digest"])
            case "apitoken" if not is_new:
                self.close_where(lambda socket: socket.identity.token_id == row["record_id"])
            case "user" if not is_new:
                await self.recheck([each for each in self.watches.sockets if each.identity.user_id == row["record_id"]])
            case "role" if not is_new:
                await self.recheck(list(self.watches.sockets))

    def close_where(self, applies: Callable[[Socket], bool], code: int = NOT_SIGNED_IN) -> None:
        for socket in [each for each in self.watches.sockets if applies(each)]:
            socket.close(code)

    async def recheck(self, sockets: list[Socket]) -> None:
        """Asks again what these may see, and takes from their screens what they may no longer."""
        try:
            fresh = await ask(catchup.accesses, {socket.identity.user_id for socket in sockets})
            for socket in sockets:
                access = fresh.get(socket.identity.user_id)
                if access is None:
                    socket.close(NOT_SIGNED_IN)
                elif access != socket.access:
                    socket.access = access
                    await self.narrow(socket)
        except DatabaseError as error:
            logger.warning("Rights cannot be asked, so who has them is let go: %s", str(error).strip())
            for socket in sockets:
                socket.close(1011)

    async def narrow(self, socket: Socket) -> None:
        asked = set(socket.records)  # what is watched meanwhile is judged by its own watch
        for topic in asked - (await ask(catchup.visible_topics, socket, asked)).keys():
            self.watches.lose(socket, topic)
        # What views and panels show follows from the access: the client asks for them again, under its new rights.
        self.watches.unwatch_names(socket)
        socket.put({"resync": True})
        socket.flush()

    # Sockets come and go.

    def add(self, socket: Socket) -> None:
        self.watches.sockets.add(socket)
        socket.put({"epoch": self.epoch, "head": self.head})
        socket.flush()

    def remove(self, socket: Socket) -> None:
        socket.is_closed = True
        self.watches.remove(socket)
        self.deliveries.forget(socket)
        self.presence_changed.set()

    # Clocks.

    async def beat(self) -> None:
        """Once a second: the head to everybody who was sent all up to it, a question to the log, figures about us."""
        rounds, frames = 0, self.fanout.frames
        while True:
            await asyncio.sleep(SETTLE)
            self.deliveries.settle()
            rounds += 1
            if rounds % round(HEARTBEAT / SETTLE) == 0:
                self.say_screens(self.fanout.frames - frames)
                frames = self.fanout.frames
                if await self.is_current():
                    async with self.turn:  # between frames and list events no head may be said
                        self.send_heads()

    async def is_current(self) -> bool:
        """False while PostgreSQL is away: sockets stay, heads stop, and screens say that they are not live."""
        try:
            await self.ask_log()
        except DatabaseError as error:
            logger.warning("The log cannot be asked: %s", str(error).strip())
            return False
        return True

    def send_heads(self) -> None:
        for socket in self.watches.sockets:
            self.send_head(socket)

    def send_head(self, socket: Socket) -> None:
        """Not to who has yet to say what she watches: she would take it for a promise about that, too."""
        if socket.has_asked and not socket.holds and not socket.outbox:
            socket.put({"head": self.head})
            socket.flush()

    def say_screens(self, frames: int) -> None:
        found = self.watches.figures()
        recorder.screens(recorder.ScreensRow(self.process, clock.now(), frames=frames / HEARTBEAT, **found))

    async def show_panels(self) -> None:
        while True:
            await asyncio.sleep(SETTLE)
            now = time.monotonic()
            for panel in [each for each in self.watches.panels.values() if each.wants(now)]:
                panel.is_due, panel.computed_at = False, now
                try:
                    text = await ask(panel.compute)
                except Exception:  # one panel's fault is not the others'
                    logger.exception("The panel %s failed", panel.kind.name)
                    continue
                panel.show(text)

    # Presence.

    async def tell_presence(self) -> None:
        """To our screens, and by the bus to the other hubs: every few seconds, and once for all who come and go."""
        while True:
            self.presence_changed.clear()
            self.send_presence()
            message = self.presence.message(self.watches.sockets, time.monotonic())
            asyncio.get_running_loop().run_in_executor(None, online.tell, message)
            await asyncio.sleep(SETTLE)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.presence_changed.wait(), TELL_EVERY)

    def send_presence(self) -> None:
        for topic, people in self.presence.changed(self.watches.sockets, time.monotonic()).items():
            for socket in self.watches.proven(DIRECTORY if topic == EVERYWHERE else topic):
                socket.put({"presence": {topic: people}})
                socket.flush()


_hubs: dict[int, Hub] = {}


def hub() -> Hub:
    """The hub of this process and event loop."""
    return _hubs.setdefault(id(asyncio.get_running_loop()), Hub())
