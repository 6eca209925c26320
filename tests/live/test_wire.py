"""Frames as they are written past the server: read by another implementation, and never before what waits."""

import asyncio
import json

import pytest
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from crm.live import socket as sockets
from crm.live.socket import Identity, Socket
from crm.live.wire import text_frame
from tests.live.hubs import Wire


@pytest.mark.parametrize("text", ["", "x" * 125, "x" * 126, "x" * 65_535, "x" * 65_536, "王小明 é"])
def test_a_frame_is_read_as_the_text_that_it_was_made_of(text):
    reader = StreamReader()
    reader.feed_data(text_frame(text))
    with pytest.raises(StopIteration) as parsed:
        next(Frame.parse(reader.read_exact, mask=False))
    assert parsed.value.value == Frame(Opcode.TEXT, text.encode())
    reader.feed_eof()
    with pytest.raises(StopIteration) as left:
        next(reader.at_eof())
    assert left.value.value is True


class Narrow:
    """A wire that takes so many frames at once; what goes through `send` waits until it is let through."""

    def __init__(self, room):
        self.room, self.taken, self.open = room, [], asyncio.Event()

    def write(self, frame):
        if not self.room:
            return False
        self.room -= 1
        self.taken.append(frame)
        return True

    async def send(self, message):
        await self.open.wait()
        self.taken.append(text_frame(message["text"]))


async def test_what_the_wire_does_not_take_at_once_follows_in_order():
    wire = Narrow(room=1)
    socket = Socket(Identity(1, None, None), None, wire.send, wire.write)
    for number in range(3):
        socket.put({"n": number})
        socket.flush()
    wire.room = 5
    socket.put({"n": 3})
    socket.flush()
    wire.open.set()
    await socket.flushing
    socket.put({"n": 4})
    socket.flush()
    assert wire.taken == [text_frame(json.dumps({"n": n}, separators=(",", ":"))) for n in range(5)]
    assert (wire.room, socket.unsent) == (4, 0)


async def test_a_reader_who_is_stuck_is_cut_off_and_gathers_nothing_more(monkeypatch):
    monkeypatch.setattr(sockets, "MAX_UNSENT", 100)
    wire = Wire()
    wire.is_stuck = True
    socket = Socket(Identity(1, None, None), None, wire.send)
    for _ in range(3):
        socket.put_text("x" * 60)
        socket.flush()
    await asyncio.sleep(0)
    assert wire.closed_with == 1013
    socket.put_text("x" * 60)
    assert not socket.outbox
