"""The triggers that write the change log: every logged table has these five, made by `Logged.Meta`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pgtrigger
from django.apps import apps

if TYPE_CHECKING:
    from crm.records.models import Logged

CONTEXT = [
    ("actor", "bigint := NULLIF(current_setting('pulse.actor', true), '')::bigint"),
    ("way", "text := NULLIF(current_setting('pulse.way', true), '')"),
]


def declared(model: Any) -> type[Logged]:
    """The model as it is written: migrations are made from bare copies, which lack `unlogged` and the like."""
    return cast("type[Logged]", apps.get_model(model._meta.label))


# A plan that a connection kept from single rows must not pair 100,000 by a nested loop: a full join, which OFFSET 0
# keeps one, can only be hashed or merged.
PAIRED = "new_rows n FULL JOIN old_rows o ON o.id = n.id"


class Versioned(pgtrigger.Trigger):
    """Numbers the versions of a row; an update that changes nothing keeps its version and is not logged."""

    name = "version"
    when = pgtrigger.Before
    operation = pgtrigger.Insert | pgtrigger.Update

    def get_declare(self, model: Any) -> list[tuple[str, str]]:
        return [("probe", f"{model._meta.db_table}%ROWTYPE")]

    def get_func(self, model: Any) -> str:
        has_updated = any(field.name == "updated_at" for field in model._meta.fields)
        now = "NEW.updated_at := clock_timestamp();" if has_updated else ""
        kept = ["version", *(["updated_at"] if has_updated else []), *declared(model).unlogged]
        ignore = " ".join(f"probe.{column} := OLD.{column};" for column in kept)
        same = "NEW.updated_at := OLD.updated_at;" if has_updated else ""
        return f"""
            IF TG_OP = 'INSERT' THEN NEW.version := 1; {now} RETURN NEW; END IF;
            probe := NEW; {ignore}
            IF probe IS NOT DISTINCT FROM OLD THEN NEW.version := OLD.version; {same}
            ELSE NEW.version := OLD.version + 1; {now} END IF;
            RETURN NEW;"""


class LogWrite(pgtrigger.Trigger):
    """Writes one inbox row for each changed row of a statement; subclasses say for which statement."""

    level = pgtrigger.Statement
    when = pgtrigger.After
    declare = CONTEXT
    letter: str
    row = "n"
    rows: str
    before = "NULL::jsonb"
    version = "n.version"
    condition_sql = "true"

    def get_func(self, model: Any) -> str:
        logged = declared(model)
        row = self.row
        scope, join = scope_sql(logged, row)
        return f"""
            INSERT INTO change_new (record, record_id, root, version, op, before, data, owner_id, team_id, assigned_id,
                                    actor_id, way, written_at)
            SELECT '{logged.record_name}', {row}.id, {root_sql(logged, row)}, {self.version}, '{self.letter}',
                   {self.before}, {row}.new_data, {scope}, {self.assigned_sql(logged)},
                   actor, way, clock_timestamp()
            FROM {self.source_sql(logged)} {row} {join} WHERE {self.condition_sql} ORDER BY {row}.id;
            RETURN NULL;"""  # noqa: S608  (constants and models' columns)

    def source_sql(self, model: type[Logged]) -> str:
        """The changed rows, each with its columns and with all of them as JSON, which is made once."""
        return f"(SELECT r.*, {data_sql(model, 'r')} AS new_data FROM {self.rows} r OFFSET 0)"  # noqa: S608  (constants)

    def assigned_sql(self, model: type[Logged]) -> str:
        column = model.assigned_column
        if column is None or self.letter == "d":
            return "NULL"
        fresh = "true" if self.letter == "c" else f"n.old_data -> '{column}' IS DISTINCT FROM n.new_data -> '{column}'"
        return f"CASE WHEN {fresh} AND n.{column} IS DISTINCT FROM actor THEN n.{column} END"


class LogInsert(LogWrite):
    name = "log_insert"
    operation = pgtrigger.Insert
    referencing = pgtrigger.Referencing(new="new_rows")
    letter = "c"
    rows = "new_rows"


class LogUpdate(LogWrite):
    name = "log_update"
    operation = pgtrigger.Update
    referencing = pgtrigger.Referencing(old="old_rows", new="new_rows")
    letter = "u"
    condition_sql = "n.version <> n.old_version"
    before = """(SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(n.old_data) e
                 WHERE e.value IS DISTINCT FROM n.new_data -> e.key AND e.key NOT IN ('version', 'updated_at'))"""

    def source_sql(self, model: type[Logged]) -> str:
        return f"""(SELECT n.*, o.version AS old_version, {data_sql(model, "o")} AS old_data,
                    {data_sql(model, "n")} AS new_data FROM {PAIRED} OFFSET 0)"""  # noqa: S608  (constants)


class LogDelete(LogWrite):
    name = "log_delete"
    operation = pgtrigger.Delete
    referencing = pgtrigger.Referencing(old="old_rows")
    letter = "d"
    row = "o"
    rows = "old_rows"
    version = "o.version + 1"


class RefuseTruncate(pgtrigger.Trigger):
    """TRUNCATE would pass the log by. A test database may allow it to itself."""

    name = "refuse_truncate"
    level = pgtrigger.Statement
    when = pgtrigger.Before
    operation = pgtrigger.Truncate

    def get_func(self, model: Any) -> str:
        return """
            IF current_setting('pulse.allow_truncate', true) = 'on' THEN RETURN NULL; END IF;
            RAISE EXCEPTION 'TRUNCATE of % is refused: it would pass the change log by; use DELETE', TG_TABLE_NAME;"""


LOG_TRIGGERS = [Versioned(), LogInsert(), LogUpdate(), LogDelete(), RefuseTruncate()]
NAMES = [cast("str", trigger.name) for trigger in LOG_TRIGGERS]


def data_sql(model: type[Logged], row: str) -> str:
    left_out = "".join(f" - '{column}'" for column in model.unlogged)
    return f"(to_jsonb({row}){left_out})"


def root_sql(model: type[Logged], row: str) -> str:
    if model.root_column:
        return f"'{model.root_record}:' || {row}.{model.root_column}"
    return f"'{model.record_name}:' || {row}.id"


def scope_sql(model: type[Logged], row: str) -> tuple[str, str]:
    """Owner and team of the record (for a child: of its root) as columns, and the join that they need."""
    if model.root_table:
        join = f"LEFT JOIN {model.root_table} root ON root.id = {row}.{model.root_column}"
        return "root.owner_id, root.team_id", join
    columns = {field.column for field in model._meta.concrete_fields}
    if {"owner_id", "team_id"} <= columns:
        return f"{row}.owner_id, {row}.team_id", ""
    return "NULL::bigint, NULL::bigint", ""
