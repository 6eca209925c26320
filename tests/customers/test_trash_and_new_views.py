"""The first and the last of a customer: the form of a new one, the trash, and the way out of it."""

import json

import pytest

from customers import services
from customers.models import Customer
from tests.factories import make_customer

pytestmark = pytest.mark.django_db

NEW = {"kind": "person", "name": "Bo Ek", "emails": "bo@ek.example", "stage": "lead", "owner": ""}


def test_a_new_customer_has_her_page_or_her_drawer(everybody, browser_of):
    page = browser_of("alice").post("/customers/new/", NEW)
    first = Customer.objects.get()
    assert page["Location"] == f"/customers/{first.pk}/"
    assert (first.name, first.emails, first.team, first.owner) == (
        "Bo Ek",
        ["bo@ek.example"],
        everybody.alice.team,
        None,
    )

    drawer = browser_of("alice", htmx="drawer").post("/customers/new/", NEW | {"name": "Bo Ask"})
    assert json.loads(drawer["HX-Trigger"])["pulse:toast"]["text"] == "Bo Ask is added."
    assert 'data-record="customer:' in drawer.content.decode()


def test_the_form_takes_what_the_palette_was_asked(everybody, browser_of):
    form = browser_of("alice").get("/customers/new/?name=Bo+Ek").content.decode()

    assert 'value="Bo Ek"' in form
    assert "<html" in form
    assert "<html" not in browser_of("alice", htmx="drawer").get("/customers/new/").content.decode()


@pytest.mark.parametrize("wrong", [{"name": ""}, {"emails": "x"}, {"kind": "robot"}, {"owner": "999999"}])
def test_a_wrong_new_customer_is_none(everybody, browser_of, wrong):
    assert browser_of("alice").post("/customers/new/", NEW | wrong).status_code == 422
    assert not Customer.objects.exists()


def test_viewers_add_nobody(everybody, browser_of):
    assert browser_of("vera").get("/customers/new/").status_code == 403
    assert browser_of("vera").post("/customers/new/", NEW).status_code == 403
    assert not Customer.objects.exists()


@pytest.mark.parametrize(
    "typed", [{"name": "aisha rahman"}, {"emails": "aisha@kestrel.example"}, {"phones": "+441134960199"}]
)
def test_who_may_be_the_same_is_shown(customer, browser_of, typed):
    assert "Aisha Rahman" in browser_of("bob").get("/customers/duplicates/", typed).content.decode()
    assert "Aisha Rahman" not in browser_of("charlie").get("/customers/duplicates/", typed).content.decode()
    assert browser_of("bob").get("/customers/duplicates/", {"name": " "}).content.decode().strip() == ""


def test_thrown_away_she_is_in_the_trash_of_who_sees_her(customer, browser_of):
    answer = browser_of("alice", htmx="x").post(f"/customers/{customer.pk}/trash/", {"version": "1", "place": "page"})

    assert json.loads(answer["HX-Location"])["path"] == "/customers/"
    undo = json.loads(answer["HX-Trigger"])["pulse:toast"]["undo"]
    for name, sees in {"alice": True, "bob": True, "charlie": False, "vera": True}.items():
        assert ("Aisha Rahman" in browser_of(name).get("/customers/trash/").content.decode()) is sees
    assert "Restore" not in browser_of("vera").get("/customers/trash/").content.decode()

    browser_of("alice").post(undo)
    assert Customer.objects.get(pk=customer.pk).deleted_at is None


def test_who_changed_meanwhile_is_not_thrown_away(customer, everybody, browser_of):
    services.update_customer(customer.pk, actor=everybody.bob, version=1, changes={"city": "Hull"})

    answer = browser_of("alice", htmx="x").post(f"/customers/{customer.pk}/trash/", {"version": "1"})

    assert (answer.status_code, answer["HX-Reswap"]) == (409, "none")
    assert Customer.objects.get(pk=customer.pk).deleted_at is None


def test_restoring_asks_for_the_same_rights(customer, everybody, browser_of):
    services.trash_customer(customer.pk, actor=everybody.alice, version=1)
    address = f"/customers/{customer.pk}/restoration/"

    assert browser_of("charlie").post(address).status_code == 404
    assert browser_of("vera").post(address).status_code == 403
    assert browser_of("alice").get(address).status_code == 405
    assert Customer.objects.get(pk=customer.pk).deleted_at is not None
    assert browser_of("bob").post(address)["Location"] == f"/customers/{customer.pk}/"
    assert Customer.objects.get(pk=customer.pk).deleted_at is None


def test_the_trash_has_pages_and_the_last_thrown_first(everybody, browser_of):
    for number in range(52):
        services.trash_customer(
            make_customer(everybody.alice, name=f"N{number:02}").pk, actor=everybody.alice, version=1
        )
    alice = browser_of("alice")

    first = alice.get("/customers/trash/").content.decode()
    assert first.index("N51") < first.index("N50") < first.index("N02")
    assert "N01" not in first
    after = first.split('rel="next" href="')[1].split('"')[0]
    assert "N01" in alice.get(f"/customers/trash/{after}").content.decode()
    assert alice.get("/customers/trash/?after=nonsense").status_code == 400
