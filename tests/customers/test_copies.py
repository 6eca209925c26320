"""The copy of all that is held about a customer: what is in it, for whom, and how long."""

import pytest
from django.utils import timezone

from crm.outbox.models import Dispatch
from crm.records.context import acting
from crm.records.models import Change
from crm.requests.models import Request
from customers import mails, services
from customers.copies import making
from customers.models import DataCopy
from tests.factories import make_customer, number_changes

pytestmark = pytest.mark.django_db


@pytest.fixture
def copy(ask, customer, everybody):
    services.add_note(customer.pk, actor=everybody.bob, body="Likes tea.")
    number_changes()
    services.tag_customer(customer.pk, actor=everybody.bob, tag="vip")
    ask("consent", channel="email", is_given=True)
    return ask("export_data").result


def test_all_that_is_held_comes_as_one_file(copy, customer, browser_of):
    answer = browser_of("bob").get(copy["url"])

    held = answer.json()
    assert answer["Content-Disposition"].startswith(f'attachment; filename="customer-{customer.pk}-')
    assert answer["Cache-Control"] == "no-store"
    assert (held["customer"]["emails"], held["customer"]["owner"]) == (["aisha@kestrel.example"], "alice")
    assert held["customer"]["tags"] == ["vip"]
    assert [point["value"] for point in held["contact_points"] if point["kind"] != "address"] == [
        "aisha@kestrel.example",
        "+441134960199",
    ]
    assert [(note["author__username"], note["body"]) for note in held["notes"]] == [("bob", "Likes tea.")]
    assert [consent["channel"] for consent in held["consents"]] == ["email"]
    assert [request["kind"] for request in held["requests"]] == ["consent", "export_data"]
    parts = {(change["record"], change["op"]) for change in held["history"]}
    assert {("customer", "c"), ("customer", "u"), ("note", "c"), ("consent", "c"), ("request", "u")} <= parts
    assert held["history"][0]["data"]["phones"] == ["+441134960199"]


def test_the_copy_is_for_who_may_export_and_expires(copy, browser_of, everybody):
    viewers = everybody.vera.role
    page = browser_of("bob").get(f"/requests/{Request.objects.get(kind='export_data').pk}/").content.decode()

    assert copy["url"] in page
    for name, status in (("charlie", 404), ("vera", 403)):
        assert browser_of(name).get(copy["url"]).status_code == status
    type(viewers).objects.filter(pk=viewers.pk).update(may_export=True)
    assert browser_of("vera").get(copy["url"]).status_code == 403  # who still sees no contact details
    DataCopy.objects.update(expires_at=timezone.now())
    assert browser_of("bob").get(copy["url"]).status_code == 404
    assert making.forget_old_copies() == 1


def test_a_copy_is_one_customers(copy, everybody, browser_of):
    other = make_customer(everybody.alice, name="Other")

    number = copy["url"].rstrip("/").rpartition("/")[2]
    assert browser_of("bob").get(f"/customers/{other.pk}/copies/{number}/").status_code == 404
    assert making.forget_old_copies() == 0


def test_the_customer_is_mailed_a_link_that_works_until_the_copy_expires(copy, customer, client):
    mail = Dispatch.objects.get(content__subject="Your data")
    link = next(line for line in mail.content["body"].splitlines() if line.startswith("http://"))
    path = "/" + link.split("/", 3)[3]

    assert (mail.recipient, copy["is_mailed"]) == ("aisha@kestrel.example", True)
    assert client.get(path).json()["customer"]["name"] == customer.name
    assert client.get(path[:-2] + "x/").status_code == 404
    DataCopy.objects.update(expires_at=timezone.now())
    assert client.get(path).status_code == 404


def test_the_link_is_the_customers_alone_and_no_way_around_the_right_to_export(copy, browser_of):
    mail = Dispatch.objects.get(content__subject="Your data")

    page = browser_of("bob").get(f"/outbox/{mail.pk}/").content.decode()

    assert "meant for the customer alone" in page
    assert "/copies/" not in page


def test_who_has_no_address_is_mailed_nothing(ask, customer, everybody):
    services.update_customer(customer.pk, actor=everybody.bob, version=customer.version, changes={"emails": []})

    assert ask("export_data").result["is_mailed"] is False
    assert not Dispatch.objects.exists()


def test_nothing_is_mailed_to_an_address_that_a_request_has_just_changed(ask, customer, everybody):
    ask("change_details", emails=["mallory@attic.example"])
    assert ask("export_data").result["is_mailed"] is False
    number_changes()
    assert ask("export_data").result["is_mailed"] is False
    assert not Dispatch.objects.exists()

    lately = timezone.now() - mails.ADDRESS_IS_NEW
    Change.objects.filter(record="customer", way="request").update(written_at=lately)
    assert ask("export_data").result["is_mailed"] is True


def test_an_address_that_a_person_has_changed_is_mailed_at_once(ask, customer, everybody):
    changes = {"emails": ["aisha@home.example"]}
    with acting(everybody.bob.pk, "screen"):
        services.update_customer(customer.pk, actor=everybody.bob, version=customer.version, changes=changes)

    assert ask("export_data").result["is_mailed"] is True
    assert Dispatch.objects.get().recipient == "aisha@home.example"
