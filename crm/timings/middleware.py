"""Times every HTTP request from its arrival until it is answered and put away, whatever becomes of it.

`TimedApplication` stands around Django, where waiting for a thread and sending are part of the time and a reader who
left is seen; `timed` stands inside and lets it know which view answered, and for whom.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.urls import ResolverMatch

from crm.timings import clock, recorder

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

UNTIMED_PATHS = ("/healthz", "/readyz", "/metrics")
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
CLIENT_LEFT = 499  # nginx's number for it; there is no official one
REQUEST, ARRIVED, UNTIMED = "pulse.request", "pulse.arrived", "pulse.untimed"


def timed(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    def middleware(request: HttpRequest) -> HttpResponseBase:
        if REQUEST in (scope := getattr(request, "scope", {})):
            scope[REQUEST].append(request)
        return get_response(request)

    return middleware


class TimedApplication:
    """Records one response for each HTTP request that passes, except for static files, probes and who is sent away."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if is_untimed(scope["path"]):
            return await self.application(scope, receive, send)
        started, scope[ARRIVED] = time.perf_counter(), clock.now()
        status = CLIENT_LEFT

        async def noting_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        requests: list[HttpRequest] = []
        scope[REQUEST] = requests
        try:
            await self.application(scope, receive, noting_send)
        finally:
            if UNTIMED not in scope:
                record(scope["method"], requests[0] if requests else None, time.perf_counter() - started, status)


def arrived_at(request: HttpRequest) -> datetime | None:
    """When it came to this process, by the database's clock; None where nothing stands around Django."""
    return getattr(request, "scope", {}).get(ARRIVED)


def is_untimed(path: str) -> bool:
    return path in UNTIMED_PATHS or path.startswith(str(settings.STATIC_URL))


def record(method: str, request: HttpRequest | None, seconds: float, status: int) -> None:
    module, name = view_of(request.resolver_match if request else None)
    kind = f"{method if method in METHODS else 'other'} {name}"
    recorder.response(recorder.ResponseRow(clock.now(), kind, module, seconds, status, user_of(request)))


def view_of(match: ResolverMatch | None) -> tuple[str, str]:
    """The module, and the view's name in it: `customers` and `customers:list`. Addresses would be too many kinds."""
    if match is None:
        return "unknown", "unknown address"
    # An API's name space carries its version; a view without one is named by its package.
    module = match.namespace.partition(":")[0].partition("-")[0] or match.func.__module__.split(".")[-2:][0]
    return module, f"{module}:{match.url_name or match.func.__name__}"


def user_of(request: HttpRequest | None) -> int | None:
    """Whoever the view has found to be asking; not worth a query of its own."""
    user = getattr(request, "_cached_user", None)
    return user.pk if user and user.is_authenticated else None
