"""The message-queue-based read: counts by owner, team and dimension, which the relay keeps as it numbers changes.

Dashboards, tabs and the sidebar answer from here: a few hundred small rows, whatever the number of records.
"""

from django.db.models import Sum

from crm.records.access import Access
from crm.records.models import Tally


def count(record: str, access: Access, **only: int | None) -> int:
    """How many records of this kind the person may see; `owner_id=` narrows it."""
    return sum(by(record, "all", access, **only).values())


def by(record: str, dimension: str, access: Access, **only: int | None) -> dict[str, int]:
    """Counts by a dimension's value ("stage_id": {"active": 310, ...}); "owner" counts by owner id ("0": nobody)."""
    rows = Tally.objects.filter(access.q("view"), record=record, **only)
    if dimension == "owner":
        grouped = rows.filter(dimension="all").values_list("owner_id").annotate(Sum("n"))
    else:
        grouped = rows.filter(dimension=dimension).values_list("value").annotate(Sum("n"))
    return {str(value): total for value, total in grouped.order_by() if total}
