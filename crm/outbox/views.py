"""What leaves the house, by state; and one dispatch, with what a person may decide about it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.exceptions import BadRequest, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from crm.outbox import services
from crm.outbox.models import Dispatch, State, title_of
from crm.records.errors import NotEditable, NotVisible
from crm.records.paging import by_time, page
from crm.records.projection import canonical
from crm.staff.models import User

NEWEST_FIRST = by_time("created_at", descending=True)
LIMIT = 50
COLUMNS = ["id", "customer__name", "recipient", "content", "state", "attempt", "reason", "created_at"]
VERBS: dict[str, Callable[..., None]] = {
    "retry": services.retry_dispatch,
    "discard": services.discard_dispatch,
}


class StaffRequest(HttpRequest):
    user: User


@require_GET
def dispatch_list(request: StaffRequest) -> HttpResponse:
    state = request.GET.get("state", "")
    rows = Dispatch.objects.visible_to(request.user)
    if state in State.values:
        rows = rows.filter(state=state)
    try:
        shown = partial(as_shown, sees_contacts=request.user.access.sees_contacts)
        found = page(rows, NEWEST_FIRST, shown, COLUMNS, after=request.GET.get("after"), limit=LIMIT)
    except ValidationError as error:
        raise BadRequest("; ".join(error.messages)) from None
    context = {"rows": found.rows, "next": found.next, "state": state, "states": State.choices}
    return render(request, "outbox/list.html", context | {"shows_contacts": request.user.access.sees_contacts})


def as_shown(row: Any, *, sees_contacts: bool) -> dict[str, Any]:
    created = canonical(row["created_at"], "time")
    return {
        **row, "created_at": created, "title": title_of(row["content"], sees_contacts),
        "state_name": State(row["state"]).label,
    }  # fmt: skip


@require_GET
def dispatch_page(request: StaffRequest, dispatch_id: int) -> HttpResponse:
    return show(request, dispatch_id)


@require_POST
def dispatch_verb(request: StaffRequest, dispatch_id: int, verb: str) -> HttpResponse:
    try:
        VERBS[verb](int(dispatch_id), actor=request.user)
    except NotVisible:
        raise Http404 from None
    except NotEditable:
        return HttpResponse(_("You may see this but not change it."), status=403)
    except services.WrongState:
        return show(request, dispatch_id, status=409)
    return redirect("outbox:page", dispatch_id)


def show(request: StaffRequest, dispatch_id: int, status: int = 200) -> HttpResponse:
    found = get_object_or_404(Dispatch.objects.visible_to(request.user).select_related("customer"), pk=dispatch_id)
    scope = {"owner_id": found.customer.owner_id, "team_id": found.customer.team_id}
    context = {
        "found": found,
        "title": title_of(found.content, request.user.access.sees_contacts),
        "may_edit": request.user.access.admits(scope, "edit"),
        "shows_contacts": request.user.access.sees_contacts,
    }
    return render(request, "outbox/page.html", context, status=status)
