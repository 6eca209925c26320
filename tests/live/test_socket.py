"""The socket: what is heard by those who may. alice owns, bob is on her team, charlie is outside."""

import uuid

import pytest
from django.db import transaction

from crm.outbox.models import Dispatch
from crm.outbox.services import write_mail
from crm.staff.models import User
from customers import services
from customers.erasing import erase_customer
from customers.models import Customer
from tests.factories import change, make_customer, make_user


def test_a_watcher_hears_the_changed_fields_and_who_it_was(stack, listen, customer):
    client = listen(stack.people.alice)
    client.watch(customer.topic)
    row = change(customer, stack.people.bob, stage="vip")
    client.wait_for_version(customer.topic, 2)
    frame = client.frames(customer.topic)[-1]
    assert frame["fields"] == {"stage": "vip", "updated_at": row["updated_at"]}
    assert (frame["version"], frame["op"], frame["by"]["name"]) == (2, "u", "Bob Stone")


def test_plain_sql_is_heard_like_any_other_change(stack, listen, customer):
    client = listen(stack.people.alice)
    client.watch(customer.topic)
    Customer.objects.filter(pk=customer.pk).update(title="Head")
    client.wait_for_version(customer.topic, 2)
    assert client.frames(customer.topic)[-1]["by"] is None


def test_what_changes_on_a_customer_s_notes_is_heard_by_who_watches_the_customer(stack, listen, customer):
    client = listen(stack.people.alice)
    client.watch(customer.topic)
    note = services.add_note(customer.pk, actor=stack.people.bob, body="Call back")
    client.wait_for_version(note.topic, 1)
    assert client.frames(note.topic)[0]["root"] == customer.topic


def test_trash_is_gone_for_watchers(stack, listen, customer):
    client = listen(stack.people.bob)
    client.watch(customer.topic)
    services.trash_customer(customer.pk, actor=stack.people.alice, version=1)
    client.wait_for(lambda message: message.get("gone") == [customer.topic])
    assert client.frames(customer.topic) == []


def test_a_view_tells_what_enters_moves_and_leaves(stack, listen):
    city = uuid.uuid4().hex
    client = listen(stack.people.bob)
    client.watch({"view": "customers", "filter": {"q": city, "stage": ["vip"]}, "sort": "name", "as": "v"})
    customer = make_customer(stack.people.alice, name="Bea", city=city, stage="vip")
    entered = client.wait_for(lambda message: "enter" in message)
    assert entered["as"] == "v"
    assert entered["enter"][0]["key"] == ["bea", customer.pk]
    assert entered["enter"][0]["fields"]["city"] == city
    change(customer, stack.people.alice, name="Zoe")
    assert client.wait_for(lambda message: "move" in message)["move"][0]["key"] == ["zoe", customer.pk]
    change(customer, stack.people.alice, stage="lost")
    assert client.wait_for(lambda message: "leave" in message)["leave"][0]["record"] == customer.topic


def test_every_change_moves_a_row_where_the_last_change_is_the_order(stack, listen):
    city = uuid.uuid4().hex
    customer = make_customer(stack.people.alice, city=city)
    client = listen(stack.people.bob)
    client.watch({"view": "customers", "filter": {"q": city}, "sort": "-updated", "as": "v"})
    row = change(customer, stack.people.alice, title="Head")
    moved = client.wait_for(lambda message: "move" in message)["move"][0]
    assert (moved["record"], moved["key"]) == (customer.topic, [row["updated_at"], customer.pk])


def test_a_view_that_changes_too_much_in_a_second_is_told_to_be_fetched_again(stack, listen):
    city = uuid.uuid4().hex
    client = listen(stack.people.bob)
    client.watch({"view": "customers", "filter": {"q": city}, "as": "v"})
    Customer.objects.bulk_create(
        Customer(name=f"Many {number}", city=city, owner=stack.people.alice, team=stack.people.alice.team)
        for number in range(1000)
    )
    client.wait_for(lambda message: message == {"resync": True, "as": "v"})
    assert len([message for message in client.messages if "enter" in message]) <= 400


def test_members_frames_come_with_a_view_unless_they_are_not_wished_for(stack, listen):
    city = uuid.uuid4().hex
    customer = make_customer(stack.people.alice, city=city)
    wishing, other = listen(stack.people.bob), listen(stack.people.bob)
    view = {"view": "customers", "filter": {"q": city}, "as": "v"}
    wishing.watch(view)
    other.watch({**view, "frames": False})
    row = change(customer, stack.people.alice, title="Head")
    wishing.wait_for_version(customer.topic, 2)
    other.wait_for_head(wishing.frames(customer.topic)[0]["seq"])
    assert other.frames(customer.topic) == []
    assert row["version"] == 2


def test_rows_come_as_html_to_who_wishes_so_and_are_escaped(stack, listen):
    city = uuid.uuid4().hex
    client = listen(stack.people.bob)
    client.watch({"view": "customers", "filter": {"q": city}, "as": "v", "html": True})
    make_customer(stack.people.alice, name="<script>alert(1)</script>", city=city)
    html = client.wait_for(lambda message: "enter" in message)["enter"][0]["html"]
    assert "&lt;script&gt;" in html
    assert "<script>" not in html


def test_a_timeline_brings_each_change_once(stack, listen, customer):
    client = listen(stack.people.alice)
    client.watch({"view": "timeline", "filter": {"root": customer.topic}, "as": "t", "html": True})
    services.add_note(customer.pk, actor=stack.people.bob, body="Call back Thursday")
    entry = client.wait_for(lambda message: "enter" in message)["enter"][0]
    assert "Call back Thursday" in entry["html"]
    assert "Bob Stone" in entry["html"]


@pytest.mark.parametrize("view", ["timeline", "feed", "reporting:feed"])
def test_entries_are_asked_for_again_when_somebody_in_them_is_erased(stack, listen, customer, view):
    client = listen(stack.people.alice)
    client.watch({"view": view, "filter": {"root": customer.topic} if view == "timeline" else {}, "as": "t"})
    services.update_customer(customer.pk, actor=stack.people.bob, version=1, changes={"name": "Marta Ek"})
    client.wait_for(lambda message: "enter" in message)

    with transaction.atomic():
        erase_customer(customer, but=0)

    assert client.wait_for(lambda message: message.get("resync"))["as"] == "t"


@pytest.mark.parametrize(
    "wanted",
    [
        {"view": "nothing", "as": "v"},
        {"view": "customers", "filter": {"shoe": 43}, "as": "v"},
        {"view": "customers", "filter": [], "as": "v"},
        {"view": "customers", "sort": "shoe", "as": "v"},
        {"view": "customers", "as": 7},
        {"panel": "nothing", "as": "v"},
        "nothing:1",
        "customer:x",
        "customer:99999999999999999999",
    ],
)
def test_what_cannot_be_watched_is_an_error_and_the_socket_lives(stack, listen, wanted):
    client = listen(stack.people.alice)
    client.watch(wanted)
    assert [message for message in client.messages if "error" in message]


@pytest.mark.parametrize(
    "text", ["", "nonsense", "[]", "7", "[" * 5000, '{"shout": 1}', '{"watch": "x"}', "x" * 300_000]
)
def test_what_is_no_command_is_an_error_and_the_socket_lives(stack, listen, text):
    client = listen(stack.people.alice)
    client.socket.send(text)
    client.settle()
    assert [message for message in client.messages if "error" in message]


def test_after_a_gap_exactly_what_was_missed_comes_and_nothing_else(stack, listen, customer):
    first = listen(stack.people.alice)
    first.watch(customer.topic)
    change(customer, stack.people.bob, stage="vip")
    first.wait_for_version(customer.topic, 2)
    position, epoch = first.position, first.epoch
    first.close()
    for title in ("A", "B", "C"):
        change(customer, stack.people.bob, title=title)
    watcher = listen(stack.people.dana)
    watcher.watch(customer.topic, **{"from": position})
    watcher.wait_for_version(customer.topic, 5)
    again = listen(stack.people.alice)
    again.watch(customer.topic, **{"from": position, "epoch": epoch})
    again.wait_for_version(customer.topic, 5)
    assert [frame["version"] for frame in again.frames(customer.topic)] == [3, 4, 5]


def test_a_view_that_was_missed_is_replayed(stack, listen):
    city = uuid.uuid4().hex
    client = listen(stack.people.bob)
    position = client.position
    customer = make_customer(stack.people.alice, city=city)
    other = listen(stack.people.alice)
    other.watch(customer.topic, **{"from": position})
    other.wait_for_version(customer.topic, 1)
    client.watch({"view": "customers", "filter": {"q": city}, "as": "v"}, **{"from": position})
    assert client.wait_for(lambda message: "enter" in message)["enter"][0]["record"] == customer.topic


def test_another_epoch_is_a_resync(stack, listen, customer):
    client = listen(stack.people.alice)
    client.watch(customer.topic, **{"from": 1, "epoch": str(uuid.uuid4())})
    client.wait_for(lambda message: message.get("resync") is True)


def test_a_record_that_was_lost_meanwhile_is_gone(stack, listen, customer):
    client = listen(stack.people.bob)
    position = client.position
    services.trash_customer(customer.pk, actor=stack.people.alice, version=1)
    client.watch(customer.topic, **{"from": position})
    client.wait_for(lambda message: message.get("gone") == [customer.topic])


def test_presence_says_who_is_on_which_field_and_forgets_who_left(stack, listen, customer):
    alice, bob = listen(stack.people.alice), listen(stack.people.bob)
    for client in (alice, bob):
        client.watch(customer.topic)
    bob.say(here={"record": customer.topic, "field": "phones"})
    here = [{"user": stack.people.bob.pk, "field": "phones"}]
    alice.wait_for(lambda message: message.get("presence") == {customer.topic: here})
    since = len(alice.messages)
    bob.close()
    alice.wait_for(lambda message: message.get("presence") == {customer.topic: []}, since)


def test_to_be_on_what_is_no_record_is_to_be_nowhere(stack, listen):
    client = listen(stack.people.alice)
    client.say(here={"record": ["customer:1"]})
    client.settle()


def test_what_is_no_text_in_one_s_presence_or_names_ends_nobody_s_socket(stack, listen, customer):
    """Half of a pair of surrogates: JSON can say it, UTF-8 cannot."""
    alice, mallory = listen(stack.people.alice), listen(stack.people.bob)
    alice.watch(customer.topic)
    mallory.watch(customer.topic, {"view": "customers", "as": "\ud800"})
    mallory.say(here={"record": customer.topic, "field": "\ud800"})
    here = [{"user": stack.people.bob.pk, "field": "\ud800"}]
    alice.wait_for(lambda message: message.get("presence") == {customer.topic: here})
    mallory.settle()
    alice.settle()


def test_a_record_watched_again_takes_no_further_room(stack, listen, customer):
    client = listen(stack.people.alice)
    client.watch(customer.topic)
    client.watch(*[customer.topic, *[f"customer:{number}" for number in range(10**9, 10**9 + 1999)]])
    reasons = {message["error"]["reason"] for message in client.messages if "error" in message}
    assert reasons == {"not found"}


def test_a_rename_is_one_frame_for_the_directory(stack, listen):
    person = make_user(f"p{uuid.uuid4().hex[:8]}", first_name="Old", last_name="Name")
    client = listen(stack.people.alice)
    client.watch("directory")
    User.objects.filter(pk=person.pk).update(last_name="New")
    client.wait_for_version(person.topic, 2)
    assert client.frames(person.topic)[0]["fields"]["last_name"] == "New"


def test_what_is_in_no_log_is_told_by_the_bell_within_seconds(stack, listen, customer):
    """Of a mail that may have left or not nothing is said in the log."""
    client = listen(stack.people.dana)
    client.watch({"panel": "staff:notifications", "as": "bell"})
    before = client.wait_for(lambda message: message.get("as") == "bell")["panel"]["unread"]

    write_mail(customer.pk, to="aisha@kestrel.example", subject="Hello", body="Hello")
    Dispatch.objects.filter(customer=customer).update(state="unknown")

    client.wait_for(lambda message: message.get("as") == "bell" and message["panel"]["unread"] == before + 1)
