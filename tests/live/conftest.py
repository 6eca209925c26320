"""Clients of the socket, closed when the test ends."""

from contextlib import ExitStack, closing

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.utils import timezone

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
    """A browser's socket: session and Origin; of a session that `lives` so long."""
    from django.contrib.sessions.models import Session

    with ExitStack() as opened:

        def open_client(user, lives=None):
            key = stack.sign_in(user)
            if lives:
                Session.objects.filter(pk=key).update(expire_date=timezone.now() + lives)
            client = opened.enter_context(closing(Client(stack.ws_url, Cookie=f"sessionid={key}", Origin=stack.url)))
            client.session_key = key
            return client

        yield open_client


@pytest.fixture
async def watched(transactional_db):
    """A hub, alice's socket on her customer, what that socket was sent, alice and the customer."""
    from crm.live.commands import obey
    from crm.live.hub import Hub
    from tests.live.hubs import begin, open_socket

    alice, customer = await begin()
    hub = Hub()
    await hub.take_position()
    socket, wire = await open_socket(hub, alice)
    await obey(hub, socket, {"watch": [customer.topic]})
    yield hub, socket, wire, alice, customer
    await sync_to_async(connections.close_all)()
