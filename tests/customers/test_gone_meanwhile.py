"""A customer who is deleted for good while somebody writes to them: 404, as to whoever had come a moment later."""

from contextlib import nullcontext

import pytest

from crm.records.context import acting
from crm.records.errors import NotVisible
from crm.requests import services as requests
from crm.requests.models import Request
from customers import services
from customers.models import Consent, Customer, FollowUp, Note
from tests.api.asking import Program, is_problem

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = {
    "note": ("/customers/{customer}/notes/", {"body": "Call her."}),
    "note changed": ("/customers/notes/{note}/", {"version": "1", "body": "Call her."}),
    "note taken back": ("/customers/notes/{note}/trash/", {}),
    "note brought back": ("/customers/notes/{note}/restoration/", {}),
    "follow-up": ("/customers/{customer}/follow-ups/", {"title": "Call", "due_at": "2030-01-02T09:00"}),
    "follow-up done": ("/customers/follow-ups/{follow_up}/done/", {}),
    "request": ("/requests/of/{customer}/new/", {"kind": "call_back"}),
}
CALLS = {
    "note": ("POST", "/customers/{customer}/notes", {"body": "Call her."}),
    "follow-up": ("POST", "/customers/{customer}/follow-ups", {"title": "Call", "due_at": "2030-01-02T09:00Z"}),
    "follow-up changed": ("PATCH", "/customers/follow-ups/{follow_up}", {"version": 1, "title": "Write"}),
    "follow-up done": ("POST", "/customers/follow-ups/{follow_up}/completion", None),
    "request": ("POST", "/requests", {"kind": "call_back", "payload": {}}),
}


@pytest.fixture
def ids(everybody, customer):
    alice = everybody.alice
    follow_up = services.add_follow_up(customer.pk, actor=alice, title="Write", due_at="2030-01-01T09:00Z")
    note = services.add_note(customer.pk, actor=alice, body="She called.")
    return {"customer": customer.pk, "follow_up": follow_up.pk, "note": note.pk}


@pytest.fixture(params=["before", "after"])
def moment(request, monkeypatch, customer, ids):
    """The customer goes when all has been checked and nothing is written, or as soon as it is written."""

    def go():
        Customer.objects.filter(pk=customer.pk).delete()

    def acting_late(*given, **named):
        go()
        return acting(*given, **named)

    for module in (services, requests):
        if request.param == "before":
            monkeypatch.setattr(module, "acting", acting_late)
        else:
            monkeypatch.setattr(module, "wake" if module is services else "wake_relay", go)
    return request.param


def anything_is_left():
    return any(model.objects.exists() for model in (Customer, Note, FollowUp, Request))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_that_there_is_no_such_customer(name, ids, moment, browser_of):
    path, data = PAGES[name]
    browser = browser_of("alice", htmx="panel")
    browser.raise_request_exception = False

    answered = browser.post(path.format(**ids), data)

    assert answered.status_code == 404 or (moment == "after" and answered.status_code in (200, 204)), answered
    assert not anything_is_left()


@pytest.mark.parametrize("key", [None, "once"])
@pytest.mark.parametrize("name", CALLS)
def test_the_api_says_so(name, key, ids, moment, everybody):
    method, path, body = CALLS[name]
    if name == "request":
        body = body | {"customer": ids["customer"]}
    program = Program(everybody.alice)

    answered = program.ask(method, path.format(**ids), body, **({"Idempotency_Key": key} if key else {}))

    assert (moment == "after" and answered.status_code in (200, 201, 202)) or is_problem(answered, 404)
    # With a key the customer goes in the transaction of the refusal here, and so is there again.
    assert key or not anything_is_left()


def test_what_is_said_of_marketing_is_refused(ids, moment, everybody):
    with pytest.raises(NotVisible) if moment == "before" else nullcontext():
        services.record_consent(ids["customer"], actor=everybody.alice, channel="post", is_given=False)
    assert not Consent.objects.exists()
