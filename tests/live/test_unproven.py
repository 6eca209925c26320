"""What a socket has asked for and nobody has checked yet: it hears of it only what its reader may see."""

import pytest

from crm.live.commands import obey
from crm.staff.models import User
from tests.live.hubs import change, open_socket, sent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def outsider(watched):
    """Charlie's socket, with what it was sent."""
    charlie = await User.objects.aget(username="charlie")
    return await open_socket(watched[0], charlie)


def told_of(wire, topic):
    return [message for message in wire.texts if "error" not in message and topic in str(message)]


async def test_who_is_on_a_record_is_not_told_to_an_outsider_who_asks_for_it(watched, outsider):
    hub, insider, _, _, customer = watched
    newcomer, wire = outsider
    await obey(hub, insider, {"here": {"record": customer.topic, "field": "phones"}})
    hub.send_presence()
    await obey(hub, newcomer, {"watch": [customer.topic]})
    await sent(newcomer)
    assert [message["error"]["reason"] for message in wire.texts if "error" in message] == ["not found"]
    assert told_of(wire, customer.topic) == []


async def test_what_happens_while_a_watch_is_checked_is_not_told_to_an_outsider(watched, outsider, monkeypatch):
    hub, insider, heard, alice, customer = watched
    newcomer, wire = outsider
    check = hub.catching_up.ask

    async def slowly(absence):
        await change(customer, alice, "A")
        await hub.ask_log()
        await obey(hub, insider, {"here": {"record": customer.topic, "field": "phones"}})
        hub.send_presence()
        return await check(absence)

    monkeypatch.setattr(hub.catching_up, "ask", slowly)
    await obey(hub, newcomer, {"watch": [customer.topic]})
    await sent(newcomer)
    await sent(insider)
    assert (customer.topic, 2) in heard.frames()
    assert told_of(wire, customer.topic) == []


async def test_what_happens_while_a_watch_is_checked_reaches_who_may_see_it(watched, monkeypatch):
    hub, _, _, alice, customer = watched
    check = hub.catching_up.ask

    async def slowly(absence):
        await change(customer, alice, "A")
        await hub.ask_log()
        return await check(absence)

    monkeypatch.setattr(hub.catching_up, "ask", slowly)
    newcomer, wire = await open_socket(hub, alice)
    await obey(hub, newcomer, {"watch": [customer.topic]})
    await sent(newcomer)
    assert (customer.topic, 2) in wire.frames()
