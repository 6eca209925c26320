"""The statements of an import: each writes a whole chunk from one JSON parameter, in a transaction of the caller."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import connection
from psycopg import sql

from customers.models import ContactPoint, Customer
from customers.services import ADDRESS

BLANK: dict[str, Any] = {
    "kind": Customer.Kind.PERSON.value, "name": "", "stage_id": "lead", "title": "", "company_id": None, "emails": [],
    "phones": [], "street": "", "postcode": "", "city": "", "region": "", "country": "", "born_on": None,
    "language": "", "source": "", "reference": "", "tags": [], "owner_id": None, "team_id": None,
}  # fmt: skip
COLUMNS = tuple(BLANK)
POINT = ("customer_id", "kind", "value", "label", "position", *ADDRESS)

Columns = Mapping[str, Any]


def insert_customers(rows: Sequence[Columns]) -> list[int]:
    """Ids of new customers, in the order of the rows. Each has all COLUMNS, and may say when it was created."""
    ids = next_ids(len(rows))
    named = dict.fromkeys(name for row in rows for name in row)
    insert("customers_customer", ("id", *named), [{**row, "id": each} for each, row in zip(ids, rows, strict=True)])
    insert_points(point for each, row in zip(ids, rows, strict=True) for point in points_of(each, row))
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
    """Contact points are written beside their customers' columns, so their trigger has nothing to fold."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pulse.fold', 'off', true)")
        cursor.execute(query.as_string(cursor.connection), [json.dumps(rows, default=str)])
        found = cursor.fetchall() if cursor.description else []
        cursor.execute("SELECT set_config('pulse.fold', 'on', true)")
    return found


def points_of(customer_id: int, row: Columns) -> Iterator[dict[str, Any]]:
    for kind, name in ((ContactPoint.Kind.EMAIL, "emails"), (ContactPoint.Kind.PHONE, "phones")):
        for position, value in enumerate(row[name]):
            yield point(customer_id, kind, value=value, position=position)
    address = {name: row[name] for name in ADDRESS}
    if any(address.values()):
        yield point(customer_id, ContactPoint.Kind.ADDRESS, **address)


def point(customer_id: int, kind: str, **facts: Any) -> dict[str, Any]:
    return dict.fromkeys(POINT, "") | {"customer_id": customer_id, "kind": str(kind), "position": 0} | facts


def insert_points(points: Iterable[Columns]) -> None:
    rows = list(points)
    if rows:
        insert("customers_contactpoint", POINT, rows)


def update_customers(changes: Sequence[tuple[Columns, Columns]]) -> dict[int, int]:
    """Changes (locked row, {column: value}) and gives the new versions by id; e-mails and phones are only added to."""
    if not changes:
        return {}
    names = sorted({name for _held, columns in changes for name in columns})
    rows = [{"id": held["id"]} | {name: columns.get(name, held[name]) for name in names} for held, columns in changes]
    query = sql.SQL(
        "UPDATE customers_customer t SET {columns} FROM jsonb_populate_recordset(NULL::customers_customer, %s) r"
        " WHERE t.id = r.id RETURNING t.id, t.version"
    ).format(columns=assignments(names))
    versions = dict(run(query, rows))
    insert_points(each for held, columns in changes for each in added_points(held, columns))
    update_addresses(changes)
    return versions


def assignments(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.SQL("{0} = r.{0}").format(sql.Identifier(name)) for name in names)


def added_points(held: Columns, columns: Columns) -> Iterator[dict[str, Any]]:
    for kind, name in ((ContactPoint.Kind.EMAIL, "emails"), (ContactPoint.Kind.PHONE, "phones")):
        start = len(held[name])
        for position, value in enumerate(columns.get(name, held[name])[start:], start):
            yield point(held["id"], kind, value=value, position=position)


def update_addresses(changes: Sequence[tuple[Columns, Columns]]) -> None:
    """The first address of each customer whose address changed; a new one where there is none."""
    moved = [
        point(held["id"], ContactPoint.Kind.ADDRESS, **{name: columns.get(name, held[name]) for name in ADDRESS})
        for held, columns in changes
        if not columns.keys().isdisjoint(ADDRESS)
    ]
    first = first_addresses([each["customer_id"] for each in moved])
    insert_points(each for each in moved if each["customer_id"] not in first)
    rows = [each | {"id": first[each["customer_id"]]} for each in moved if each["customer_id"] in first]
    if rows:
        query = sql.SQL(
            "UPDATE customers_contactpoint t SET {columns}"
            " FROM jsonb_populate_recordset(NULL::customers_contactpoint, %s) r WHERE t.id = r.id"
        )
        run(query.format(columns=assignments(ADDRESS)), rows)


def first_addresses(customer_ids: Sequence[int]) -> dict[int, int]:
    points = ContactPoint.objects.filter(customer__in=customer_ids, kind=ContactPoint.Kind.ADDRESS)
    return dict(points.order_by("customer_id", "-position", "-id").values_list("customer_id", "id"))
