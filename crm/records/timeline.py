"""The log as people read it: one entry for each change, worded by the record type's own template."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist

from crm.records import log, registry
from crm.records.registry import RecordType

HIDDEN = {"id", "version", "created_at", "updated_at", "customer"}


@dataclass(frozen=True)
class Difference:
    """One field of a change: what it was and what it is, canonical, and how pages word such values."""

    field: str
    label: str
    format: str
    was: Any
    now: Any


@dataclass(frozen=True)
class Entry:
    """One change on a timeline. `event`: created, changed, trashed, restored or deleted."""

    seq: int
    record: str
    record_id: int
    root: str
    event: str
    actor: int | None
    way: str | None
    at: Any
    label: str
    data: Mapping[str, Any]
    differences: Sequence[Difference]
    story: str


def entries(
    root: str, *, sees_contacts: bool, before: int | None = None, records: Sequence[str] | None = None, limit: int = 30
) -> list[Entry]:
    """The changes of a record and its children, newest first; the caller has checked that the reader may see it."""
    rows = log.newest_of(root, before=before, records=records, limit=limit)
    return [entry(row, sees_contacts) for row in rows]


def entry(row: Mapping[str, Any], sees_contacts: bool) -> Entry:
    kind = registry.record_type(row["record"])
    assert kind is not None
    now = kind.projection.reading(kind.projection.project(row["data"]), sees_contacts)
    return Entry(
        seq=row["seq"],
        record=row["record"],
        record_id=row["record_id"],
        root=row["root"],
        event=event(row),
        actor=row["actor_id"],
        way=row["way"],
        at=row["written_at"],
        label=kind.label(row["data"]) if kind.label else "",
        data=now,
        differences=differences(kind, row, now, sees_contacts),
        story=kind.story,
    )


def event(row: Mapping[str, Any]) -> str:
    if row["op"] != "u":
        return {"c": "created", "d": "deleted"}[row["op"]]
    if "deleted_at" in (row["before"] or {}):
        return "restored" if row["data"]["deleted_at"] is None else "trashed"
    return "changed"


def differences(
    kind: RecordType, row: Mapping[str, Any], now: Mapping[str, Any], sees_contacts: bool
) -> list[Difference]:
    if row["op"] != "u":
        return []
    earlier = kind.projection.project({**row["data"], **(row["before"] or {})})
    was = kind.projection.reading(earlier, sees_contacts)
    changed = kind.projection.changed(row["before"], dict(now))
    return [
        Difference(name, label(kind.name, name), kind.projection.by_name[name].format, was[name], now[name])
        for name in changed
        if name not in HIDDEN and name != "company"
    ]


@cache
def label(record: str, field: str) -> Any:
    """The field's own name, translated when it is shown."""
    kind = registry.record_type(record)
    assert kind is not None
    try:
        return getattr(kind.model._meta.get_field(field), "verbose_name", field)
    except FieldDoesNotExist:
        return field
