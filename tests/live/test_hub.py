"""The hub by itself: a gap is repaired from the log, doubles are dropped, and a reader who stalls is cut off."""

import asyncio
from unittest.mock import AsyncMock

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError

from crm.live import catchup
from crm.live import socket as sockets
from crm.live.commands import obey
from crm.live.consumer import live
from crm.live.hub import hub
from crm.live.socket import Identity, Socket
from crm.records import log
from crm.records.models import LogState
from crm.staff.models import User
from crm.staff.services import create_token, revoke_token
from tests.factories import number_changes, set_role
from tests.live.hubs import Wire, away, change, open_socket, rows_since, sent

pytestmark = pytest.mark.django_db(transaction=True)


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


async def test_with_another_epoch_everybody_is_asked_anew_who_she_is(watched):
    """What ended her session, or took a right from her, may have a number of the other epoch and is told to nobody."""
    hub, staying, _, alice, _ = watched
    bob = await User.objects.aget(username="bob")
    revoked, signed_out, suspended = (
        Socket(identity, alice.access, Wire().send)
        for identity in (
            Identity(alice.pk, None, 10**9),
            Identity(alice.pk, "0" * 64, None),
            Identity(bob.pk, None, None),
        )
    )
    for socket in (revoked, signed_out, suspended):
        hub.add(socket)
    await User.objects.filter(pk=bob.pk).aupdate(is_active=False)
    await sync_to_async(LogState.objects.update)(epoch="00000000-0000-4000-8000-000000000001")
    await hub.ask_log()
    assert [each.is_closed for each in (staying, revoked, signed_out, suspended)] == [False, True, True, True]


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


async def test_who_may_have_lost_rights_is_let_go_when_they_cannot_be_asked(watched, monkeypatch):
    hub, _, wire, alice, _ = watched
    monkeypatch.setattr(catchup, "accesses", away)
    await sync_to_async(set_role)(alice, "viewer")
    await sync_to_async(number_changes)()
    await hub.ask_log()
    await asyncio.sleep(0)
    assert wire.closed_with == 1011


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


async def test_a_token_revoked_while_its_socket_comes_in_keeps_none(watched):
    """When she was asked who she is it held, and when it ended the hub did not know her socket yet."""
    alice = watched[3]
    token, plain = await sync_to_async(create_token)(alice, name="test")
    closed = asyncio.Event()

    async def send(message):
        if message["type"] == "websocket.accept":
            await sync_to_async(revoke_token)(token.pk, actor=alice)
            await sync_to_async(number_changes)()
            await hub().ask_log()
        elif message["type"] == "websocket.close":
            closed.set()

    coming = [{"type": "websocket.connect"}]

    async def receive():
        if coming:
            return coming.pop()
        await closed.wait()
        return {"type": "websocket.disconnect"}

    await asyncio.wait_for(live({"headers": [(b"authorization", f"Bearer {plain}".encode())]}, receive, send), 5)
    for loop in hub().loops:
        loop.cancel()
