"""The guarded write: an UPDATE that holds only at the version it was based on; else other fields merge, same ask."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from crm.records import context, log
from crm.records.errors import Conflict, NotEditable, NotVisible
from crm.records.models import Actor, Record
from crm.records.projection import Projection, canonical
from crm.records.statements import prepared
from crm.records.wake import wake

R = TypeVar("R", bound=Record)
M = TypeVar("M", bound=Model)
# Referenced, or it would not be run.
ACTING = """WITH ctx AS MATERIALIZED (
          SELECT set_config('pulse.actor', %s, true) AS actor, set_config('pulse.way', %s, true) AS way)"""
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
    query = update_sql(model._meta.db_table, tuple(changes), trashed, allowed, seen)
    params = [str(actor.pk or ""), context.current().way or "", *changes.values(), record_id, version]
    with prepared() as cursor:
        cursor.execute(query, [*params, *allowed_params, *seen_params])
        found = cursor.fetchone()
    return json.loads(found[0]) if found else None


@lru_cache(maxsize=1000)
def update_sql(table: str, columns: tuple[str, ...], trashed: bool, allowed: str, seen: str) -> str:
    quote = connection.ops.quote_name
    return f"""
        {ACTING}
        UPDATE {quote(table)} t SET {", ".join(f"{quote(name)} = %s" for name in columns)} FROM ctx
        WHERE t.id = %s AND t.version = %s AND t.deleted_at IS {"NOT NULL" if trashed else "NULL"}
          AND {allowed} AND {seen} AND ctx.actor IS NOT NULL AND ctx.way IS NOT NULL
        RETURNING to_jsonb(t)"""  # noqa: S608  (names of columns and conditions of our own)


def insert_record(model: type[R], *, actor: Actor, columns: Mapping[str, Any]) -> R:
    """A new record as its triggers left it; columns that are not given are as the model says."""
    fields = model._meta.concrete_fields
    given = {field.column: field.get_default() for field in fields if field.has_default()} | dict(columns)
    query = insert_sql(model._meta.db_table, tuple(given), tuple(field.column for field in fields))
    with prepared() as cursor:
        cursor.execute(query, [str(actor.pk or ""), context.current().way or "", *given.values()])
        row = cursor.fetchone()
    wake()
    return model.from_db(connection.alias, [field.attname for field in fields], row)


@lru_cache(maxsize=1000)
def insert_sql(table: str, columns: tuple[str, ...], returned: tuple[str, ...]) -> str:
    quote = connection.ops.quote_name
    return f"""
        {ACTING}
        INSERT INTO {quote(table)} ({", ".join(map(quote, columns))})
        SELECT {", ".join(["%s"] * len(columns))} FROM ctx WHERE ctx.actor IS NOT NULL AND ctx.way IS NOT NULL
        RETURNING {", ".join(map(quote, returned))}"""  # noqa: S608  (names of columns of our own)


@contextmanager
def adding_to(check: Callable[[], object]) -> Iterator[None]:
    """For a new row of a record that may be deleted for good at any moment: then `check`, asked again, says so."""
    is_part = connection.in_atomic_block
    try:
        with transaction.atomic():
            yield
            if is_part:  # of a caller's transaction, whose end would be the first to ask whether the record is there
                connection.check_constraints()
    except IntegrityError:
        check()
        raise


def as_written(row: M) -> M:
    """What it holds now. Raises NotVisible when it has been deleted for good since."""
    try:
        row.refresh_from_db()
    except ObjectDoesNotExist:
        raise NotVisible from None
    return row


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
