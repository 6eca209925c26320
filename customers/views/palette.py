"""What the palette finds among customers, with the words that were typed marked."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from crm.records.access import Reach
from crm.records.directory import Directory
from crm.records.letters import small
from crm.staff.middleware import StaffRequest
from crm.staff.models import User
from customers import search
from customers.counts import counts_for
from customers.filters import CustomerFilter
from customers.listing import Asked
from customers.live import CUSTOMER
from customers.models import Customer
from customers.views.answers import directory_of

SHOWN = 8
RANKED = 40  # newest matches among which those whose name begins with the words come first

Marked = list[tuple[str, bool]]


@dataclass(frozen=True)
class Hit:
    """A found customer: its texts in parts, of which some are marked."""

    id: int
    kind: str
    name: str
    parts: Marked
    detail: Marked
    owner: str


@require_GET
def palette(request: StaffRequest) -> HttpResponse:
    started = time.perf_counter()
    wanted = CustomerFilter.parse({"q": request.GET.get("q", "")})
    if not wanted.q:
        return HttpResponse()
    rows = found(wanted, request.user)
    directory = directory_of(request)
    context = {
        "q": wanted.q,
        "hits": [hit(row, wanted.q, request.user, directory) for row in rows[:SHOWN]],
        "found": f"{RANKED}+" if len(rows) == RANKED else str(len(rows)),
        "total": counts_for(request.user).everybody,
        "seconds": time.perf_counter() - started,
        "list_url": Asked(wanted).url,
        "may_add": request.user.access.edit is not Reach.NONE,
    }
    return render(request, "customers/_palette_hits.html", context)


def found(wanted: CustomerFilter, user: User) -> list[dict[str, Any]]:
    matching = Customer.objects.visible_to(user).matching(wanted, user.access)
    rows = matching.order_by("-updated_at", "-pk").values(*CUSTOMER.columns)[:RANKED]
    projected = [CUSTOMER.reading(CUSTOMER.project(row), user.access.sees_contacts) for row in rows]
    return sorted(projected, key=lambda row: rank(small(row["name"]), small(wanted.q)))


def rank(name: str, question: str) -> int:
    """The name itself, names that begin so, names with a word that does, names that hold it, the rest."""
    words = search.words(question)
    tests = (
        name == question,
        name.startswith(question),
        any(part.startswith(tuple(words)) for part in name.split()),
        all(word in name for word in words),
    )
    return next((place for place, holds in enumerate(tests) if holds), len(tests))


def hit(row: Mapping[str, Any], question: str, user: User, directory: Directory) -> Hit:
    owner = directory["users"].get(row["owner"], {}).get("name", "")
    return Hit(
        id=row["id"],
        kind=row["kind"],
        name=row["name"],
        parts=marked(row["name"], question),
        detail=marked(" · ".join(filter(None, [contact(row, question), row["company_name"] or row["city"]])), question),
        owner="" if row["owner"] == user.pk else owner.split(" ")[0],
    )


def contact(row: Mapping[str, Any], question: str) -> str:
    """The address or number that matches, else the first."""
    points = [*row["emails"], *row["phones"]]
    matching = [point for point in points if any(word in small(point) for word in search.words(question))]
    return next(iter([*matching, *points]), "")


def marked(text: str, question: str) -> Marked:
    """The text cut where the words of the question stand in it."""
    words = sorted(search.words(question), key=len, reverse=True)
    parts = re.split(f"({'|'.join(map(re.escape, words))})", text, flags=re.IGNORECASE)
    return [(part, place % 2 == 1) for place, part in enumerate(parts) if part]
