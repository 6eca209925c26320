"""alice's customer, and browsers in which the people of the tests are signed in."""

import pytest
from django.test import Client


@pytest.fixture(autouse=True)
def _own_directory(monkeypatch):
    """What one test rolls back, the next must not read: both stand at the same position of the log."""
    from crm.records import directory

    monkeypatch.setattr(directory, "_held", None)


@pytest.fixture
def everybody(db):
    from tests.factories import people

    return people()


@pytest.fixture
def customer(everybody):
    from tests.factories import make_customer

    return make_customer(
        everybody.alice,
        name="Aisha Rahman",
        title="Head of Operations",
        emails=["aisha@kestrel.example"],
        phones=["+441134960199"],
        city="Leeds",
    )


@pytest.fixture
def browser_of(everybody):
    """`browser_of("alice")`: her browser; with `htmx="list"` it sends what htmx sends for that target."""

    def sign_in(name, htmx=None):
        client = Client(headers={"HX-Request": "true", "HX-Target": htmx} if htmx else None)
        client.force_login(getattr(everybody, name))
        return client

    return sign_in


@pytest.fixture
def ask(everybody, customer):
    """`ask("change_details", city="Hull")` sends it for alice's customer and handles it; answers its row."""
    from crm.requests.services import accept_request
    from tests.requests.handling import handled

    def send(kind, **payload):
        return handled(accept_request(kind, customer.pk, payload, actor=everybody.alice))

    return send
