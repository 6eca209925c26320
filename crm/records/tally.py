"""The message-queue-based read: counts by owner, team and dimension, which the relay keeps as it numbers changes.

Dashboards, tabs and the sidebar answer from here: a few hundred small rows, whatever the number of records.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet, Sum

from crm.records.access import Access
from crm.records.models import Tally


def summed(parts: Iterable[QuerySet[Any, Any]]) -> Counter[str]:
    """Numbers by name from querysets of `(name, number)`, in one statement; what has the same name is added."""
    first, *others = parts
    found: Counter[str] = Counter()
    for name, number in first.union(*others, all=True):
        found[name] += int(number or 0)  # the sum over no rows is None
    return found


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
