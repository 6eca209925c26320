"""What the hub asks the database, in a thread: rights, which topics are visible, what was missed since a position."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model

from crm.records import log, registry
from crm.records.access import Access
from crm.records.models import Reader

MOST_MISSED = 2_000  # rows; a client that missed more fetches its regions again instead


class Missed(NamedTuple):
    """Rows of some roots after a position; `rows` is None when there are too many to replay."""

    rows: list[dict[str, Any]] | None


def accesses(user_ids: Iterable[int]) -> dict[int, Access]:
    """The present rights of users who may sign in."""
    users = get_user_model()._default_manager.select_related("role").filter(pk__in=list(user_ids), is_active=True)
    return {user.pk: user.access for user in users}


def visible_topics(reader: Reader, topics: Sequence[str]) -> set[str]:
    """Those of the topics that exist and that the reader may see; one statement for each record type."""
    by_record: defaultdict[str, set[int]] = defaultdict(set)
    for topic in topics:
        record, _, record_id = topic.partition(":")
        if record_id.isdecimal() and len(record_id) < 19:
            by_record[record].add(int(record_id))
    found = {"directory"} & set(topics)
    for record, ids in by_record.items():
        found |= {f"{record}:{each}" for each in visible_ids(reader, record, ids)}
    return found


def visible_ids(reader: Reader, record: str, ids: set[int]) -> set[int]:
    kind = registry.record_type(record)
    if kind is None or (kind.readers == "administrators" and not reader.access.is_administrator):
        return set()
    rows: Any = kind.model._default_manager.filter(pk__in=ids)
    if kind.readers == "scope":
        rows = rows.visible_to(reader)
    return set(rows.values_list("pk", flat=True))


def missed(after: int, up_to: int, roots: Sequence[str]) -> Missed:
    rows = log.rows_after(after, MOST_MISSED + 1, roots=roots, up_to=up_to)
    return Missed(None if len(rows) > MOST_MISSED else rows)


def missed_by_views(after: int, up_to: int) -> Missed:
    """All rows between two positions: what entered or left a view may be any record."""
    if up_to - after > MOST_MISSED:
        return Missed(None)
    return Missed(log.rows_after(after, MOST_MISSED, up_to=up_to))
