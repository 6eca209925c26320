"""A hub in the test's own process, and sockets without a server behind them."""

import asyncio
import json

from asgiref.sync import sync_to_async
from django.db import OperationalError

from crm.live.socket import Identity, Socket
from crm.records import log
from customers import services
from tests.factories import make_customer, number_changes, people


class Wire:
    """What a server does with what a socket sends: notes it, or (`is_stuck`) never finishes."""

    def __init__(self):
        self.texts, self.closed_with, self.is_stuck = [], None, False

    async def send(self, message):
        if message["type"] == "websocket.close":
            self.closed_with = message["code"]
            return
        if self.is_stuck:
            await asyncio.Event().wait()
        self.texts.append(json.loads(message["text"]))

    def frames(self):
        told = [frame for message in self.texts for frame in message.get("frames", [])]
        return [(frame["record"], frame["version"]) for frame in told]

    def versions(self):
        return [version for _, version in self.frames()]


@sync_to_async
def begin():
    alice = people().alice
    customer = make_customer(alice)
    number_changes()
    return alice, customer


@sync_to_async
def change(customer, actor, *titles):
    version = type(customer).objects.get(pk=customer.pk).version
    for title in titles:
        version = services.update_customer(customer.pk, actor=actor, version=version, changes={"title": title})[
            "version"
        ]
    return number_changes()


async def open_socket(hub, user):
    wire = Wire()
    socket = Socket(Identity(user.pk, None, None), user.access, wire.send)
    hub.add(socket)
    return socket, wire


async def sent(socket):
    while socket.flushing and not socket.flushing.done():
        await socket.flushing


async def rows_since(seq):
    return await sync_to_async(log.rows_after)(seq, 100)


def away(*_args, **_options):
    raise OperationalError("PostgreSQL is away")
