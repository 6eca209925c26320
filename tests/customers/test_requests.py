"""What customers ask, from the door to what was done about it, and what is left of it in the log: nobody's hand."""

import pytest
from django.core.exceptions import ValidationError

from crm.records.models import ChangeNew
from crm.requests import engine, worker
from crm.requests.models import Request
from crm.requests.services import accept_request
from customers import services

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(everybody, customer):
    """`ask("change_details", city="Hull")` sends it for alice's customer and handles it; answers its row."""

    def send(kind, **payload):
        request = accept_request(kind, customer.pk, payload, actor=everybody.alice)
        return handle(request)

    return send


def handle(request):
    worker.handle(engine.claim("requests", "here"))
    request.refresh_from_db()
    return request


@pytest.fixture
def refused(everybody, customer):
    """`refused("change_details", city=1)`: what the door says, by field; nothing is queued."""

    def send(kind, **payload):
        with pytest.raises(ValidationError) as caught:
            accept_request(kind, customer.pk, payload, actor=everybody.alice)
        assert not Request.objects.exists()
        return caught.value.message_dict

    return send


def news(record):
    """(way, actor) of what was logged of such records."""
    return list(ChangeNew.objects.filter(record=record).order_by("id").values_list("way", "actor_id"))


def test_details_are_changed_as_the_customers_own(ask, customer):
    before = customer.version

    request = ask("change_details", emails=["Aisha@New.example"], phones=["0113 496 0200"], country="gb", city="Hull")

    customer.refresh_from_db()
    assert (customer.emails, customer.phones) == (["Aisha@new.example"], ["+441134960200"])
    assert (customer.country, customer.city, customer.title) == ("GB", "Hull", "Head of Operations")
    assert {point.value for point in customer.contact_points.exclude(kind="address")} == {
        "Aisha@new.example",
        "+441134960200",
    }
    assert (request.state, request.result) == (
        "done",
        {"changed": ["city", "country", "emails", "phones"], "version": before + 1},
    )
    assert news("customer")[-1] == ("request", None)


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({"emails": ["nobody"]}, "payload.emails"),
        ({"phones": ["12"]}, "payload.phones"),
        ({"name": " "}, "payload.name"),
        ({"city": "x" * 121}, "payload.city"),
        ({"born_on": "2999-01-01"}, "payload.born_on"),
        ({"stage": "customer"}, "payload.stage"),
        ({"owner": 1}, "payload.owner"),
        ({}, "payload"),
    ],
)
def test_details_that_do_not_hold_are_refused_at_the_door(refused, payload, field):
    assert list(refused("change_details", **payload)) == [field]


def test_details_that_hold_no_more_are_refused_with_the_reason(everybody, customer):
    request = accept_request("change_details", customer.pk, {"city": "Hull"}, actor=everybody.alice)
    Request.objects.update(payload={"city": "Hull", "emails": ["nobody"]})

    handle(request)

    assert request.state == "failed"
    assert request.reason.startswith("emails: nobody: ")
    customer.refresh_from_db()
    assert customer.city == "Leeds"
    assert news("customer")[-1] == (None, everybody.alice.pk)


def test_nothing_is_done_for_a_customer_in_the_trash(everybody, customer):
    request = accept_request("change_details", customer.pk, {"city": "Hull"}, actor=everybody.alice)
    services.trash_customer(customer.pk, actor=everybody.alice, version=customer.version)

    assert handle(request).reason == "This customer is in the trash."


def test_what_is_so_already_changes_nothing(ask, customer):
    request = ask("change_details", city="Leeds")

    assert request.result == {"changed": [], "version": customer.version}
    assert len(news("customer")) == 1
