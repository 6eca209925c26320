"""The desk: what waits for people, of what the reader may see; whose it is, and what is anybody's to take."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.template.loader import render_to_string

from crm.live.panels import register_panel
from crm.records.access import Access
from crm.requests.desk import wording
from crm.requests.models import Request, State
from crm.requests.triage import wording as triage
from crm.staff.models import User
from crm.staff.notifications import Notification, register_due

PANEL = "requests:desk"
SHOWN = 50


def desk_of(access: Access) -> dict[str, Any]:
    waiting = of(access).order_by("-priority", "deadline_at", "id").select_related("customer")
    others = Q(person=None) | ~Q(person=access.user_id)
    return {
        "mine": section(waiting.filter(person=access.user_id), access),
        "others": section(waiting.filter(others), access),
    }


def of(access: Access) -> Any:
    """What waits for people or is with them, of customers that may be seen."""
    return Request.objects.seen_by(access).with_people().open()


def section(rows: Any, access: Access) -> dict[str, Any]:
    """The first of the rows, and how many more there are."""
    found = shown(rows[:SHOWN], access)
    return {"rows": found, "more": rows.count() - SHOWN if len(found) == SHOWN else 0}


def shown(rows: Any, access: Access) -> list[dict[str, Any]]:
    return [
        {
            "request": row,
            "headline": wording.asked(row)[0] if access.sees_contacts else row.title,
            "topic": triage.first_words(row, access.sees_contacts)["topic"],
        }
        for row in rows
    ]


def figures(access: Access) -> dict[str, Any]:
    """For the board: how many wait for a person, how many are taken, and the oldest of them."""
    rows = of(access)
    counted = rows.aggregate(
        waiting=Count("pk", filter=Q(state=State.QUEUED)), taken=Count("pk", filter=Q(state=State.RUNNING))
    )
    return {**counted, "oldest": rows.order_by("received_at").first()}


def mine(user: User) -> QuerySet[Any]:
    """Those that this person has, or is offered; the most urgent first."""
    rows: QuerySet[Any] = Request.objects.visible_to(user).with_people().filter(person=user, finished_at=None)
    return rows.order_by("-priority", "deadline_at", "id")


def notification(request: Request) -> Notification:
    title = f"{request.title} · {request.customer.name}"
    return Notification(title, request.get_absolute_url(), "message-question", request.received_at)


def compute_panel(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    desk = desk_of(access)
    return {"parts": {name: render_to_string("requests/_desk_rows.html", desk[name]) for name in desk}}


def register() -> None:
    register_panel(PANEL, compute_panel, scope=lambda access: (*access.scope(), access.user_id))
    register_due(lambda user: mine(user).select_related("customer"), notification)
