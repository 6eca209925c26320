"""The board, the lists behind its numbers, a request's page, and what staff may do to one."""

import json
from collections.abc import Callable
from typing import Any

from django.core.exceptions import BadRequest, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from crm.records.errors import NotEditable, NotVisible
from crm.requests import board, listing, services
from crm.requests.desk import services as desk
from crm.requests.desk import wording
from crm.requests.desk.forms import AnswerForm, SortForm
from crm.requests.kinds import PEOPLE, title_of
from crm.requests.models import Request, State
from crm.requests.triage import wording as triage
from crm.requests.wording import said
from crm.staff.middleware import StaffRequest
from crm.staff.models import User

LATELY = 5  # requests of a customer on their page
VERBS: dict[str, Callable[..., Request]] = {
    "cancellation": services.cancel_request,
    "retry": services.retry_request,
    "discard": services.discard_request,
    "taking": desk.take_request,
    "return": desk.hand_back_request,
}


@require_GET
def request_board(request: StaffRequest) -> HttpResponse:
    found = board.board_of(request.user.access)
    return render(request, "requests/board.html", {"board": found, "at": timezone.now(), "states": State.choices})


@require_GET
def request_list(request: StaffRequest) -> HttpResponse:
    """The rows behind a number of the board."""
    try:
        found = listing.listing(request.user.access, listing.Asked.parse(request.GET))
    except ValidationError as error:
        raise BadRequest("; ".join(error.messages)) from None
    asked = found.asked
    around = {
        "args": json.dumps(asked.as_dict()),
        "kind": title_of(asked.kind),
        "state": asked.state,
        "states": State.choices,
        "pool": asked.pool,
        "customer": name_of(request, asked.customer),
        **asked.spans(),
    }
    return render(request, "requests/list.html", listing.context(found) | around)


def name_of(request: StaffRequest, customer: str) -> str:
    """Of the customer whose requests are listed, who may have none; nothing for one who is not to be seen."""
    try:
        return str(services.customer_row(int(customer), request.user, in_trash=True)["name"])
    except (ValueError, NotVisible):
        return ""


@require_GET
def request_page(request: StaffRequest, request_id: int) -> HttpResponse:
    return render(request, "requests/page.html", around(request, request_id))


def around(request: StaffRequest, request_id: int) -> dict[str, Any]:
    rows = Request.objects.visible_to(request.user).select_related("customer")
    found = get_object_or_404(rows, pk=request_id)
    scope = {"owner_id": found.customer.owner_id, "team_id": found.customer.team_id}
    return {
        "found": found,
        "title": found.title,
        "may_edit": request.user.access.admits(scope, "edit"),
        "may_retry": services.may_be_retried(found),
        "shows_payload": request.user.access.sees_contacts,
        "asked": said(found.kind, found.payload),
        "came_of_it": said(found.kind, found.result),
        **(at_desk(found) if found.queue == PEOPLE else {}),
        "is_mine": found.person_id == request.user.pk,
        "form": reply_form(found, request.user),
    }


def at_desk(found: Request) -> dict[str, Any]:
    """What the page of a request that a person answers says besides."""
    guesses, (headline, rest) = triage.guesses(found), wording.asked(found)
    return {
        "headline": headline,
        "rest": rest,
        "considered": wording.considered(found),
        "guesses": guesses,
        "silence": "" if guesses else triage.silence(),
        "topics": triage.topics(),
    }


def reply_form(found: Request, user: User, given: Any = None) -> SortForm | None:
    """Whoever has taken it answers; before that whoever may change it may say what it is about."""
    initial = triage.first_words(found, user.access.sees_contacts)
    if found.is_taken and found.person_id == user.pk:
        return AnswerForm(given, initial=initial)
    return SortForm(given, initial=initial) if found.is_open else None


@require_GET
def request_state(request: StaffRequest, request_id: int) -> HttpResponse:
    """What of the page changes, fetched again when the socket says that it has."""
    return render(request, "requests/_request.html", around(request, request_id))


@require_POST
def request_verb(request: StaffRequest, request_id: int, verb: str) -> HttpResponse:
    """Cancels, retries or discards; answers with the request as it is then."""
    try:
        VERBS[verb](request_id, actor=request.user)
    except NotVisible:
        raise Http404 from None
    except NotEditable:
        return HttpResponse(_("You may see this but not change it."), status=403)
    except services.WrongState:
        return answer(request, request_id, status=409)
    return answer(request, request_id)


def answer(request: StaffRequest, request_id: int, status: int = 200) -> HttpResponse:
    if not request.htmx:
        return redirect("requests:page", request_id)
    return render(request, "requests/_request_and_reply.html", around(request, request_id), status=status)


@require_GET
def customer_requests(request: StaffRequest, customer_id: int) -> HttpResponse:
    """The panel of a customer's page: what they asked lately."""
    return render(request, "requests/_panel.html", panel_of(request, customer_id))


def panel_of(request: StaffRequest, customer_id: int, *, in_trash: bool = False) -> dict[str, Any]:
    try:
        customer = services.customer_row(customer_id, request.user, in_trash=in_trash)
    except NotVisible:
        raise Http404 from None
    rows = list(Request.objects.within_reach().filter(customer_id=customer_id).values(*listing.COLUMNS)[: LATELY + 1])
    return {
        "rows": [listing.as_shown(row) for row in rows[:LATELY]],
        "has_more": len(rows) > LATELY,
        "customer": customer_id,
        "may_edit": request.user.access.admits(customer, "edit"),
        "is_thrown_away": customer["deleted_at"] is not None,
    }
