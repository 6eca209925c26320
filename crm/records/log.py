"""Reading the log: rows after a position, what changed since a version, a record's columns as the log writes them."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q

from crm.records.models import Change, ChangeNew, Logged, LogState
from crm.records.paging import HIGHEST_ID
from crm.records.statements import prepared

COLUMNS = (
    "seq", "record", "record_id", "root", "version", "op", "before", "data", "owner_id", "team_id", "assigned_id",
    "actor_id", "way", "written_at", "numbered_at",
)  # fmt: skip
# Plain SQL, since every page of a record asks it: planning it over the log's partitions takes longer than running it.
NEWEST = f"""
    SELECT {", ".join(COLUMNS)} FROM change
    WHERE root = %(root)s AND seq < coalesce(%(before)s, {HIGHEST_ID})
      AND (%(records)s::text[] IS NULL OR record = ANY(%(records)s))
    ORDER BY seq DESC LIMIT %(limit)s"""  # noqa: S608  (constants)


# One statement, whose snapshot has each row either in the inbox or in the log.
CHANGED_SINCE = """
SELECT jsonb_object_keys(before) FROM (
    SELECT root, record, record_id, version, before FROM change_new
    UNION ALL SELECT root, record, record_id, version, before FROM change
) c WHERE root = %(root)s AND record = %(record)s AND record_id = %(record_id)s AND version > %(version)s"""


class Position(NamedTuple):
    epoch: str
    head: int


def position() -> Position:
    epoch, head = LogState.objects.values_list("epoch", "head").get()
    return Position(str(epoch), head)


def directory_position() -> int:
    """Where the directory changed last."""
    return LogState.objects.values_list("directory_seq", flat=True).get()


def rows_after(
    seq: int, limit: int, roots: Sequence[str] | None = None, up_to: int | None = None,
    records: Sequence[str] | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Log rows above a position in order, as dictionaries of COLUMNS; only of some roots or kinds where given."""
    rows = Change.objects.filter(seq__gt=seq)
    if roots is not None:
        rows = rows.filter(root__in=roots)
    if records is not None:
        rows = rows.filter(record__in=records)
    if up_to is not None:
        rows = rows.filter(seq__lte=up_to)
    return list(rows.order_by("seq").values(*COLUMNS)[:limit])


def newest_of(root: str, *, before: int | None, records: Sequence[str] | None, limit: int) -> list[dict[str, Any]]:
    """Log rows of a record and its children, the newest first: below a position and of some records where given."""
    wanted = {"root": root, "before": before, "records": None if records is None else list(records), "limit": limit}
    with prepared() as cursor:
        cursor.execute(NEWEST, wanted)
        rows = [dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()]
    return [row | {name: row[name] and json.loads(row[name]) for name in ("before", "data")} for row in rows]


def columns_changed_since(record: str, record_id: int, version: int) -> set[str]:
    """The columns that changed in a record above a version, numbered or still waiting."""
    asked = {"root": f"{record}:{record_id}", "record": record, "record_id": record_id, "version": version}
    with prepared() as cursor:
        cursor.execute(CHANGED_SINCE, asked)
        return {column for (column,) in cursor.fetchall()}


def who_changed(row: Logged, version: int, columns: Sequence[str]) -> int | None:
    """Who changed one of these columns last, above a version; None for nobody, and for plain SQL."""
    since = Q(record=row.record_name, record_id=row.pk, version__gt=version, before__has_any_keys=list(columns))
    newest = ChangeNew.objects.filter(since).order_by("-version").values_list("actor_id", flat=True)[:1]
    logged = Change.objects.filter(since, root=row.root_topic).order_by("-version")
    return next(iter([*newest, *logged.values_list("actor_id", flat=True)[:1]]), None)


def was_changed(row: Logged, column: str, *, way: str, since: datetime) -> bool:
    """Whether a change that came by this way moved the column since then."""
    made = Q(root=row.root_topic, record=row.record_name, way=way, before__has_key=column, written_at__gt=since)
    return ChangeNew.objects.filter(made).exists() or Change.objects.filter(made).exists()


def change_of(record: str, record_id: int, version: int, actor_id: int) -> dict[str, Any] | None:
    """What the actor's change to this version replaced ({column: value}), numbered or not yet; None: no such change."""
    made = Q(record=record, record_id=record_id, version=version, actor_id=actor_id, before__isnull=False)
    waiting = ChangeNew.objects.filter(made).values_list("before", flat=True).first()
    if waiting is not None:
        return dict(waiting)
    return Change.objects.filter(made, root=f"{record}:{record_id}").values_list("before", flat=True).first()


def current_row(model: type[Logged], record_id: int) -> dict[str, Any] | None:
    with connection.cursor() as cursor:
        table = connection.ops.quote_name(model._meta.db_table)
        cursor.execute(f"SELECT to_jsonb(t) FROM {table} t WHERE id = %s", [record_id])  # noqa: S608  (a model's table)
        found = cursor.fetchone()
    return json.loads(found[0]) if found else None
