"""What the outbox shows live: its list, one dispatch, and to managers what they have to decide.

Dispatches are not in the log, so the clock looks at them, as long as somebody else does.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse

from crm.live.panels import register_panel
from crm.outbox.models import Dispatch, State, title_of
from crm.records.access import Access, Reach
from crm.records.paging import by_time, page
from crm.records.projection import canonical
from crm.staff.models import User
from crm.staff.notifications import Notification, register_due

LIST, ONE = "outbox:list", "outbox:dispatch"
NEWEST_FIRST = by_time("created_at", descending=True)
LIMIT = 50
COLUMNS = ["id", "customer__name", "recipient", "content", "state", "attempt", "reason", "created_at"]


def listing(access: Access, state: str, after: str) -> dict[str, Any]:
    """Raises ValidationError for a place that there is not."""
    rows = Dispatch.objects.seen_by(access)
    if state in State.values:
        rows = rows.filter(state=state)
    shown = partial(as_shown, sees_contacts=access.sees_contacts)
    found = page(rows, NEWEST_FIRST, shown, COLUMNS, after=after or None, limit=LIMIT)
    return {"rows": found.rows, "next": found.next, "state": state, "shows_contacts": access.sees_contacts}


def as_shown(row: Any, *, sees_contacts: bool) -> dict[str, Any]:
    created = canonical(row["created_at"], "time")
    return {
        **row, "created_at": created, "title": title_of(row["content"], sees_contacts),
        "state_name": State(row["state"]).label,
    }  # fmt: skip


def compute_list(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    try:
        found = listing(access, str(args.get("state", "")), str(args.get("after", "")))
    except ValidationError:
        return {}
    return {"parts": {"rows": render_to_string("outbox/_rows.html", found)}}


def compute_one(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    """By what its page knows that it has to be fetched again. Not by the reason, which may quote the address."""
    number = args.get("id")
    seen = Dispatch.objects.seen_by(access).filter(pk=number if isinstance(number, int) else None)
    return seen.values("state", "attempt", "due_at").first() or {}


def undecided(user: User) -> QuerySet[Any]:
    """Those of which nobody knows whether they have left, for who may change every customer."""
    unknown: QuerySet[Any] = Dispatch.objects.editable_by(user).filter(state=State.UNKNOWN)
    is_asked = user.access.reach("edit") == Reach.ALL
    return (unknown if is_asked else unknown.none()).select_related("customer").order_by("created_at", "id")


def notification(dispatch: Dispatch) -> Notification:
    title = f"{title_of(dispatch.content, sees_contacts=False)} · {dispatch.customer.name}"
    at = dispatch.claimed_at or dispatch.created_at
    return Notification(title, reverse("outbox:page", args=[dispatch.pk]), "mail", at)


def register() -> None:
    register_panel(LIST, compute_list, every=1.0)
    register_panel(ONE, compute_one, every=1.0)
    register_due(undecided, notification)
