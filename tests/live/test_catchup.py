"""What a socket missed: exactly that, before what came meanwhile, together with those who come back at once."""

import asyncio
from unittest.mock import Mock

import pytest
from asgiref.sync import sync_to_async

from crm.live import catchup
from crm.live.commands import obey
from crm.records import log
from tests.factories import make_customer
from tests.live.hubs import away, change, open_socket, sent

pytestmark = pytest.mark.django_db(transaction=True)


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


async def test_what_a_view_missed_comes_before_what_came_while_that_was_asked_for(watched, monkeypatch):
    hub, _, _, alice, customer = watched
    start = hub.head
    await change(customer, alice, "A")
    await hub.ask_log()
    catching_up = hub.catching_up.ask

    async def slowly(absence):
        await change(customer, alice, "B")
        await hub.ask_log()
        return await catching_up(absence)

    monkeypatch.setattr(hub.catching_up, "ask", slowly)
    newcomer, wire = await open_socket(hub, alice)
    view = {"view": "customers", "filter": {}, "sort": "-updated", "as": "v"}
    await obey(hub, newcomer, {"watch": [view], "from": start, "epoch": hub.epoch})
    await sent(newcomer)
    assert wire.versions() == [2, 3]
    assert [item["version"] for message in wire.texts for item in message.get("move", [])] == [2, 3]


async def test_rights_that_shrink_take_no_record_whose_watch_is_being_answered(watched, monkeypatch):
    hub, socket, wire, alice, customer = watched
    other = await sync_to_async(make_customer)(alice, name="Another")
    visible_topics = catchup.visible_topics

    def while_another_is_watched(reader, topics):
        hub.watches.watch(socket, other.topic)
        return visible_topics(reader, topics)

    monkeypatch.setattr(catchup, "visible_topics", while_another_is_watched)
    await hub.narrow(socket)
    await sent(socket)
    assert {customer.topic, other.topic} <= socket.records
    assert not [message for message in wire.texts if "gone" in message]


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
