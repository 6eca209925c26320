"""What every request is given: who acts and by which way, the reader's time zone and language, the sign-in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import timezone, translation
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from crm.records.context import acting
from crm.records.directory import PageState
from crm.staff.models import User


class StaffRequest(HttpRequest):
    """A request as the middlewares hand it to views: signed in, and perhaps htmx's."""

    user: User
    htmx: HtmxDetails
    page_state: PageState


GetResponse = Callable[[HttpRequest], HttpResponse]
WAYS = {"/admin/": "admin", "/api/": "api"}


def way_of(path: str) -> str:
    return next((way for prefix, way in WAYS.items() if path.startswith(prefix)), "screen")


def storable_middleware(get_response: GetResponse) -> GetResponse:
    """PostgreSQL holds every text but one with a NUL in it: no address asks for such a one. The API says so itself."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "%00" in request.META.get("QUERY_STRING", "") and way_of(request.path) != "api":
            raise BadRequest("NUL")
        return get_response(request)

    return middleware


def acting_middleware(get_response: GetResponse) -> GetResponse:
    """Writes below are the user's; texts and times are in the user's language and zone."""

    def middleware(request: HttpRequest) -> HttpResponse:
        way = way_of(request.path)
        with acting(request.user.pk, way), reading(request.user):
            return get_response(request)

    return middleware


@contextmanager
def reading(user: Any) -> Iterator[None]:
    """The user's time zone and language; the site's for who has not chosen or not signed in."""
    zone = getattr(user, "time_zone", "") or None
    language = getattr(user, "language", "") or translation.get_language()
    with timezone.override(zone), translation.override(language):
        yield


class SignInMiddleware(LoginRequiredMiddleware):
    """Every view needs a sign-in unless it says `login_not_required`; the API answers for itself."""

    def process_view(self, request: HttpRequest, *args: Any) -> HttpResponseBase | None:
        if way_of(request.path) == "api":
            return None
        return super().process_view(request, *args)

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseBase:
        """A fragment's place must not be filled with the sign-in page: the whole page goes there, and comes back."""
        htmx = getattr(request, "htmx", None)
        if not htmx:
            return super().handle_no_permission(request, view_func)
        page = redirect_to_login(htmx.current_url_abs_path or "/", resolve_url(settings.LOGIN_URL))
        return HttpResponseClientRedirect(page.url)
