"""Who asks: programs with a bearer token, our own pages with their session and its CSRF token; sites, at one door."""

import math
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from ninja.errors import AuthenticationError, Throttled
from ninja.security import HttpBearer, SessionAuth

from crm.api import limits
from crm.records.context import acting
from crm.requests.services import MOST_BYTES
from crm.sites.models import Site
from crm.sites.services import PREFIX, site_for_token
from crm.staff.models import User
from crm.staff.services import user_for_token

MOST_OF_SITES = 2 * MOST_BYTES  # before it is parsed

View = Callable[..., HttpResponse]


class Token(HttpBearer):
    """A token that does not hold is refused, whatever cookie comes with it."""

    def authenticate(self, request: HttpRequest, token: str) -> User:
        token = token.strip()
        found = user_for_token(token)
        if found is None:
            raise AuthenticationError
        user, key = found
        # The timings read whose request it was from where Django's own middleware keeps it.
        request.user = request._cached_user = user  # type: ignore[attr-defined]
        take(request, token, str(key.pk), settings.API_RATE)
        return user


class SiteToken(HttpBearer):
    """Of a site that customers use: known to those operations alone that name it among their ways in."""

    def authenticate(self, request: HttpRequest, token: str) -> Site | None:
        """None for what is no site's token, which is then judged as any other."""
        if not token.startswith(PREFIX):
            return None
        site = site_for_token(token)
        if site is None:
            raise AuthenticationError
        request.sent_by = site  # type: ignore[attr-defined]
        take(request, token, site.sender, settings.SITE_RATE)
        if len(request.body) > MOST_OF_SITES:
            raise RequestDataTooBig
        return site


class Session(SessionAuth):
    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """Called after the CSRF check. A signed-in user, or None."""
        return request.user if request.user.is_authenticated and request.user.is_active else None


def take(request: HttpRequest, token: str, name: str, limit: int) -> None:
    """Counts this request under the name of the token; raises Throttled."""
    request.rate = rate = limits.take(name, limit)  # type: ignore[attr-defined]
    limits.door.note(token, name, rate)
    if rate.is_exceeded:
        raise Throttled(wait=math.ceil(rate.next_in))


def site_of(request: HttpRequest) -> Site | None:
    """The site that asks; None where a member of staff does."""
    return getattr(request, "sent_by", None)


def asker(request: HttpRequest) -> User:
    return cast("User", request.user)


def as_asker(view: View) -> View:
    """Writes below are the asker's, whom the middleware did not know yet when a token says who it is."""

    @wraps(view)
    def acted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with acting(request.user.pk):
            return view(request, *args, **kwargs)

    return acted
