"""One customer as a reader may read it: the cache-based read that the page, the drawer and the API share."""

from collections.abc import Mapping
from typing import Any

from crm.records import cache
from crm.records.errors import NotVisible
from crm.records.models import Reader
from crm.records.reading import visible_row, visible_version
from customers.live import CUSTOMER
from customers.models import Customer


def read_customer(customer_id: int, reader: Reader) -> dict[str, Any]:
    """The projection, contact details masked for who may not see them. Raises NotVisible.

    The access query, which every read needs, names the version; the cache is used at exactly that one.
    """
    version = visible_version(Customer, customer_id, reader)
    if version is None:
        raise NotVisible
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
