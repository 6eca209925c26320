"""How Django is served: a thread of a bounded pool takes a request through all middleware and its view, in one go.

Django's own handler starts a thread for each request and leaves it for every part that could be asynchronous. Here
no part is, and a view that does nothing took three times as long.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext
from django.conf import settings
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.signals import request_started
from django.http import HttpRequest, HttpResponseBase
from django.urls import set_script_prefix

from crm.api import limits, problems
from crm.lines import Caller, Full, Lines, caller_of, is_from
from crm.timings.middleware import UNTIMED, UNTIMED_PATHS

PAUSE = 0.1  # seconds until a token is turned away
MOST_PAUSING = 1000  # at once, as each is a connection that is held; more are turned away at once


class TurnedAway(Exception):
    """The token has used up its rate."""

    def __init__(self, rate: limits.Rate) -> None:
        super().__init__(rate)
        self.rate = rate


class Handler(ASGIHandler):
    def __init__(self) -> None:
        super(ASGIHandler, self).__init__()  # past its asynchronous chain of middleware
        self.load_middleware()
        self.threads = ThreadPoolExecutor(settings.WEB_THREADS, thread_name_prefix="request")
        self.lines = Lines(max(settings.WEB_THREADS // 3, 1))
        self.pausing = 0  # how many are to be turned away in a moment
        # Whoever asks how we are must not wait behind requests that wait for a database which is away.
        self.threads_for_probes = ThreadPoolExecutor(2, thread_name_prefix="probe")

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        caller = None if scope["path"] in UNTIMED_PATHS else caller_of(scope)
        if caller and (refusal := limits.door.refusal(caller.secret, self.lines.of(caller).waiting)):
            await self.turn_away(refusal, scope, send)
            return
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        leaving = asyncio.ensure_future(receive())  # after the body nothing else can come
        try:
            response = await self.answer(scope, body, caller)
            if response.streaming:
                await self.stream(response, send, leaving)
            elif not leaving.done():
                await self.send_response(response, send)
        except TurnedAway as refused:
            body.close()
            await self.turn_away(refused.rate, scope, send)
        finally:
            leaving.cancel()

    async def turn_away(self, rate: limits.Rate, scope: dict[str, Any], send: Any) -> None:
        """Only after a while: who asks again as soon as it is answered asks no faster than that."""
        scope[UNTIMED] = True
        if self.pausing < MOST_PAUSING:
            self.pausing += 1
            try:
                await asyncio.sleep(PAUSE)
            finally:
                self.pausing -= 1
        for message in problems.turned_away(rate):
            await send(message)

    async def answer(self, scope: dict[str, Any], body: Any, caller: Caller | None) -> Any:
        """By a thread, in the line of its caller, which may be full. Raises TurnedAway when the token has to wait."""
        if scope["path"] in UNTIMED_PATHS:
            return (await self.in_thread(self.threads_for_probes, scope, body))[0]
        try:
            async with self.lines.of(caller).turn() as line:
                if caller and (refusal := limits.door.enter(caller.secret)):
                    raise TurnedAway(refusal)
                response, request = await self.in_thread(self.threads, scope, body)
                if caller and request and is_from(caller, request):
                    self.lines.know(caller, is_site=hasattr(request, "sent_by"))
                    if line is self.lines.of(caller):
                        line.pace = limits.door.pace(caller.secret)
                return response
        except Full:
            body.close()
            return problems.too_busy()

    async def in_thread(self, threads: ThreadPoolExecutor, scope: dict[str, Any], body: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(threads, self.respond, scope, body)

    def respond(self, scope: dict[str, Any], body: Any) -> tuple[Any, HttpRequest | None]:
        """In a thread. What is answered at once gives its database connection back before it is sent."""
        with body:
            set_script_prefix(get_script_prefix(scope))
            request_started.send(sender=type(self), scope=scope)
            request, refused = self.create_request(scope, body)
            response: Any = self.get_response(request) if request else refused
            response._handler_class = type(self)
            if not response.streaming:
                response.close()
        return response, request

    async def stream(self, response: HttpResponseBase, send: Any, leaving: "asyncio.Future[Any]") -> None:
        """Ends when the reader leaves. Parts are made in a thread of this answer's own."""
        async with ThreadSensitiveContext():
            sending = asyncio.ensure_future(self.send_response(response, send))
            try:
                done, _ = await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
                if sending in done:
                    sending.result()
            finally:
                sending.cancel()
                await asyncio.to_thread(response.close)
