"""Around the API: every error is a problem, whoever found it, and every answer says what is left of the rate."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from crm.api import problems
from crm.api.answers import PROBLEM_JSON

PREFIX = "/api/"


def api_middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not request.path.startswith(PREFIX):
            return response
        if response.status_code >= 400 and response.get("Content-Type") != PROBLEM_JSON:
            response = as_problem(response)
        if rate := getattr(request, "rate", None):
            for name, value in rate.headers().items():
                response[name] = value
        return response

    return middleware


def as_problem(response: HttpResponse) -> HttpResponse:
    told = problems.of_status(response.status_code)
    if allowed := response.get("Allow"):
        told["Allow"] = allowed
    return told
