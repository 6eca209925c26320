"""One customer as a reader may read it: the cache-based read that the page, the drawer and the API share."""

from collections.abc import Mapping
from functools import cache as once
from typing import Any

from django.db import DEFAULT_DB_ALIAS

from crm.records import cache
from crm.records.errors import NotVisible
from crm.records.models import Reader
from crm.records.reading import visible, visible_row, visible_version
from customers.live import CUSTOMER
from customers.models import Customer, FollowUp

# Those that wait, the next due first: read with the access query, which every page of a customer needs.
FOLLOW_UPS = "LEFT JOIN customers_followup f ON f.customer_id = t.id AND f.deleted_at IS NULL AND f.done_at IS NULL"


def read_customer(customer_id: int, reader: Reader) -> dict[str, Any]:
    """The projection, contact details masked for who may not see them. Raises NotVisible.

    The access query, which every read needs, names the version; the cache is used at exactly that one.
    """
    version = visible_version(Customer, customer_id, reader)
    if version is None:
        raise NotVisible
    return read_at(customer_id, version, reader)


def read_with_follow_ups(customer_id: int, reader: Reader) -> tuple[dict[str, Any], list[FollowUp]]:
    """What `read_customer` gives, and the follow-ups that wait."""
    version, follow_ups = waiting(customer_id, reader)
    return read_at(customer_id, version, reader), follow_ups


def follow_ups_of(customer_id: int, reader: Reader) -> list[FollowUp]:
    """Those that wait, the next due first. Raises NotVisible."""
    return waiting(customer_id, reader)[1]


def waiting(customer_id: int, reader: Reader) -> tuple[int, list[FollowUp]]:
    """The customer's version, and its follow-ups that wait."""
    names, columns = follow_up_columns()
    rows = visible(Customer, customer_id, reader, f"t.version, {columns}", FOLLOW_UPS, "f.due_at, f.id")
    if not rows:
        raise NotVisible
    found = [FollowUp.from_db(DEFAULT_DB_ALIAS, names, row) for _version, *row in rows]
    return rows[0][0], [follow_up for follow_up in found if follow_up.pk]


@once
def follow_up_columns() -> tuple[list[str], str]:
    fields = FollowUp._meta.concrete_fields
    return [field.attname for field in fields], ", ".join(f"f.{field.column}" for field in fields)


def read_at(customer_id: int, version: int, reader: Reader) -> dict[str, Any]:
    """The projection at the version that the access query has just named."""
    found = cache.read("customer", customer_id, version, CUSTOMER) or read_row(customer_id, reader)
    return CUSTOMER.reading(found, reader.access.sees_contacts)


def read_row(customer_id: int, reader: Reader) -> dict[str, Any]:
    """The projection from the table, put into the cache for the next reader."""
    row = visible_row(Customer, customer_id, reader)
    if row is None:
        raise NotVisible
    projected = CUSTOMER.project(row)
    cache.write("customer", customer_id, projected, CUSTOMER)
    return projected


def may_edit(customer: Mapping[str, Any], reader: Reader) -> bool:
    """Whether the reader may change the customer of this projection."""
    return reader.access.admits({"owner_id": customer["owner"], "team_id": customer["team"]}, "edit")
