"""What leaves the house, by state; and one dispatch, with what a person may decide about it."""

import json
from collections.abc import Callable

from django.core.exceptions import BadRequest, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from crm.outbox import live, services
from crm.outbox.models import Dispatch, State, title_of
from crm.records.errors import NotEditable, NotVisible
from crm.staff.middleware import StaffRequest

VERBS: dict[str, Callable[..., None]] = {
    "retry": services.retry_dispatch,
    "discard": services.discard_dispatch,
}


@require_GET
def dispatch_list(request: StaffRequest) -> HttpResponse:
    args = {"state": request.GET.get("state", ""), "after": request.GET.get("after", "")}
    try:
        found = live.listing(request.user.access, **args)
    except ValidationError as error:
        raise BadRequest("; ".join(error.messages)) from None
    return render(request, "outbox/list.html", found | {"states": State.choices, "args": json.dumps(args)})


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
