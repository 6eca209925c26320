"""Clients of the socket, closed when the test ends."""

from contextlib import ExitStack, closing

import pytest

from tests.live.client import Client


@pytest.fixture
def listen(stack):
    """`listen(stack.people.alice)`: a program's socket of that user."""
    from crm.staff import services as staff_services

    with ExitStack() as opened:

        def open_client(user):
            _, token = staff_services.create_token(user, name="test")
            return opened.enter_context(closing(Client(stack.ws_url, Authorization=f"Bearer {token}")))

        yield open_client


@pytest.fixture
def customer(stack):
    from tests.factories import make_customer

    return make_customer(stack.people.alice, name="Aisha Rahman", emails=["aisha@kestrel.example"])


@pytest.fixture
def browse(stack):
    """A browser's socket: session and Origin."""
    with ExitStack() as opened:

        def open_client(user):
            key = stack.sign_in(user)
            client = opened.enter_context(closing(Client(stack.ws_url, Cookie=f"sessionid={key}", Origin=stack.url)))
            client.session_key = key
            return client

        yield open_client
