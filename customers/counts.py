"""How many customers there are, for tabs and the sidebar: read from the tally that the relay keeps."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, QuerySet, Sum, TextField, Value
from django.db.models.functions import Cast, Concat

from crm.live.panels import register_panel
from crm.records import tally
from crm.records.access import Access
from crm.records.models import Tally
from crm.staff import shell
from crm.staff.models import User
from customers.models import Customer

PANEL = "customers:counts"
OF_OWNER, NEW, TRASHED = "customers of ", "new customers", "trashed customers"


class Counts(NamedTuple):
    """Numbers of customers that one person may see; `owners` by owner id (0: nobody)."""

    everybody: int
    week: int
    trash: int
    owners: dict[int, int]


def counts_for(user: User) -> Counts:
    """With the other numbers of the page's shell, in one statement."""
    return counts_in(shell.figures(user))


def counts_in(figures: Mapping[str, int]) -> Counts:
    owners = {int(name.removeprefix(OF_OWNER)): n for name, n in figures.items() if name.startswith(OF_OWNER)}
    return Counts(sum(owners.values()), figures.get(NEW, 0), figures.get(TRASHED, 0), owners)


def figures(access: Access) -> list[QuerySet[Any, Any]]:
    """The same as rows for `tally.summed`."""
    seen = access.q("view")
    alive = Tally.objects.filter(seen, record="customer").order_by()
    owner = Concat(Value(OF_OWNER), Cast("owner_id", TextField()), output_field=TextField())
    week = alive.filter(dimension="created_on", value__gte=week_start().isoformat())
    trash = Customer.objects.in_trash().filter(seen).order_by()
    return [
        alive.filter(dimension="all").values_list(owner).annotate(n=Sum("n")),
        week.values_list(Value(NEW)).annotate(n=Sum("n")),
        trash.values_list(Value(TRASHED)).annotate(n=Count("pk")),
    ]


def week_start() -> date:
    """Monday in UTC, in which the tally counts its days."""
    today = datetime.now(UTC).date()
    return today - timedelta(days=today.weekday())


def compute(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    """`count` is the sidebar's figure."""
    found = counts_in(tally.summed(figures(access)))
    return {**found._asdict(), "count": found.everybody}


register_panel(PANEL, compute)
