"""The live dashboard, and the older pages of its feed."""

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from crm.records.access import Reach
from crm.staff.middleware import StaffRequest
from customers.views.answers import state_of
from reporting.feed import page
from reporting.home import figures


@require_safe
def home(request: StaffRequest) -> HttpResponse:
    access, state = request.user.access, state_of(request)
    found = figures(access, state=state)
    facts = {
        "figures": found,
        "most_in_stage": max((n for _code, n in found["stages"]), default=0),
        "at": timezone.now(),
        "feed": page(access, asked_position(request)),
        "may_create": access.edit is not Reach.NONE,
    }
    return render(request, "reporting/home.html", facts)


@require_safe
def feed(request: StaffRequest) -> HttpResponse:
    """One older page of the feed, as entries to append."""
    found = page(request.user.access, asked_position(request))
    return render(request, "reporting/_home_feed_page.html", {"feed": found})


def asked_position(request: StaffRequest) -> int:
    """Below which position of the log the feed begins: above its head unless it is said."""
    text = request.GET.get("before", "")
    if text and not (text.isascii() and text.isdecimal()):
        raise BadRequest("a position of the log is a whole number")
    above = state_of(request).head + 1
    return min(int(text), above) if text else above
