"""The guarded write for logged rows that nobody owns (users, teams, roles, tags, stages): merge, or ask."""

from collections.abc import Iterator
from typing import Any

from crm.records import log
from crm.records.errors import Conflict, NotVisible
from crm.records.models import Change, ChangeNew, Logged
from crm.records.wake import wake

RETRIES = 10  # each means that somebody else's save came between two of our statements


def update_guarded(model: type[Logged], record_id: int, *, version: int, changes: dict[str, Any]) -> None:
    """Sets columns of a row that was opened at `version`; the caller has asked whether the actor may.

    What others changed since is kept where it is not in `changes`; a column in both raises Conflict, unless both
    sides set the same value. Raises NotVisible when the row is gone.
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
    return {
        column: {"yours": value, "theirs": current[column]}
        for column, value in changes.items()
        if column in theirs and current[column] != value
    }


def row_at(model: type[Logged], record_id: int, version: int) -> dict[str, Any]:
    """The columns as the log has them, as they were at an older version; raises NotVisible when the row is gone."""
    row = current_row(model, record_id)
    for before in befores_since(model.record_name, record_id, version):
        row |= before
    return row


def current_row(model: type[Logged], record_id: int) -> dict[str, Any]:
    row = log.current_row(model, record_id)
    if row is None:
        raise NotVisible
    return row


def befores_since(record: str, record_id: int, version: int) -> Iterator[Any]:
    """What each change above a version replaced, the newest first."""
    since = {"record": record, "record_id": record_id, "version__gt": version, "before__isnull": False}
    # Waiting rows first: one that the relay moves between the two statements is then seen twice, which does no harm.
    yield from ChangeNew.objects.filter(**since).order_by("-version").values_list("before", flat=True)
    logged = Change.objects.filter(**since, root=f"{record}:{record_id}").order_by("-version")
    yield from logged.values_list("before", flat=True)
