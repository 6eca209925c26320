"""Reading one record that a reader may see, in plain SQL: each page and call asks this, and building it costs more."""

import json
from typing import Any

from django.db import connection

from crm.records.models import Reader, Record
from crm.records.statements import prepared


def visible_version(model: type[Record], record_id: int, reader: Reader) -> int | None:
    """None: there is no such record, it is in the trash, or not the reader's to see."""
    version: int | None = first("t.version", model, record_id, reader)
    return version


def visible_row(model: type[Record], record_id: int, reader: Reader) -> dict[str, Any] | None:
    """All columns, as the log writes them."""
    found = first("to_jsonb(t)", model, record_id, reader)
    return json.loads(found) if found else None


def first(what: str, model: type[Record], record_id: int, reader: Reader) -> Any:
    seen, seen_params = reader.access.sql("view", "t")
    table = connection.ops.quote_name(model._meta.db_table)
    query = f"SELECT {what} FROM {table} t WHERE t.id = %s AND t.deleted_at IS NULL AND {seen}"  # noqa: S608  (constants)
    with prepared() as cursor:
        cursor.execute(query, [record_id, *seen_params])
        found = cursor.fetchone()
    return found[0] if found else None
