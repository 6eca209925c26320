"""How Django is served: a thread of a bounded pool takes a request through all middleware and its view, in one go.

Django's own handler starts a thread for each request and leaves it for every part that could be asynchronous. Here
no part is, and a view that does nothing took three times as long.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

from asgiref.sync import ThreadSensitiveContext
from django.conf import settings
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.signals import request_started
from django.http import HttpResponse, HttpResponseBase
from django.urls import set_script_prefix

from crm.api import limits, problems
from crm.timings.middleware import UNTIMED_PATHS


def turned_away(rate: limits.Rate) -> HttpResponse:
    refusal = problems.try_again_in(rate.resets_in, rate.headers())
    refusal["Content-Length"] = str(len(refusal.content))  # which a middleware would say
    return refusal


class Handler(ASGIHandler):
    def __init__(self) -> None:
        super(ASGIHandler, self).__init__()  # past its asynchronous chain of middleware
        self.load_middleware()
        self.threads = ThreadPoolExecutor(settings.WEB_THREADS, thread_name_prefix="request")
        # Each token waits in a line of its own: behind a flood from one there are threads left for the others.
        self.most_of_one = max(settings.WEB_THREADS // 2, 1)
        self.lines: WeakValueDictionary[bytes, asyncio.Semaphore] = WeakValueDictionary()
        # Whoever asks how we are must not wait behind requests that wait for a database which is away.
        self.threads_for_probes = ThreadPoolExecutor(2, thread_name_prefix="probe")

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        leaving = asyncio.ensure_future(receive())  # after the body nothing else can come
        try:
            response = await self.answer(scope, body)
            if response.streaming:
                await self.stream(response, send, leaving)
            elif not leaving.done():
                await self.send_response(response, send)
        finally:
            leaving.cancel()

    async def answer(self, scope: dict[str, Any], body: Any) -> Any:
        """By a thread, in the line of its token if it has one; turned away when the token has used up its minute."""
        threads = self.threads_for_probes if scope["path"] in UNTIMED_PATHS else self.threads
        work = partial(asyncio.get_running_loop().run_in_executor, threads, self.respond, scope, body)
        token = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        if not token:
            return await work()
        async with self.lines.setdefault(token, asyncio.Semaphore(self.most_of_one)):
            rate = limits.door.rate_of(token)
            if rate is None:
                return await work()
        body.close()
        return turned_away(rate)

    def respond(self, scope: dict[str, Any], body: Any) -> Any:
        """In a thread. What is answered at once gives its database connection back before it is sent."""
        with body:
            set_script_prefix(get_script_prefix(scope))
            request_started.send(sender=type(self), scope=scope)
            request, refused = self.create_request(scope, body)
            response: Any = self.get_response(request) if request else refused
            response._handler_class = type(self)
            if not response.streaming:
                response.close()
        return response

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
