"""The socket's door, /ws/live: who may come in, and the way of what comes in and goes out."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user
from django.db import DatabaseError
from django.http import HttpRequest
from django.http.request import validate_host

from crm.live.asking import Together
from crm.live.commands import complain, obey
from crm.live.hub import Hub, hub
from crm.live.socket import NOT_SIGNED_IN, Identity, Socket
from crm.live.wire import write_of
from crm.records.access import Access
from crm.staff import services as staff
from crm.staff.session_store import SessionStore
from crm.timings import clock, recorder

logger = logging.getLogger(__name__)

MOST_TEXT = 256 * 1024  # characters of one command
COME_AGAIN = 1012
SOONEST = 1.0  # seconds until a session is looked at again, by a clock that is not PostgreSQL's


Found = tuple[Identity, Access]
Headers = Iterable[tuple[bytes, bytes]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def live(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """One socket from its handshake to its end. Channels' consumers would take a thread for each message."""
    await receive()  # the wish to connect
    here = hub()
    await here.start()
    rights = here.rights
    found = await identify(scope["headers"])
    if found is None:
        await refuse(scope["headers"], send)
        return
    identity, access = found
    await send({"type": "websocket.accept"})
    socket = Socket(identity, access, send, write_of(scope), acknowledges=identity.session is not None)
    here.add(socket)
    end = asyncio.create_task(end_with_session(socket, scope["headers"]))
    try:
        if here.rights != rights and await identify(scope["headers"]) != found:
            socket.close(COME_AGAIN)  # what changed while she came in could not reach her yet
        while (message := await receive())["type"] == "websocket.receive":
            if not socket.is_closed:
                await take(here, socket, message.get("text"))
    finally:
        end.cancel()
        here.remove(socket)


async def refuse(headers: Headers, send: Send) -> None:
    """A page of ours is let in to be told: no script learns how the handshake of its socket was answered."""
    said = texts(headers)
    if "authorization" not in said and is_our_origin(said.get("origin", ""), said.get("host", "")):
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": NOT_SIGNED_IN})
    else:
        await send({"type": "websocket.close"})


async def end_with_session(socket: Socket, headers: Headers) -> None:
    """That a session has run out stands in no log, as its other ends do. It may have been prolonged meanwhile."""
    expires_at = socket.identity.expires_at
    while expires_at is not None:
        await asyncio.sleep(max((expires_at - clock.now()).total_seconds(), SOONEST))
        try:
            found = await identify(headers)
        except DatabaseError:
            socket.close(COME_AGAIN)
            return
        if found is None:
            socket.close(NOT_SIGNED_IN)
            return
        expires_at = found[0].expires_at


async def identify(raw: Headers) -> Found | None:
    """Browsers come with a session and an Origin of ours, programs with a bearer token."""
    headers = texts(raw)
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return await tokens.ask(token.strip())
    if not is_our_origin(headers.get("origin", ""), headers.get("host", "")):
        return None
    morsel = SimpleCookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
    return await sessions.ask(morsel.value) if morsel and morsel.value.isalnum() else None


def texts(raw: Headers) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}


async def take(here: Hub, socket: Socket, text: str | None) -> None:
    started = time.perf_counter()
    command = parse(text)
    if command is None:
        complain(socket, "", "send one JSON object, not larger than 256 KiB")
        return
    name = await obey(here, socket, command)
    if name not in ("ack", "ping"):
        record(name, time.perf_counter() - started, socket)


def parse(text: str | None) -> dict[str, Any] | None:
    if text is None or len(text) > MOST_TEXT:
        return None
    try:
        command = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return command if isinstance(command, dict) else None


def record(name: str, seconds: float, socket: Socket) -> None:
    recorder.response(
        recorder.ResponseRow(
            ended_at=clock.now(),
            kind=f"socket {name}",
            module="live",
            seconds=seconds,
            status=200,
            user_id=socket.identity.user_id,
        )
    )


def is_our_origin(origin: str, host: str) -> bool:
    """A page of another site must not open a socket with our visitor's cookie."""
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    name = urlsplit(origin)
    return bool(name.hostname) and name.netloc == host and validate_host(name.hostname or "", settings.ALLOWED_HOSTS)


def by_session(key: str) -> Found | None:
    request = HttpRequest()
    request.session = session = SessionStore(key)
    user: Any = get_user(request)
    if not user.is_authenticated or not user.is_active:
        return None
    return Identity(user.pk, staff.digest_of(key), None, session.expires_at), user.access


def by_token(plain: str) -> Found | None:
    found = staff.user_for_token(plain)
    if found is None:
        return None
    user, token = found
    return Identity(user.pk, None, token.pk), user.access


tokens = Together[str, Found | None](lambda plains: [by_token(each) for each in plains])
sessions = Together[str, Found | None](lambda keys: [by_session(each) for each in keys])
