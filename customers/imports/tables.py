"""The statements of an import: each writes a whole chunk from one JSON parameter, in a transaction of the caller."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from psycopg import sql

from customers.models import Customer

BLANK: dict[str, Any] = {
    "kind": Customer.Kind.PERSON.value, "name": "", "stage_id": "lead", "title": "", "company_id": None, "emails": [],
    "phones": [], "street": "", "postcode": "", "city": "", "region": "", "country": "", "born_on": None,
    "language": "", "source": "", "reference": "", "tags": [], "owner_id": None, "team_id": None,
}  # fmt: skip
COLUMNS = tuple(BLANK)

Columns = Mapping[str, Any]


def insert_customers(rows: Sequence[Columns]) -> list[int]:
    """Ids of new customers, in the order of the rows. Each has all COLUMNS, and may say when it was created."""
    ids = next_ids(len(rows))
    named = dict.fromkeys(name for row in rows for name in row)
    insert("customers_customer", ("id", *named), [{**row, "id": each} for each, row in zip(ids, rows, strict=True)])
    return ids


def next_ids(count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('customers_customer', 'id')) FROM generate_series(1, %s)", [count]
        )
        return [each for (each,) in cursor.fetchall()]


def insert(table: str, columns: Iterable[str], rows: Sequence[Columns]) -> None:
    query = sql.SQL("INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, %s)")
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    run(query.format(table=sql.Identifier(table), columns=names), rows)


def run(query: sql.Composed, rows: Sequence[Columns]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query.as_string(cursor.connection), [json.dumps(rows, default=str)])
        return cursor.fetchall() if cursor.description else []


def update_customers(changes: Sequence[tuple[Columns, Columns]]) -> dict[int, int]:
    """Changes (locked row, {column: value}) and gives the new versions by id."""
    if not changes:
        return {}
    names = sorted({name for _held, columns in changes for name in columns})
    rows = [{"id": held["id"]} | {name: columns.get(name, held[name]) for name in names} for held, columns in changes]
    query = sql.SQL(
        "UPDATE customers_customer t SET {columns} FROM jsonb_populate_recordset(NULL::customers_customer, %s) r"
        " WHERE t.id = r.id RETURNING t.id, t.version"
    ).format(columns=assignments(names))
    return dict(run(query, rows))


def assignments(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.SQL("{0} = r.{0}").format(sql.Identifier(name)) for name in names)
