"""The live dashboard, and the older pages of its feed."""

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from crm.records.access import Reach
from customers.views.answers import StaffRequest
from reporting.feed import page
from reporting.home import figures


@require_safe
def home(request: StaffRequest) -> HttpResponse:
    access = request.user.access
    found = figures(access)
    facts = {
        "figures": found,
        "most_in_stage": max((n for _code, n in found["stages"]), default=0),
        "at": timezone.now(),
        "feed": page(request.user, asked_position(request)),
        "may_create": access.edit is not Reach.NONE,
    }
    return render(request, "reporting/home.html", facts)


@require_safe
def feed(request: StaffRequest) -> HttpResponse:
    """One older page of the feed, as entries to append."""
    return render(request, "reporting/_home_feed_page.html", {"feed": page(request.user, asked_position(request))})


def asked_position(request: StaffRequest) -> int | None:
    """Below which position of the log the feed begins; None: at its head."""
    text = request.GET.get("before", "")
    if text and not (text.isascii() and text.isdecimal()):
        raise BadRequest("a position of the log is a whole number")
    return int(text) if text else None
