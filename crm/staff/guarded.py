"""The guarded write for logged rows that nobody owns (users, teams, roles, tags, stages): merge, or ask."""

from collections.abc import Iterator
from typing import Any

from crm.records import log
from crm.records.errors import Conflict, NotVisible
from crm.records.models import Change, ChangeNew, Logged
from crm.records.wake import wake

RETRIES = 10  # each means that somebody else's save came between two of our statements


def update_guarded(model: type[Logged], record_id: int, *, version: int, changes: dict[str, Any]) -> None:
    """Sets fields ({name: value as the database holds it}) of a row that was opened at `version`.

    The caller has asked whether the actor may. What others changed since is kept where it is not in `changes`; a
    field in both raises Conflict, unless both sides set the same. Raises NotVisible when the row is gone.
    """
    for _attempt in range(RETRIES):
        if model._default_manager.filter(pk=record_id, version=version).update(**changes):
            wake()
            return
        current = current_row(model, record_id)
        conflicts = conflicts_with(model, current, version, changes)
        version = current["version"]
        if conflicts:
            break
    raise Conflict(version, conflicts)


def conflicts_with(
    model: type[Logged], current: dict[str, Any], version: int, changes: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    theirs = log.columns_changed_since(model.record_name, current["id"], version)
    columns = {field.name: field.attname for field in model._meta.concrete_fields}
    return {
        name: {"yours": value, "theirs": current[columns[name]]}
        for name, value in changes.items()
        if columns[name] in theirs and current[columns[name]] != value
    }


def rewind(instance: Logged, version: int) -> None:
    """Gives a row, not the database, the values that it had at an older version."""
    fields = {field.attname: field for field in instance._meta.concrete_fields}
    for before in befores_since(instance, version):
        for column, value in before.items():
            setattr(instance, column, fields[column].to_python(value))


def befores_since(row: Logged, version: int) -> Iterator[dict[str, Any]]:
    """What each change above a version replaced, the newest first."""
    since = {"record": row.record_name, "record_id": row.pk, "version__gt": version, "before__isnull": False}
    # Waiting rows first: one that the relay moves between the two statements is then seen twice, which does no harm.
    for rows in (ChangeNew.objects.filter(**since), Change.objects.filter(**since, root=row.root_topic)):
        yield from (change.before for change in rows.order_by("-version") if change.before)


def current_row(model: type[Logged], record_id: int) -> dict[str, Any]:
    row = log.current_row(model, record_id)
    if row is None:
        raise NotVisible
    return row
