"""What stands on a customer's page beside her fields: timeline, notes, follow-ups, panels of modules."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from customers import panels, services
from customers.models import FollowUp, Note
from customers.views import pages
from tests.factories import make_customer, number_changes

pytestmark = pytest.mark.django_db


def toast(answer):
    return json.loads(answer["HX-Trigger"])["pulse:toast"]


def test_a_note_is_written_and_stands_on_the_timeline(customer, everybody, browser_of):
    alice = browser_of("alice", htmx="timeline")

    answer = alice.post(f"/customers/{customer.pk}/notes/", {"body": "Call <back>."})
    assert answer.status_code == 200
    assert "Call" not in answer.content.decode()
    number_changes()
    assert "Call &lt;back&gt;." in alice.get(f"/customers/{customer.pk}/timeline/").content.decode()
    assert Note.objects.get().author == everybody.alice


@pytest.mark.parametrize("body", ["", "   ", "x" * 10_001])
def test_a_note_must_say_something_and_not_too_much(customer, browser_of, body):
    answer = browser_of("alice", htmx="x").post(f"/customers/{customer.pk}/notes/", {"body": body})

    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not Note.objects.exists()


def test_an_own_note_is_changed_taken_back_and_brought_back(customer, everybody, browser_of):
    note = services.add_note(customer.pk, actor=everybody.alice, body="Call back.")
    alice, place = browser_of("alice", htmx="x"), f"/customers/notes/{note.pk}/"

    assert "Call back." in alice.get(place).content.decode()
    assert "Call her." in alice.post(place, {"version": "1", "body": "Call her."}).content.decode()
    assert "Call her." in alice.get(f"{place}?read").content.decode()

    undo = toast(alice.post(f"{place}trash/"))["undo"]
    assert "Call her." not in alice.get(f"/customers/{customer.pk}/timeline/?show=notes").content.decode()
    alice.post(undo)
    assert "Call her." in alice.get(f"/customers/{customer.pk}/timeline/?show=notes").content.decode()


def test_older_notes_are_counted_and_come_when_asked_for(customer, everybody, browser_of, monkeypatch):
    monkeypatch.setattr(pages, "NOTES", 2)
    notes = [services.add_note(customer.pk, actor=everybody.alice, body=f"Note {n}.") for n in range(5)]
    alice, place = browser_of("alice", htmx="x"), f"/customers/{customer.pk}/timeline/?show=notes"

    first, following, last = (
        alice.get(f"{place}{more}").content.decode()
        for more in ("", f"&before={notes[3].pk}", f"&before={notes[1].pk}")
    )

    assert [re.findall(r"Note \d", each) for each in (first, following, last)] == [
        ["Note 4", "Note 3"], ["Note 2", "Note 1"], ["Note 0"],
    ]  # fmt: skip
    assert f"before={notes[3].pk}" in first
    assert '<span class="count">3</span>' in first
    assert "before=" not in last
    assert [alice.get(f"{place}&before={odd}").status_code for odd in ("x", "9" * 5000)] == [404, 200]


def test_a_note_that_changed_meanwhile_keeps_what_was_typed(customer, everybody, browser_of):
    note = services.add_note(customer.pk, actor=everybody.alice, body="Call back.")
    services.edit_note(note.pk, actor=everybody.admin, version=1, body="Do not call.")

    answer = browser_of("alice").post(f"/customers/notes/{note.pk}/", {"version": "1", "body": "Call her."})

    assert answer.status_code == 409
    assert "Do not call." in answer.content.decode()
    assert ">Call her.</textarea>" in answer.content.decode()
    assert Note.objects.get().body == "Do not call."


def test_the_timeline_is_read_in_stretches(customer, everybody, browser_of):
    for number in range(70):
        services.add_note(customer.pk, actor=everybody.alice, body=f"Note {number:02}")
    number_changes()
    alice, seen, address = browser_of("alice"), [], f"/customers/{customer.pk}/timeline/"
    while address:
        page = alice.get(address).content.decode()
        seen += re.findall(r"Note (\d\d)", page)
        older = re.search(r'class="older">.*?hx-get="([^"]+)"', page)
        address = older[1].replace("&amp;", "&") if older else None

    assert seen == [f"{number:02}" for number in reversed(range(70))]


def test_the_timeline_shows_changes_alone_and_refuses_what_it_has_not(customer, everybody, browser_of):
    services.add_note(customer.pk, actor=everybody.alice, body="Call back.")
    services.update_customer(customer.pk, actor=everybody.bob, version=1, changes={"city": "Hull"})
    number_changes()
    alice = browser_of("alice")

    changes = alice.get(f"/customers/{customer.pk}/timeline/?show=changes").content.decode()
    assert "Hull" in changes
    assert "Call back." not in changes
    assert alice.get(f"/customers/{customer.pk}/timeline/?show=secrets").status_code == 404
    assert alice.get(f"/customers/{customer.pk}/timeline/?before=x").status_code == 404
    beyond = alice.get(f"/customers/{customer.pk}/timeline/?before={10**20}")
    assert "created" in beyond.content.decode()


def test_viewers_read_no_contact_details_on_the_timeline(customer, everybody, browser_of):
    services.update_customer(customer.pk, actor=everybody.bob, version=1, changes={"emails": ["new@kestrel.example"]})
    number_changes()

    page = browser_of("vera").get(f"/customers/{customer.pk}/").content.decode()
    assert "n•••@k•••.example" in page
    assert "new@kestrel" not in page


def test_a_follow_up_is_planned_in_the_readers_zone(customer, everybody, browser_of):
    type(everybody.alice).objects.filter(pk=everybody.alice.pk).update(time_zone="Europe/Paris")
    alice = browser_of("alice", htmx="x")

    answer = alice.post(f"/customers/{customer.pk}/follow-ups/", {"title": "Call", "due_at": "2030-07-01T09:00"})

    follow_up = FollowUp.objects.get()
    assert follow_up.due_at == datetime(2030, 7, 1, 7, tzinfo=UTC)
    assert follow_up.assignee == everybody.alice
    assert "Call" in answer.content.decode()


@pytest.mark.parametrize("data", [{"title": ""}, {"due_at": "soon"}, {"title": "x" * 201}])
def test_a_follow_up_must_say_what_and_when(customer, browser_of, data):
    given = {"title": "Call", "due_at": "2030-07-01T09:00"} | data

    assert browser_of("alice").post(f"/customers/{customer.pk}/follow-ups/", given).status_code == 422
    assert not FollowUp.objects.exists()


def test_a_follow_up_is_done_and_open_again(customer, everybody, browser_of):
    due = timezone.now() - timedelta(days=1)
    follow_up = services.add_follow_up(customer.pk, actor=everybody.alice, title="Call", due_at=due)
    alice, address = browser_of("alice", htmx="x"), f"/customers/{customer.pk}/follow-ups/"
    assert 'class="end late"' in alice.get(address).content.decode()

    answer = alice.post(f"/customers/follow-ups/{follow_up.pk}/done/")
    assert "Nothing to do." in answer.content.decode()
    alice.post(toast(answer)["undo"])
    assert "Call" in alice.get(address).content.decode()


def test_the_bell_tells_what_is_due_to_whom_it_was_given(customer, everybody, browser_of):
    for title, days in {"Yesterday's": -1, "Tomorrow's": 1}.items():
        due = timezone.now() + timedelta(days=days)
        services.add_follow_up(
            customer.pk, actor=everybody.alice, title=title, due_at=due, assignee_id=everybody.bob.pk
        )

    def due(name):
        return re.findall(r"(\w+)&#x27;s", browser_of(name).get("/notifications/").content.decode())

    assert (due("bob"), due("alice"), due("charlie")) == (["Yesterday"], [], [])


def test_the_page_asks_for_the_panels_of_modules_as_one_piece_so_that_none_pushes_another_down(
    customer, browser_of, monkeypatch
):
    monkeypatch.setattr(panels, "_slots", [])
    alice, asks = browser_of("alice"), re.compile(r'hx-get="([^"]+)" hx-trigger="load"')
    assert asks.findall(alice.get(f"/customers/{customer.pk}/").content.decode()) == []

    panels.register_panel("customers:consents", position=2)
    panels.register_panel("customers:follow_ups", position=1)

    assert asks.findall(alice.get(f"/customers/{customer.pk}/").content.decode()) == [
        f"/customers/{customer.pk}/panels/"
    ]
    drawn = alice.get(f"/customers/{customer.pk}/panels/").content.decode()
    assert re.findall(r'id="([a-z-]+)-\d', drawn) == ["follow-ups", "consents"]


def test_a_page_with_twenty_of_each_part_costs_what_an_empty_one_does(
    everybody, browser_of, django_assert_max_num_queries
):
    bare, full = make_customer(everybody.alice), make_customer(everybody.alice)
    for number in range(20):
        services.add_note(full.pk, actor=everybody.alice, body=f"Note {number}")
        services.add_follow_up(full.pk, actor=everybody.alice, title=f"Call {number}", due_at="2030-01-01T09:00Z")
    number_changes()
    alice = browser_of("alice")
    alice.get(f"/customers/{full.pk}/")

    counted = []
    for customer in (bare, full):
        alice.get(f"/customers/{customer.pk}/")
        with django_assert_max_num_queries(5):
            counted.append(alice.get(f"/customers/{customer.pk}/").status_code)
    assert counted == [200, 200]
