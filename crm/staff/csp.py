"""The content security policy: what browsers may run and load, and where they report what it refused."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from prometheus_client import Counter

from crm.staff.middleware import GetResponse, way_of

MAX_BYTES = 10_000
SHOWN = ("document-uri", "effective-directive", "blocked-uri", "source-file", "line-number")

log = logging.getLogger(__name__)
reports = Counter("pulse_csp_reports", "Reports of what the content security policy refused.")


def csp_middleware(get_response: GetResponse) -> GetResponse:
    """Each policy is put into words once: for each answer anew it took a twelfth of an API call."""
    usual, admin = worded(settings.CSP_DIRECTIVES), worded(settings.ADMIN_CSP_DIRECTIVES)

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not (settings.DEBUG and response.status_code in (404, 500)):  # Django's pages about errors
            response["Content-Security-Policy"] = admin if way_of(request.path) == "admin" else usual
        return response

    return middleware


def worded(directives: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in directives.items())


@csrf_exempt
@login_not_required
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """Anybody may send anything here, so only known fields are logged, quoted and cut."""
    body = request.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        return HttpResponse(status=413)
    reports.inc()
    log.warning("csp-report %s", summary(body))
    return HttpResponse(status=204)


def summary(body: bytes) -> str:
    try:
        report: Any = json.loads(body)["csp-report"]
        return " ".join(f"{name}={str(report.get(name, ''))[:200]!r}" for name in SHOWN)
    except (ValueError, KeyError, TypeError, AttributeError):
        return "unreadable"
