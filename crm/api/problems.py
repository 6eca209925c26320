"""Every way in which a request can fail, told as RFC 9457 problem details."""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI, errors

from crm.api.answers import PROBLEM_JSON, answer
from crm.api.limits import Rate
from crm.records.errors import Conflict, NotEditable, NotVisible

Message = dict[str, Any]  # of ASGI

log = logging.getLogger(__name__)

REFUSALS = (NotVisible, NotEditable, Conflict, ValidationError)  # what a service may answer to a well-formed request


def problem(
    status: int, detail: str, *, kind: str = "", headers: Mapping[str, str] | None = None, **more: Any
) -> HttpResponse:
    """A problem of a `kind` that docs/API.md describes; without one, the status says it all."""
    content = {
        "type": f"/api/docs#{kind}" if kind else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    return answer(content | more, status, content_type=PROBLEM_JSON, **dict(headers or {}))


def of_status(status: int) -> HttpResponse:
    """For an error that somebody else has found: only its status is known."""
    known = {
        HTTPStatus.NOT_FOUND: _("There is nothing at this address."),
        HTTPStatus.METHOD_NOT_ALLOWED: _("This address does not know this method."),
        HTTPStatus.INTERNAL_SERVER_ERROR: _("Something went wrong here; it has been written down."),
    }
    return problem(status, known.get(HTTPStatus(status), HTTPStatus(status).description or HTTPStatus(status).phrase))


def of_refusal(error: Exception) -> HttpResponse:
    """What one of REFUSALS means to the caller."""
    match error:
        case Conflict():
            detail = _("Somebody else changed the same fields since that version.")
            return problem(409, detail, kind="conflict", version=error.version, conflicts=error.conflicts)
        case NotEditable():
            return problem(403, _("You may see this but not change it."))
        case ValidationError():
            return invalid(errors_of(error))
        case _:
            return problem(404, _("There is no such record, or it is not yours to see."))


def invalid(by_field: Mapping[str, list[str]]) -> HttpResponse:
    return problem(422, _("Some of it is not as it must be; see “errors”."), kind="invalid", errors=by_field)


def errors_of(error: ValidationError) -> dict[str, list[str]]:
    """Messages by field; what concerns no field stands under the empty name."""
    return dict(error.message_dict) if hasattr(error, "error_dict") else {"": error.messages}


def register(api: NinjaAPI) -> None:
    handlers: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
        **dict.fromkeys((*REFUSALS, Http404), refused),
        errors.ValidationError: malformed,
        errors.AuthenticationError: unknown_asker,
        errors.Throttled: too_many,
        errors.HttpError: http_error,
        RequestDataTooBig: too_large,
        Exception: failure,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def refused(request: HttpRequest, error: Exception) -> HttpResponse:
    return of_refusal(error)


def malformed(request: HttpRequest, error: errors.ValidationError) -> HttpResponse:
    by_field: dict[str, list[str]] = {}
    for each in error.errors:
        by_field.setdefault(field_named(each["loc"]), []).append(each["msg"])
    return invalid(by_field)


def field_named(location: Sequence[str | int]) -> str:
    """`emails.0` for ("body", "given", "emails", 0), `owner` for ("query", "wanted", "owner", 0)."""
    source, *path = location
    if source == "body":
        return ".".join(str(part) for part in path[1:])
    return [part for part in path if isinstance(part, str)][-1]


def unknown_asker(request: HttpRequest, error: Exception) -> HttpResponse:
    detail = _("Send a valid token: Authorization: Bearer pulse_…")
    return problem(401, detail, headers={"WWW-Authenticate": "Bearer"})


def too_many(request: HttpRequest, error: errors.Throttled) -> HttpResponse:
    return try_again_in(error.wait or 1)


def try_again_in(wait: float, headers: Mapping[str, str] | None = None) -> HttpResponse:
    seconds = math.ceil(wait)
    detail = _("This token has asked too often; try again in %d seconds.") % seconds
    return problem(429, detail, headers={"Retry-After": str(seconds), **(headers or {})})


def turned_away(rate: Rate) -> list[Message]:
    """What is sent to who is turned away at the door, ready for ASGI: the same as long as it says the same."""
    return prepared(math.ceil(rate.next_in), tuple(rate.headers().items()))


@lru_cache(maxsize=256)
def prepared(seconds: int, headers: tuple[tuple[str, str], ...]) -> list[Message]:
    response = with_length(try_again_in(seconds, dict(headers)))
    named = [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
    return [
        {"type": "http.response.start", "status": response.status_code, "headers": named},
        {"type": "http.response.body", "body": response.content},
    ]


def too_busy() -> HttpResponse:
    """What is sent to who finds the line full, past all middleware."""
    return with_length(problem(503, _("Too many wait already; try again in a moment."), headers={"Retry-After": "1"}))


def with_length(response: HttpResponse) -> HttpResponse:
    """As a middleware would say it, for what passes none."""
    response["Content-Length"] = str(len(response.content))
    return response


def http_error(request: HttpRequest, error: errors.HttpError) -> HttpResponse:
    if isinstance(error.__cause__, RequestDataTooBig):
        return too_large(request, error)
    return problem(error.status_code, str(error))


def too_large(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem(413, _("This is more than one request may bring."))


def failure(request: HttpRequest, error: Exception) -> HttpResponse:
    log.exception("The API failed at %s %s", request.method, request.path, exc_info=error)
    return of_status(500)
