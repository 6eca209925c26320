"""The guarded write: an UPDATE that holds only at the version it was based on; else other fields merge, same ask."""

import json
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext as _
from psycopg import sql

from crm.records import context, log
from crm.records.errors import Conflict, NotEditable, NotVisible
from crm.records.models import Actor, Record
from crm.records.projection import Projection, canonical
from crm.records.wake import wake

RETRIES = 10  # each means that somebody else's save came between two of our statements


def update_record(
    model: type[Record], projection: Projection, record_id: int, *, actor: Actor, version: int, changes: dict[str, Any]
) -> dict[str, Any]:
    """Sets columns of a record that the actor opened at `version`; `changes` is {column: value}. Returns all columns.

    Fields that others changed since are kept when they are not in `changes`; a field in both raises Conflict unless
    both sides set the same value. Raises NotVisible, NotEditable; ValidationError for a version that never was.
    """
    for _attempt in range(RETRIES):
        row = set_columns(model, record_id, actor=actor, version=version, changes=changes)
        if row is not None:
            wake()
            return row
        current = editable_row(model, record_id, actor)
        refuse_conflicts(model, projection, current, version, changes, actor)
        version = current["version"]
    raise Conflict(version, {})


def set_columns(
    model: type[Record],
    record_id: int,
    *,
    actor: Actor,
    version: int,
    changes: Mapping[str, Any],
    trashed: bool = False,
) -> dict[str, Any] | None:
    """The one statement of the hot path: who, the rule, the guard and the write. None: not at this version."""
    allowed, allowed_params = actor.access.sql("edit", "t")
    seen, seen_params = actor.access.sql("view", "t")
    query = sql.SQL(
        """WITH ctx AS MATERIALIZED (
             SELECT set_config('pulse.actor', %s, true) AS actor, set_config('pulse.way', %s, true) AS way)
           UPDATE {table} t SET {columns} FROM ctx
           WHERE t.id = %s AND t.version = %s AND {alive} AND {allowed} AND {seen}
             AND ctx.actor IS NOT NULL AND ctx.way IS NOT NULL
           RETURNING to_jsonb(t)"""
    ).format(
        table=sql.Identifier(model._meta.db_table),
        columns=sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in changes),
        alive=sql.SQL("t.deleted_at IS NOT NULL" if trashed else "t.deleted_at IS NULL"),
        allowed=sql.SQL(allowed),
        seen=sql.SQL(seen),
    )
    params = [str(actor.pk), context.current().way or "", *changes.values(), record_id, version]
    with connection.cursor() as cursor:
        cursor.execute(query, [*params, *allowed_params, *seen_params])
        found = cursor.fetchone()
    return json.loads(found[0]) if found else None


def editable_row(model: type[Record], record_id: int, actor: Actor) -> dict[str, Any]:
    """The columns as they are now; raises NotVisible or NotEditable."""
    row = log.current_row(model, record_id)
    if row is None or row["deleted_at"] is not None or not actor.access.admits(row, "view"):
        raise NotVisible
    if not actor.access.admits(row, "edit"):
        raise NotEditable
    return row


def refuse_conflicts(
    model: type[Record],
    projection: Projection,
    current: dict[str, Any],
    version: int,
    wanted: dict[str, Any],
    actor: Actor,
) -> None:
    """Raises Conflict when others changed the same fields since `version`, unless to the same values."""
    if version > current["version"]:
        raise ValidationError({"version": _("This record has no version %d yet; load it again.") % version})
    theirs = log.columns_changed_since(model.record_name, current["id"], version)
    held = projection.project(current)
    fields = {projection.by_column[column]: value for column, value in wanted.items() if column in theirs}
    mine = {field.name: canonical(value, field.kind) for field, value in fields.items()}
    conflicting = {name: value for name, value in mine.items() if value != held[name]}
    if conflicting:
        raise conflict(projection, held, conflicting, actor)


def conflict(projection: Projection, held: Mapping[str, Any], mine: Mapping[str, Any], actor: Actor) -> Conflict:
    """Both values of each field in `mine`, those of others as the actor may read them."""
    theirs = projection.reading({name: held[name] for name in mine}, actor.access.sees_contacts)
    return Conflict(held["version"], {name: {"yours": mine[name], "theirs": theirs[name]} for name in mine})
