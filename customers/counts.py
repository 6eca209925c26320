"""How many customers there are, for tabs and the sidebar: read from the tally that the relay keeps."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Sum, TextField, Value
from django.db.models.functions import Cast

from crm.live.panels import register_panel
from crm.records.access import Access
from crm.records.models import Reader, Tally
from customers.models import Customer

PANEL = "customers:counts"


class Counts(NamedTuple):
    """Numbers of customers that one person may see; `owners` by owner id (0: nobody)."""

    everybody: int
    week: int
    trash: int
    owners: dict[int, int]


def counts_for(user: Reader) -> Counts:
    """Once for each request, since the sidebar and the tabs of a page show the same."""
    held = vars(user)
    if "customer_counts" not in held:
        held["customer_counts"] = counts(user.access)
    found: Counts = held["customer_counts"]
    return found


def counts(access: Access) -> Counts:
    """In one statement."""
    seen = access.q("view")
    alive = Tally.objects.filter(seen, record="customer").order_by()
    by_owner = alive.filter(dimension="all").values_list(Cast("owner_id", TextField())).annotate(n=Sum("n"))
    week = alive.filter(dimension="created_on", value__gte=week_start().isoformat())
    trash = Customer.objects.in_trash().filter(seen).order_by().values_list(Value("trash")).annotate(n=Count("pk"))
    rows = dict(by_owner.union(week.values_list(Value("week")).annotate(n=Sum("n")), trash, all=True))
    in_week, in_trash = int(rows.pop("week", 0) or 0), int(rows.pop("trash", 0))
    owners = {int(owner): int(n) for owner, n in rows.items()}
    return Counts(sum(owners.values()), in_week, in_trash, owners)


def week_start() -> date:
    """Monday in UTC, in which the tally counts its days."""
    today = datetime.now(UTC).date()
    return today - timedelta(days=today.weekday())


def compute(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    """`count` is the sidebar's figure."""
    found = counts(access)
    return {**found._asdict(), "count": found.everybody}


register_panel(PANEL, compute)
