"""The hub by itself: a gap is repaired from the log, doubles are dropped, and a reader who stalls is cut off."""

import asyncio
import json
from unittest.mock import AsyncMock, Mock

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connections

from crm.live import catchup
from crm.live import socket as sockets
from crm.live.commands import obey
from crm.live.hub import Hub
from crm.live.socket import Identity, Socket
from crm.records import log
from crm.records.models import LogState
from crm.staff.services import set_role
from customers import services
from tests.factories import make_customer, number_changes, people

pytestmark = pytest.mark.django_db(transaction=True)


class Wire:
    """What a server does with what a socket sends: notes it, or (`is_stuck`) never finishes."""

    def __init__(self):
        self.texts, self.closed_with, self.is_stuck = [], None, False

    async def send(self, message):
        if message["type"] == "websocket.close":
            self.closed_with = message["code"]
            return
        if self.is_stuck:
            await asyncio.Event().wait()
        self.texts.append(json.loads(message["text"]))

    def frames(self):
        told = [frame for message in self.texts for frame in message.get("frames", [])]
        return [(frame["record"], frame["version"]) for frame in told]

    def versions(self):
        return [version for _, version in self.frames()]


@sync_to_async
def begin():
    alice = people().alice
    customer = make_customer(alice)
    number_changes()
    return alice, customer


@sync_to_async
def change(customer, actor, *titles):
    version = type(customer).objects.get(pk=customer.pk).version
    for title in titles:
        version = services.update_customer(customer.pk, actor=actor, version=version, changes={"title": title})[
            "version"
        ]
    return number_changes()


async def open_socket(hub, user):
    wire = Wire()
    socket = Socket(Identity(user.pk, None, None), user.access, wire.send)
    hub.add(socket)
    return socket, wire


async def sent(socket):
    while socket.flushing and not socket.flushing.done():
        await socket.flushing


@pytest.fixture
async def watched():
    alice, customer = await begin()
    hub = Hub()
    await hub.take_position()
    socket, wire = await open_socket(hub, alice)
    await obey(hub, socket, {"watch": [customer.topic]})
    yield hub, socket, wire, alice, customer
    await sync_to_async(connections.close_all)()


async def rows_since(seq):
    return await sync_to_async(log.rows_after)(seq, 100)


async def test_frames_that_never_came_are_read_from_the_log(watched):
    hub, socket, wire, alice, customer = watched
    start = hub.head
    await change(customer, alice, "A", "B", "C")
    rows = await rows_since(start)
    await hub.receive(hub.epoch, rows[2:])
    await sent(socket)
    assert wire.versions() == [2, 3, 4]
    assert hub.head == start + 3


async def test_without_the_bus_the_log_is_asked(watched):
    hub, socket, wire, alice, customer = watched
    await change(customer, alice, "A", "B")
    await hub.ask_log()
    await sent(socket)
    assert wire.versions() == [2, 3]


async def test_what_comes_twice_is_sent_once(watched):
    hub, socket, wire, alice, customer = watched
    start = hub.head
    await change(customer, alice, "A")
    rows = await rows_since(start)
    for _time in range(2):
        await hub.receive(hub.epoch, rows)
    await sent(socket)
    assert wire.versions() == [2]


async def test_another_epoch_takes_the_new_position_and_tells_everybody(watched):
    hub, socket, wire, _, _ = watched
    old = hub.epoch
    await sync_to_async(LogState.objects.update)(epoch="00000000-0000-4000-8000-000000000000", head=7)
    await hub.ask_log()
    await sent(socket)
    assert (hub.epoch, hub.head) == ("00000000-0000-4000-8000-000000000000", 7)
    assert wire.texts[-1]["resync"] is True
    assert old != hub.epoch


async def test_a_hub_that_could_not_begin_begins_with_the_next_socket(watched, monkeypatch):
    """PostgreSQL was away when the first socket of a process came."""
    hub = watched[0]
    with monkeypatch.context() as patch:
        patch.setattr(hub, "take_position", AsyncMock(side_effect=OperationalError))
        with pytest.raises(OperationalError):
            await hub.start()
    await hub.start()
    assert len(hub.loops) == 4
    for loop in hub.loops:
        loop.cancel()


def away(*_args, **_options):
    raise OperationalError("PostgreSQL is away")


async def test_a_gap_that_cannot_be_read_now_is_not_passed_over(watched, monkeypatch):
    hub, socket, wire, alice, customer = watched
    start = hub.head
    await change(customer, alice, "A", "B")
    rows = await rows_since(start)
    with monkeypatch.context() as patch:
        patch.setattr(log, "rows_after", away)
        await hub.receive(hub.epoch, rows[1:])
    assert (hub.head, wire.versions()) == (start, [])
    await hub.ask_log()
    await sent(socket)
    assert wire.versions() == [2, 3]


async def test_a_watch_that_cannot_be_caught_up_is_let_go_before_any_head(watched, monkeypatch):
    """A head would be taken for a promise about what was missed."""
    hub, _, _, alice, customer = watched
    start = hub.head
    await change(customer, alice, "A")
    await hub.ask_log()
    newcomer, wire = await open_socket(hub, alice)
    monkeypatch.setattr(catchup, "answer", away)
    await obey(hub, newcomer, {"watch": [customer.topic], "from": start, "epoch": hub.epoch})
    hub.send_heads()
    await asyncio.sleep(0)
    assert wire.closed_with == 1011
    assert [message for message in wire.texts if "epoch" not in message] == []


async def test_who_come_back_together_are_told_each_what_she_missed_by_the_same_statements(watched, monkeypatch):
    hub, _, _, alice, customer = watched
    start = hub.head
    other = await sync_to_async(make_customer)(alice, name="Another")
    await change(customer, alice, "A", "B")
    await change(other, alice, "C")
    await hub.ask_log()
    assert hub.head == start + 4  # A, B, the other's beginning, C
    asked = Mock(side_effect=log.rows_after)
    monkeypatch.setattr(log, "rows_after", asked)
    seen = {"watch": [customer.topic], "from": start}, {"watch": [customer.topic, other.topic], "from": start + 2}
    wires = []
    for wanted in seen:
        newcomer, wire = await open_socket(hub, alice)
        wires.append((wire, asyncio.ensure_future(obey(hub, newcomer, wanted | {"epoch": hub.epoch}))))
    await asyncio.gather(*(told for _, told in wires))
    await asyncio.sleep(0)
    assert [wire.frames() for wire, _ in wires] == [
        [(customer.topic, 2), (customer.topic, 3)],
        [(customer.topic, 3), (other.topic, 2)],
    ]
    asked.assert_called_once()


async def test_one_who_missed_too_much_takes_nothing_from_those_beside_her(watched, monkeypatch):
    hub, _, _, alice, customer = watched
    start = hub.head
    await change(customer, alice, "A", "B", "C")
    await hub.ask_log()
    monkeypatch.setattr(catchup, "MOST_MISSED", 2)
    wires = []
    for position in (start, start + 1):
        newcomer, wire = await open_socket(hub, alice)
        wanted = {"watch": [customer.topic], "from": position, "epoch": hub.epoch}
        wires.append((wire, asyncio.ensure_future(obey(hub, newcomer, wanted))))
    await asyncio.gather(*(told for _, told in wires))
    await asyncio.sleep(0)
    assert [wire.versions() for wire, _ in wires] == [[], [3, 4]]
    assert {"resync": True} in wires[0][0].texts


async def test_who_may_have_lost_rights_is_let_go_when_they_cannot_be_asked(watched, monkeypatch):
    hub, _, wire, alice, _ = watched
    monkeypatch.setattr(catchup, "accesses", away)
    await sync_to_async(set_role)(alice, "viewer")
    await sync_to_async(number_changes)()
    await hub.ask_log()
    await asyncio.sleep(0)
    assert wire.closed_with == 1011


async def test_no_head_is_said_before_what_a_catch_up_owes(watched):
    hub, socket, wire, _, _ = watched
    await sent(socket)
    before = list(wire.texts)
    socket.holds += 1
    hub.send_heads()
    await sent(socket)
    assert wire.texts == before
    socket.holds -= 1
    hub.send_heads()
    await sent(socket)
    assert wire.texts == [*before, {"head": hub.head}]


async def test_the_head_is_said_with_a_watch_so_that_no_screen_waits_for_the_next_beat(watched):
    hub, socket, wire, _, _ = watched
    await sent(socket)
    assert wire.texts[-1] == {"head": hub.head}


async def test_no_head_is_said_to_who_has_not_watched_yet(watched):
    """A client that comes back would take it for its position, though what it missed before has yet to be asked for."""
    hub, _, _, alice, _ = watched
    newcomer, wire = await open_socket(hub, alice)
    hub.send_heads()
    await sent(newcomer)
    assert wire.texts == [{"epoch": hub.epoch, "head": hub.head}]


async def test_a_reader_who_stalls_is_cut_off_at_the_cap_and_delays_nobody(watched, monkeypatch):
    hub, socket, wire, alice, customer = watched
    monkeypatch.setattr(sockets, "MAX_UNSENT", 2_000)
    other, other_wire = await open_socket(hub, alice)
    await obey(hub, other, {"watch": [customer.topic]})
    wire.is_stuck = True
    for number in range(12):
        await change(customer, alice, f"title {number}")
        await hub.ask_log()
        await sent(other)
    await asyncio.sleep(0)
    assert wire.closed_with == 1013
    assert socket.unsent < 3_000
    assert other_wire.versions() == list(range(2, 14))


async def test_many_changes_that_are_due_together_become_one_message(watched):
    hub, socket, wire, alice, customer = watched
    await change(customer, alice, *[f"title {number}" for number in range(20)])
    await hub.ask_log()
    await sent(socket)
    assert [len(message["frames"]) for message in wire.texts if "frames" in message] == [20]
