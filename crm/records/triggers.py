"""The triggers that write the change log: every logged table has these five, made by `Logged.Meta`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pgtrigger
from django.apps import apps
from pgtrigger import compiler

if TYPE_CHECKING:
    from crm.records.models import Logged

CONTEXT = [
    ("actor", "bigint := NULLIF(current_setting('pulse.actor', true), '')::bigint"),
    ("way", "text := NULLIF(current_setting('pulse.way', true), '')"),
]


def declared(model: Any) -> type[Logged]:
    """The model as it is written: migrations are made from bare copies, which lack `unlogged` and the like."""
    return cast("type[Logged]", apps.get_model(model._meta.label))


class Unconditional(compiler.UpsertTriggerSql):
    """A trigger that no setting of a session switches off; migrations refer to it by this name.

    pgtrigger's own ask for such a setting at every call, which took a tenth of an update.
    """

    def get_template(self) -> str:
        return """
            CREATE OR REPLACE FUNCTION {pgid}() RETURNS trigger LANGUAGE plpgsql AS $$
                {declare}
                BEGIN
                    {func}
                END;
            $$;
            CREATE OR REPLACE TRIGGER {pgid} {when} {operation} ON {table} {referencing}
                FOR EACH {level} {condition} EXECUTE FUNCTION {execute};
            COMMENT ON TRIGGER {pgid} ON {table} IS '{hash}';
        """


class FirmTrigger(pgtrigger.Trigger):
    """Nothing passes it by."""

    def compile(self, model: Any) -> compiler.Trigger:
        usual = super().compile(model)
        return compiler.Trigger(name=usual.name, sql=Unconditional(**usual.sql.kwargs))


class Versioned(FirmTrigger):
    """Numbers the versions of a row; an update that changes nothing keeps its version and is not logged."""

    name = "version"
    when = pgtrigger.Before
    operation = pgtrigger.Insert | pgtrigger.Update

    def get_declare(self, model: Any) -> list[tuple[str, str]]:
        return [("probe", f"{model._meta.db_table}%ROWTYPE")] if declared(model).unlogged else []

    def get_func(self, model: Any) -> str:
        has_updated = any(field.name == "updated_at" for field in model._meta.fields)
        now = "NEW.updated_at := clock_timestamp();" if has_updated else ""
        same = "NEW.updated_at := OLD.updated_at;" if has_updated else ""
        unlogged = declared(model).unlogged
        probe = "".join(f" probe.{column} := OLD.{column};" for column in unlogged)
        return f"""
            IF TG_OP = 'INSERT' THEN NEW.version := 1; {now} RETURN NEW; END IF;
            NEW.version := OLD.version; {same}
            {f"probe := NEW;{probe}" if unlogged else ""}
            IF {"probe" if unlogged else "NEW"} IS DISTINCT FROM OLD THEN NEW.version := OLD.version + 1; {now} END IF;
            RETURN NEW;"""


class LogWrite(FirmTrigger):
    """Writes one inbox row for each changed row; subclasses say which those are."""

    when = pgtrigger.After
    declare = CONTEXT
    letter: str
    row: str
    version: str
    before = "NULL::jsonb"
    is_assigned = "false"

    def get_func(self, model: Any) -> str:
        logged = declared(model)
        row, column = self.row, logged.assigned_column
        scope, join = scope_sql(logged, row)
        fresh = self.is_assigned.format(column=column)
        assigned = f"CASE WHEN {fresh} AND {row}.{column} IS DISTINCT FROM actor THEN {row}.{column} END"
        return f"""
            INSERT INTO change_new (record, record_id, root, version, op, before, data, owner_id, team_id, assigned_id,
                                    actor_id, way, written_at)
            SELECT '{logged.record_name}', {row}.id, {root_sql(logged, row)}, {self.version}, '{self.letter}',
                   {self.before}, {data_sql(logged, row)}, {scope}, {assigned if column else "NULL"},
                   actor, way, clock_timestamp()
            {self.source_sql(join)};
            RETURN NULL;"""

    def source_sql(self, join: str) -> str:
        raise NotImplementedError


class LogInsert(LogWrite):
    """All rows of a statement at once: many are inserted together, by imports."""

    name = "log_insert"
    operation = pgtrigger.Insert
    level = pgtrigger.Statement
    referencing = pgtrigger.Referencing(new="new_rows")
    letter = "c"
    row = "n"
    version = "n.version"
    is_assigned = "true"

    def source_sql(self, join: str) -> str:
        return f"FROM new_rows n {join} ORDER BY n.id"


class LogDelete(LogWrite):
    name = "log_delete"
    operation = pgtrigger.Delete
    level = pgtrigger.Statement
    referencing = pgtrigger.Referencing(old="old_rows")
    letter = "d"
    row = "o"
    version = "o.version + 1"

    def source_sql(self, join: str) -> str:
        return f"FROM old_rows o {join} ORDER BY o.id"


class LogUpdate(LogWrite):
    """Row by row: tables of the old and the new rows, made and joined, cost more than all else of one row's update,
    and save nothing in an update of 100,000."""

    name = "log_update"
    operation = pgtrigger.Update
    level = pgtrigger.Row
    condition = pgtrigger.Condition("(OLD.version <> NEW.version)")
    declare = [*CONTEXT, ("was", "jsonb := '{}'")]
    letter = "u"
    row = "NEW"
    version = "NEW.version"
    before = "was"
    is_assigned = "NEW.{column} IS DISTINCT FROM OLD.{column}"

    def get_func(self, model: Any) -> str:
        left_out = {"version", "updated_at", *declared(model).unlogged}
        columns = [field.column for field in model._meta.concrete_fields if field.column not in left_out]
        return "".join(map(was_sql, columns)) + super().get_func(model)

    def source_sql(self, join: str) -> str:
        return f"FROM (SELECT) AS this {join}" if join else ""


def was_sql(column: str) -> str:
    return f"""
            IF NEW.{column} IS DISTINCT FROM OLD.{column} THEN
                was := was || jsonb_build_object('{column}', OLD.{column});
            END IF;"""


class RefuseTruncate(FirmTrigger):
    """TRUNCATE would pass the log by. A test database may allow it to itself."""

    name = "refuse_truncate"
    level = pgtrigger.Statement
    when = pgtrigger.Before
    operation = pgtrigger.Truncate

    def get_func(self, model: Any) -> str:
        return """
            IF current_setting('pulse.allow_truncate', true) = 'on' THEN RETURN NULL; END IF;
            RAISE EXCEPTION 'TRUNCATE of % is refused: it would pass the change log by; use DELETE', TG_TABLE_NAME;"""


LOG_TRIGGERS: list[pgtrigger.Trigger] = [Versioned(), LogInsert(), LogUpdate(), LogDelete(), RefuseTruncate()]
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
