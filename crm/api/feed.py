"""The change log as one reader may see it: what concerns records that she may see now, asked per chunk and kind."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from crm.live.frames import Delivered
from crm.records import directory, log, registry
from crm.records.access import Reach
from crm.staff.models import User

CHUNK = 500  # rows looked at together, at most; at first as many as are wanted, but not fewer than:
FIRST_CHUNK = 50
MOST_SCANNED = 5_000  # rows looked at for one answer, however few of them may be shown


def changes_after(after: int, reader: User, *, limit: int) -> dict[str, Any]:
    """{"epoch", "items", "next", "head"}; `next` is the last row looked at, None when that was the head."""
    epoch, head, names = directory.page_state()
    items: list[dict[str, Any]] = []
    position, end, chunk = after, min(head, after + MOST_SCANNED), max(limit, FIRST_CHUNK)
    while position < end and len(items) < limit:
        rows = log.rows_after(position, min(chunk, CHUNK), up_to=end)
        chunk *= 2
        shown = visible_rows(rows, reader)[: limit - len(items)]
        items += [entry(Delivered(row, names), reader) for row in shown]
        position = shown[-1]["seq"] if len(items) == limit else rows[-1]["seq"]
    return {"epoch": epoch, "items": items, "next": position if position < head else None, "head": head}


def entry(change: Delivered, reader: User) -> dict[str, Any]:
    """A socket's frame, and by which way it was written."""
    return {"gone": False} | change.frame(reader.access.sees_contacts) | {"way": change.row["way"]}


def visible_rows(rows: list[dict[str, Any]], reader: User) -> list[dict[str, Any]]:
    roots = visible_roots({row["root"] for row in rows}, reader)
    return [row for row in rows if row["root"] in roots and is_readable(row["record"], reader)]


def visible_roots(roots: Iterable[str], reader: User) -> set[str]:
    """Those of the roots whose records the reader may see now, be they in the trash."""
    by_record: defaultdict[str, set[int]] = defaultdict(set)
    for root in roots:
        record, _, record_id = root.partition(":")
        by_record[record].add(int(record_id))
    return {f"{record}:{each}" for record, ids in by_record.items() for each in visible_ids(record, ids, reader)}


def visible_ids(record: str, ids: set[int], reader: User) -> set[int]:
    kind = registry.record_type(record)
    if kind is None or not is_readable(record, reader):
        return set()
    # What is deleted for good has no owner any more: it is shown to those who see everything.
    if kind.readers != "scope" or reader.access.view is Reach.ALL:
        return ids
    rows = kind.model._default_manager.filter(reader.access.q("view"), pk__in=ids)
    return set(rows.values_list("pk", flat=True))


def is_readable(record: str, reader: User) -> bool:
    """Whether changes of this kind of record are for this reader at all."""
    kind = registry.record_type(record)
    return kind is not None and (kind.readers != "administrators" or reader.access.is_administrator)
