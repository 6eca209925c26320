"""One change to many customers, each at its own version, and the way back."""

import json

import pytest

from customers import services
from customers.models import Customer, Tag
from tests.factories import make_customer, number_changes

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(everybody):
    return [make_customer(everybody.alice, name=name) for name in ("Anna", "Bo", "Cem")]


def picks(customers):
    return [f"{customer.pk}:{customer.version}" for customer in customers]


def held(customers, field):
    return list(
        Customer.objects.filter(pk__in=[each.pk for each in customers]).order_by("pk").values_list(field, flat=True)
    )


def toast(answer):
    return json.loads(answer["HX-Trigger"])["pulse:toast"]


@pytest.mark.parametrize("numbered", [False, True])
def test_stage_of_many_is_set_and_taken_back(three, browser_of, numbered):
    alice = browser_of("alice", htmx="bulk")

    said = toast(alice.post("/customers/bulk/", {"stage": "vip", "pick": picks(three)}))
    assert said["text"] == "3 customers changed."
    assert held(three, "stage_id") == ["vip"] * 3

    if numbered:
        number_changes()
    assert toast(alice.post(said["undo"]))["text"] == "Undone."
    assert held(three, "stage_id") == ["lead"] * 3


def test_owner_and_team_change_together_and_come_back_together(three, everybody, browser_of):
    dana = browser_of("dana", htmx="bulk")

    undo = toast(dana.post("/customers/bulk/", {"owner": everybody.charlie.pk, "pick": picks(three)}))["undo"]
    assert held(three, "team_id") == [everybody.charlie.team_id] * 3

    dana.post(undo)
    assert held(three, "owner_id") == [everybody.alice.pk] * 3
    assert held(three, "team_id") == [everybody.alice.team_id] * 3


def test_a_tag_is_added_to_those_that_are_there(three, everybody, browser_of):
    old, new = Tag.objects.create(name="old"), Tag.objects.create(name="new")
    services.tag_customer(three[0].pk, actor=everybody.bob, tag=old.pk)
    alice = browser_of("alice", htmx="bulk")

    undo = toast(alice.post("/customers/bulk/", {"tag": new.pk, "pick": picks(three)}))["undo"]
    assert held(three, "tags") == [[old.pk, new.pk], [new.pk], [new.pk]]
    alice.post(undo)
    assert held(three, "tags") == [[old.pk], [], []]


def test_trash_and_back(three, browser_of):
    alice = browser_of("alice", htmx="bulk")

    undo = toast(alice.post("/customers/bulk/", {"trash": "1", "pick": picks(three)}))["undo"]
    assert None not in held(three, "deleted_at")
    alice.post(undo)
    assert held(three, "deleted_at") == [None] * 3


def test_what_changed_meanwhile_or_is_not_hers_stays(three, everybody, browser_of):
    theirs = make_customer(everybody.charlie)
    services.update_customer(three[0].pk, actor=everybody.bob, version=1, changes={"stage": "lost"})

    answer = browser_of("alice", htmx="bulk").post(
        "/customers/bulk/", {"stage": "vip", "pick": picks([*three, theirs])}
    )

    assert toast(answer)["text"].startswith("2 customers changed. 2 stay as they are")
    assert held([*three, theirs], "stage_id") == ["lost", "vip", "vip", "lead"]


def test_undo_leaves_alone_what_was_so_already(three, everybody, browser_of):
    """Else it would take back the change before."""
    services.update_customer(three[0].pk, actor=everybody.alice, version=1, changes={"stage": "vip"})
    three[0].refresh_from_db()
    alice = browser_of("alice", htmx="bulk")

    said = toast(alice.post("/customers/bulk/", {"stage": "vip", "pick": picks(three)}))
    assert said["text"] == "2 customers changed."
    alice.post(said["undo"])
    assert held(three, "stage_id") == ["vip", "lead", "lead"]


def test_undo_leaves_alone_what_changed_since_and_what_others_did(three, everybody, browser_of):
    alice = browser_of("alice", htmx="bulk")
    undo = toast(alice.post("/customers/bulk/", {"stage": "vip", "pick": picks(three)}))["undo"]
    services.update_customer(three[0].pk, actor=everybody.bob, version=2, changes={"stage": "lost"})

    assert toast(browser_of("bob", htmx="bulk").post(undo))["bad"] is True
    assert held(three, "stage_id") == ["lost", "vip", "vip"]
    assert toast(alice.post(undo))["text"] == "1 was changed since and stays."
    assert held(three, "stage_id") == ["lost", "lead", "lead"]


@pytest.mark.parametrize(
    "data",
    [{}, {"stage": "vip"}, {"pick": ["1:1"]}, {"stage": "vip", "pick": ["1"]}, {"stage": "vip", "pick": ["a:b"]},
     {"stage": "vip", "pick": [f"{number}:1" for number in range(201)]}, {"stage": "vip", "pick": [f"{2**70}:1"]}],
)  # fmt: skip
def test_what_makes_no_sense_is_a_bad_request(three, browser_of, data):
    assert browser_of("alice").post("/customers/bulk/", data).status_code == 400
    assert held(three, "version") == [1] * 3


def test_without_javascript_the_list_says_what_was_done(three, browser_of):
    page = browser_of("alice").post("/customers/bulk/", {"stage": "vip", "pick": picks(three)}, follow=True)

    assert page.redirect_chain == [("/customers/", 302)]
    assert "3 customers changed." in page.content.decode()


def test_bulk_and_undo_are_posts_of_who_may_change(three, browser_of):
    assert browser_of("alice").get("/customers/bulk/").status_code == 405
    assert browser_of("alice").get("/customers/undo/?of=1:1").status_code == 405
    said = toast(browser_of("vera", htmx="bulk").post("/customers/bulk/", {"stage": "vip", "pick": picks(three)}))
    assert said["bad"] is True
    assert held(three, "version") == [1] * 3
