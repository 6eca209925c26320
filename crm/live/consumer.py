"""The socket's door, /ws/live: who may come in, and the way of what comes in and goes out."""

import asyncio
import hashlib
import json
import logging
import time
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.http.request import validate_host

from crm.live.commands import complain, obey
from crm.live.hub import Hub, hub
from crm.live.socket import Identity, Socket
from crm.records.access import Access
from crm.staff import services as staff
from crm.timings import clock, recorder

logger = logging.getLogger(__name__)

MOST_TEXT = 256 * 1024  # characters of one command


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    """Browsers come with a session and an Origin of ours, programs with a bearer token."""

    socket: Socket | None = None
    hub: Hub

    async def connect(self) -> None:
        found = await self.identify()
        if found is None:
            await self.close()
            return
        identity, access = found
        self.hub = hub()
        await self.hub.start()
        await self.accept()
        self.socket = Socket(identity, access, self.base_send, acknowledges=identity.session is not None)
        self.turn = asyncio.Lock()
        self.hub.add(self.socket)

    async def identify(self) -> tuple[Identity, Access] | None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self.scope["headers"]}
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            found: tuple[Identity, Access] | None = await sync_to_async(by_token)(token.strip())
            return found
        if not is_our_origin(headers.get("origin", ""), headers.get("host", "")):
            return None
        morsel = SimpleCookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
        return await sync_to_async(by_session)(morsel.value) if morsel else None

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        socket = self.socket
        if socket is None or socket.is_closed:
            return
        started = time.perf_counter()
        command = parse(text_data)
        if command is None:
            complain(socket, "", "send one JSON object, not larger than 256 KiB")
            return
        async with self.turn:
            name = await obey(self.hub, socket, command)
        if name not in ("ack", "ping"):
            record(name, time.perf_counter() - started, socket)

    async def disconnect(self, code: int) -> None:
        if self.socket is not None:
            self.hub.remove(self.socket)


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


def by_session(key: str) -> tuple[Identity, Access] | None:
    request = HttpRequest()
    request.session = SessionStore(key)
    user: Any = get_user(request)
    if not user.is_authenticated or not user.is_active:
        return None
    return Identity(user.pk, hashlib.sha256(key.encode()).hexdigest(), None), user.access


def by_token(plain: str) -> tuple[Identity, Access] | None:
    found = staff.user_for_token(plain)
    if found is None:
        return None
    user, token = found
    return Identity(user.pk, None, token.pk), user.access
