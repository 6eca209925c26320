"""What the tests of the desk and of its placement stand on: questions of alice's customer, and who is online."""

import pytest

from crm.live import online
from crm.requests import services
from crm.requests.desk import services as people
from crm.requests.models import Request
from tests.factories import make_customer
from tests.requests.handling import handled


@pytest.fixture(autouse=True)
def here(monkeypatch):
    """Who is online; nobody until a test says so."""
    found = set()
    monkeypatch.setattr(online, "users", lambda: found)
    return found


@pytest.fixture
def customer(everybody):
    return make_customer(everybody.alice)


@pytest.fixture
def ask(everybody, customer):
    """`ask("Where is my order?")` sends it for alice's customer and lets a worker place it."""

    def send(subject="Where is my order?", on=None, text=""):
        payload = {"subject": subject, "text": text}
        return handled(services.accept_request("ask", (on or customer).pk, payload, actor=everybody.dana))

    return send


def answered(request, user, topic="", within=True):
    people.take_request(request.pk, actor=user)
    people.answer_request(request.pk, actor=user, answer="So it is.", topic=topic, priority=2)
    if not within:
        Request.objects.filter(pk=request.pk).update(deadline_at=request.received_at)
