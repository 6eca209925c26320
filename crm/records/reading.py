"""Reading one record that a reader may see, in plain SQL: each page and call asks this, and building it costs more."""

import json
from typing import Any

from django.db import connection

from crm.records.models import Reader, Record
from crm.records.statements import prepared


def visible_version(model: type[Record], record_id: int, reader: Reader) -> int | None:
    """None: there is no such record, it is in the trash, or not the reader's to see."""
    found = visible(model, record_id, reader, "t.version")
    return found[0][0] if found else None


def visible_row(
    model: type[Record], record_id: int, reader: Reader, *, in_trash: bool = False
) -> dict[str, Any] | None:
    """All columns, as the log writes them; with `in_trash` also of what is in the trash."""
    found = visible(model, record_id, reader, "to_jsonb(t)", in_trash=in_trash)
    return json.loads(found[0][0]) if found else None


def visible(
    model: type[Record], record_id: int, reader: Reader, columns: str, joins: str = "", order: str = "t.id",
    *, in_trash: bool = False,
) -> list[tuple[Any, ...]]:  # fmt: skip
    """Columns of the record `t` and of what is joined to it, in SQL of our own; no rows where it is not to be seen."""
    seen, seen_params = reader.access.sql("view", "t")
    table = connection.ops.quote_name(model._meta.db_table)
    thrown = "" if in_trash else "AND t.deleted_at IS NULL"
    query = f"""
        SELECT {columns} FROM {table} t {joins}
        WHERE t.id = %s {thrown} AND {seen} ORDER BY {order}"""  # noqa: S608  (constants)
    with prepared() as cursor:
        cursor.execute(query, [record_id, *seen_params])
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
