"""What a socket missed: exactly that, before what came meanwhile, together with those who come back at once."""

import asyncio
from unittest.mock import Mock

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from crm.live import catchup
from crm.live.commands import obey
from crm.records import log
from crm.staff import services as staff
from customers import services
from tests.factories import make_customer, number_changes
from tests.live.hubs import away, change, open_socket, sent

pytestmark = pytest.mark.django_db(transaction=True)


def plan(customer, actor):
    follow_up = services.add_follow_up(customer.pk, actor=actor, title="Call", due_at=timezone.now())
    number_changes()
    return follow_up


def rename(user):
    staff.change_user(user.pk, version=1, changes={"last_name": "Renamed"})
    number_changes()


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


async def test_a_part_that_is_watched_by_itself_is_caught_up_without_what_else_its_customer_saw(watched):
    hub, _, _, alice, customer = watched
    follow_up = await sync_to_async(plan)(customer, alice)
    await hub.ask_log()
    start = hub.head
    await sync_to_async(services.complete_follow_up)(follow_up.pk, actor=alice)
    await change(customer, alice, "A")
    await hub.ask_log()
    newcomer, wire = await open_socket(hub, alice)
    await obey(hub, newcomer, {"watch": [follow_up.topic], "from": start, "epoch": hub.epoch})
    await sent(newcomer)
    assert wire.frames() == [(follow_up.topic, 2)]


async def test_a_renaming_that_was_missed_reaches_the_directory_of_who_comes_back(watched):
    hub, _, _, alice, customer = watched
    start = hub.head
    await sync_to_async(rename)(alice)
    await change(customer, alice, "A")
    await hub.ask_log()
    for more in ([], [alice.topic]):
        newcomer, wire = await open_socket(hub, alice)
        topics = ["directory", customer.topic, *more]
        await obey(hub, newcomer, {"watch": topics, "from": start, "epoch": hub.epoch})
        await sent(newcomer)
        assert wire.frames() == [(alice.topic, 2), (customer.topic, 2)]


async def test_who_was_away_for_long_fetches_the_directory_again_only_when_it_changed(watched, monkeypatch):
    hub, _, _, alice, customer = watched
    monkeypatch.setattr(catchup, "MOST_MISSED", 1)
    start = hub.head
    await sync_to_async(rename)(alice)
    await change(customer, alice, "A", "B")
    await hub.ask_log()
    wires = []
    for position in (start, start + 1):
        newcomer, wire = await open_socket(hub, alice)
        await obey(hub, newcomer, {"watch": ["directory"], "from": position, "epoch": hub.epoch})
        await sent(newcomer)
        wires.append(wire)
    assert [{"resync": True} in wire.texts for wire in wires] == [True, False]


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
