"""What a list of customers was asked for, and one page of it: keyset paging both ways, the last page like any."""

import json
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from crm.records.models import Reader
from crm.records.paging import Sort, encode, page
from customers.filters import DEFAULT_SORT, CustomerFilter, sort_named
from customers.live import CUSTOMER
from customers.models import Customer

LIMIT = 100


@dataclass(frozen=True)
class Place:
    """Where in the list: after a row, before a row, at its end, or (none of these) at its beginning."""

    after: str = ""
    before: str = ""
    is_last: bool = False

    @classmethod
    def parse(cls, given: QueryDict) -> "Place":
        return cls(given.get("after", ""), given.get("before", ""), "last" in given)

    @property
    def is_first(self) -> bool:
        return self == Place()

    def as_dict(self) -> dict[str, str]:
        parts = {"after": self.after, "before": self.before, "last": "1" if self.is_last else ""}
        return {name: value for name, value in parts.items() if value}


@dataclass(frozen=True)
class Asked:
    """Filter, order and place of a list, as its address says them."""

    wanted: CustomerFilter = field(default_factory=CustomerFilter)
    sort: str = DEFAULT_SORT
    place: Place = field(default_factory=Place)

    @classmethod
    def parse(cls, given: QueryDict) -> "Asked":
        """Raises ValidationError for what there is not."""
        sort = given.get("sort") or DEFAULT_SORT
        sort_named(sort)
        return cls(CustomerFilter.parse(given), sort, Place.parse(given))

    @property
    def url(self) -> str:
        """The shortest address that asks for the same."""
        order = {} if self.sort == DEFAULT_SORT else {"sort": self.sort}
        query = urlencode(self.wanted.as_dict() | order | self.place.as_dict(), doseq=True)
        return reverse("customers:list") + (f"?{query}" if query else "")

    @property
    def export_url(self) -> str:
        """All that the filter shows, as a file."""
        query = urlencode(self.wanted.as_dict(), doseq=True)
        return reverse("customers:export") + (f"?{query}" if query else "")

    @property
    def view(self) -> str:
        """The live view of the same rows; nothing for later pages, whose borders move with every change."""
        wanted = {"view": "customers", "filter": self.wanted.as_dict(), "sort": self.sort}
        return json.dumps(wanted, ensure_ascii=False) if self.place.is_first else ""

    @property
    def without_filter(self) -> "Asked":
        return Asked(sort=self.sort)

    def sorted_by(self, sort: str) -> "Asked":
        return replace(self, sort=sort, place=Place())

    def at(self, place: Place) -> "Asked":
        return replace(self, place=place)


class Slice(NamedTuple):
    """Rows in the list's order, and the cursors of the neighbouring pages (None where there is none)."""

    rows: list[dict[str, Any]]
    previous: str | None
    next: str | None


def rows_of(asked: Asked, reader: Reader) -> Slice:
    """The rows as the reader may see them, each with `key`, its place in the live order as JSON."""
    access, sort = reader.access, sort_named(asked.sort)
    found = slice_at(Customer.objects.visible_to(reader).matching(asked.wanted, access), sort, asked.place)
    shown = [
        CUSTOMER.reading(row, access.sees_contacts) | {"key": json.dumps(sort.of(row), ensure_ascii=False)}
        for row in found.rows
    ]
    return found._replace(rows=shown)


def slice_at(customers: Any, sort: Sort, place: Place, limit: int = LIMIT) -> Slice:
    """Backwards is forwards in the opposite order. Raises ValidationError for a cursor that we never gave."""
    backwards = bool(place.before) or place.is_last
    order = replace(sort, descending=not sort.descending) if backwards else sort
    cursor = place.before if backwards else place.after
    rows, further = page(customers, order, CUSTOMER.project, CUSTOMER.columns, after=cursor or None, limit=limit)
    if backwards:
        rows.reverse()
    has_previous = bool(further) if backwards else bool(place.after)
    has_next = bool(place.before) if backwards else bool(further)
    return Slice(
        rows,
        encode(sort.of(rows[0])) if rows and has_previous else None,
        encode(sort.of(rows[-1])) if rows and has_next else None,
    )
