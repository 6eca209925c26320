"""A customer's page and drawer: who it is, everything that happened, and what there is to do."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from crm.records import timeline
from crm.records.paging import begun_at
from crm.staff.middleware import StaffRequest
from crm.staff.models import User
from customers.erasing import nameless
from customers.forms import FollowUpForm, NoteForm, next_morning
from customers.models import Note
from customers.panels import draw_panels, has_panels
from customers.reading import may_edit, read_customer, read_with_follow_ups
from customers.views.answers import refusing
from customers.views.fields import groups
from customers.views.stretches import stretch_of

ENTRIES = 30
NOTES = 100
SHOWN = {"everything": None, "changes": ["customer"]}


@require_GET
@refusing
def customer_page(request: StaffRequest, customer_id: int) -> HttpResponse:
    context = around(customer_id, request.user) | {"has_panels": has_panels(), "place": "page"}
    return render(request, "customers/page.html", context)


@require_GET
@refusing
def customer_panels(request: StaffRequest, customer_id: int) -> HttpResponse:
    return HttpResponse(draw_panels(request, customer_id))


@require_GET
@refusing
def customer_drawer(request: StaffRequest, customer_id: int) -> HttpResponse:
    return show_drawer(request, customer_id)


def show_drawer(request: StaffRequest, customer_id: int) -> HttpResponse:
    return render(request, "customers/_drawer.html", around(customer_id, request.user) | {"place": "drawer"})


def around(customer_id: int, user: User) -> dict[str, Any]:
    """What page and drawer both show."""
    customer, follow_ups = read_with_follow_ups(customer_id, user)
    editable = may_edit(customer, user)
    return {
        "customer": customer,
        "is_erased": customer["name"] == nameless(customer_id),
        "may_edit": editable,
        "groups": groups(customer, editable=editable, sees_contacts=user.access.sees_contacts),
        "follow_ups": follow_ups,
        "note_form": NoteForm(auto_id=False),
        "follow_up_form": FollowUpForm(initial={"due_at": next_morning()}, auto_id=False),
        **entries_of(customer_id, user, "everything"),
    }


def entries_of(customer_id: int, user: User, show: str, before: int | None = None) -> dict[str, Any]:
    """One stretch of the timeline, and where the next one begins (None: it ends here)."""
    entries = timeline.entries(
        f"customer:{customer_id}",
        sees_contacts=user.access.sees_contacts,
        before=before,
        records=SHOWN[show],
        limit=ENTRIES + 1,
    )
    older = entries[ENTRIES - 1].seq if len(entries) > ENTRIES else None
    return {"entries": entries[:ENTRIES], "older": older, "show": show}


@require_GET
@refusing
def customer_timeline(request: StaffRequest, customer_id: int) -> HttpResponse:
    """Everything, only changes, or notes as they read now; `before` continues an earlier stretch."""
    customer, show = read_customer(customer_id, request.user), request.GET.get("show", "everything")
    before = begun_at(request)
    context = {"customer": customer, "show": show, "may_edit": may_edit(customer, request.user)}
    context["place"] = "drawer" if request.GET.get("place") == "drawer" else "page"
    if show == "notes":
        context |= {"notes": stretch_of(Note.objects.open().filter(customer_id=customer_id), before, NOTES)}
        return render(request, "customers/_note_list.html" if before else "customers/_timeline.html", context)
    if show not in SHOWN:
        raise Http404
    context |= entries_of(customer_id, request.user, show, before)
    return render(request, "customers/_entries.html" if before else "customers/_timeline.html", context)
