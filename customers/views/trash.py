"""Into the trash and out of it again."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseLocation

from crm.records.errors import Conflict
from crm.records.paging import by_time, page
from crm.records.projection import canonical
from crm.staff.middleware import StaffRequest
from customers import services
from customers.counts import counts_for
from customers.live import CUSTOMER
from customers.models import Customer
from customers.views import chrome
from customers.views.answers import refusing, with_toast
from customers.views.bulk import undo_url
from customers.views.fields import posted_version

NEWEST_FIRST = by_time("deleted_at", descending=True)
LIMIT = 50


@require_GET
def trash(request: StaffRequest) -> HttpResponse:
    """What was thrown away, the last first; each can be brought back."""
    access = request.user.access
    thrown = Customer.objects.in_trash().filter(access.q("view"))
    try:
        rows, further = page(
            thrown, NEWEST_FIRST, project, [*CUSTOMER.columns, "deleted_at"],
            after=request.GET.get("after"), limit=LIMIT,
        )  # fmt: skip
    except ValidationError as error:
        raise BadRequest("; ".join(error.messages)) from None
    shown = [row | {"may_edit": access.admits(scope(row), "edit")} for row in rows]
    context = {"rows": shown, "next": further, "tabs": chrome.tabs(request.user, counts_for(request.user), None)}
    response = render(request, "customers/trash.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def project(row: Any) -> dict[str, Any]:
    return CUSTOMER.project(row) | {"deleted_at": canonical(row["deleted_at"], "time")}


def scope(row: dict[str, Any]) -> dict[str, Any]:
    return {"owner_id": row["owner"], "team_id": row["team"]}


@require_POST
@refusing
def customer_trash(request: StaffRequest, customer_id: int) -> HttpResponse:
    """Throws a customer away that nobody changed since; the page goes back to the list."""
    version = posted_version(request)
    try:
        services.trash_customer(customer_id, actor=request.user, version=version)
    except Conflict:
        text = _("Somebody changed this customer just now. Look at it again first.")
        return with_toast(HttpResponse(status=409, headers={"HX-Reswap": "none"}), text, bad=True)
    text, undo = _("Moved to the trash."), undo_url([(customer_id, version + 1)])
    if not request.htmx:
        messages.success(request, text)
        return redirect("customers:list")
    if request.POST.get("place") == "drawer":
        return with_toast(HttpResponse(status=204), text, undo=undo, **{"pulse:close-drawer": True})
    back = HttpResponseLocation(reverse("customers:list"), target="#main", select="#main > *", swap="innerHTML")
    return with_toast(back, text, undo=undo)


@require_POST
@refusing
def customer_restoration(request: StaffRequest, customer_id: int) -> HttpResponse:
    """Brings a customer back; its row of the trash goes."""
    restored = services.restore_customer(customer_id, actor=request.user)
    text = _("%s is back.") % restored["name"]
    if request.htmx:
        return with_toast(HttpResponse(), text)
    messages.success(request, text)
    return redirect(reverse("customers:page", args=[customer_id]))
