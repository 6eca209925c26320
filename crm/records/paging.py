"""Keyset paging: page 20,000 costs what page 1 costs, and a row that moves meanwhile is neither lost nor doubled."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import F, Func, QuerySet, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Lower
from django.db.models.lookups import GreaterThan, LessThan
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from crm.records.letters import small

HIGHEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Sort:
    """One order of a list: by an expression, then by id in the same direction.

    `key` gives the sort value of a projected row as it goes into cursors and into `data-key` of a live row.
    """

    expression: Combinable
    key: Callable[[Mapping[str, Any]], Any]
    descending: bool = False
    is_time: bool = False

    def of(self, projected: Mapping[str, Any]) -> list[Any]:
        return [self.key(projected), projected["id"]]

    def before(self, one: list[Any], other: list[Any]) -> bool:
        return one > other if self.descending else one < other


def by_time(field: str, *, descending: bool) -> Sort:
    return Sort(F(field), lambda row: row[field], descending, is_time=True)


def by_text(field: str, *, descending: bool) -> Sort:
    return Sort(Lower(field), lambda row: small(row[field]), descending)


class Page(NamedTuple):
    """Rows as projections, and the cursors of the neighbouring pages (None where there is none)."""

    rows: list[dict[str, Any]]
    next: str | None


def page(
    queryset: QuerySet[Any], sort: Sort, project: Callable[[Mapping[str, Any]], dict[str, Any]],
    columns: list[str], *, after: str | None, limit: int,
) -> Page:  # fmt: skip
    """At most `limit` rows of the queryset after a cursor. Raises ValidationError for a cursor that we never gave."""
    rows = queryset.annotate(sort_key=sort.expression)
    if after:
        rows = after_cursor(rows, sort, decode(after, sort))
    direction = "-" if sort.descending else ""
    found = list(rows.order_by(f"{direction}sort_key", f"{direction}pk").values(*columns)[: limit + 1])
    projected = [project(row) for row in found[:limit]]
    return Page(projected, encode(sort.of(projected[-1])) if len(found) > limit else None)


def after_cursor(rows: QuerySet[Any], sort: Sort, position: tuple[Any, int]) -> QuerySet[Any]:
    """Row comparison: one range of the (key, id) index, which two conditions joined by OR would not be."""
    held = row_of(sort.expression, F("pk"))
    wanted = row_of(*(Value(part) for part in position))
    return rows.filter(LessThan(held, wanted) if sort.descending else GreaterThan(held, wanted))


def row_of(*parts: Combinable) -> Func:
    return Func(*parts, template="(%(expressions)s)", output_field=TextField())


def encode(position: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def decode(cursor: str, sort: Sort) -> tuple[Any, int]:
    """A cursor, or a row's `data-key` as it stands in a live list."""
    try:
        text = cursor if cursor.startswith("[") else base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        key, row_id = json.loads(text)
        position = (moment(key) if sort.is_time else storable(str(key))), int(row_id)
        if not 0 <= position[1] <= HIGHEST_ID:
            raise ValueError
        return position
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise ValidationError(
            {"after": _("This place in the list is unknown; start again at the beginning.")}
        ) from None


def moment(text: str) -> datetime:
    """In UTC, since Python knows offsets and years that PostgreSQL does not; raises ValueError, OverflowError."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("no offset")
    return found.astimezone(UTC)


def storable(text: str) -> str:
    """As it is, or a ValueError: PostgreSQL holds neither NUL nor halves of surrogate pairs."""
    if "\x00" in text:
        raise ValueError("NUL")
    text.encode()
    return text


def begun_at(request: HttpRequest) -> int | None:
    """The number of `?before=`, None at the list's beginning. Raises Http404 for what is no number."""
    before = request.GET.get("before", "")
    if before and not before.isdecimal():
        raise Http404
    return min(int(before[:20]), HIGHEST_ID) if before else None
