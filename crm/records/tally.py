"""The message-queue-based read: counts by owner, team and dimension, which the relay keeps as it numbers changes.

Dashboards, tabs and the sidebar answer from here: a few hundred small rows, whatever the number of records.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.models import QuerySet

from crm.records.statements import prepared


class Question(NamedTuple):
    """A statement whose rows are `(name, number)`. Making one takes longer than its answer: keep it where you can."""

    sql: str
    parameters: tuple[Any, ...]


def question(parts: Iterable[QuerySet[Any, Any]]) -> Question:
    first, *others = parts
    return Question(*first.union(*others, all=True).query.sql_with_params())


def answer(asked: Question) -> Counter[str]:
    """Numbers by name; what has the same name is added."""
    found: Counter[str] = Counter()
    with prepared() as cursor:
        cursor.execute(*asked)
        for name, number in cursor.fetchall():
            found[name] += int(number or 0)  # the sum over no rows is None
    return found


def summed(parts: Iterable[QuerySet[Any, Any]]) -> Counter[str]:
    """Numbers by name from querysets of `(name, number)`, in one statement."""
    return answer(question(parts))
