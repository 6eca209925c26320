"""Which customers a list shows: one object for the page, the API, export, counts and the live view alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _

from crm.records.access import Access
from crm.records.paging import Sort, by_text, by_time
from customers import search

if TYPE_CHECKING:
    from customers.models import CustomerQuerySet

SORTS: dict[str, Sort] = {
    "-updated": by_time("updated_at", descending=True),
    "updated": by_time("updated_at", descending=False),
    "-created": by_time("created_at", descending=True),
    "created": by_time("created_at", descending=False),
    "name": by_text("name", descending=False),
    "-name": by_text("name", descending=True),
}
DEFAULT_SORT = "-updated"
MOST_ID = 2**63
MANY = ("stage", "owner", "team", "tag")


def sort_named(name: str | None) -> Sort:
    try:
        return SORTS[name or DEFAULT_SORT]
    except KeyError:
        raise ValidationError({"sort": _("Sort by one of: %s.") % ", ".join(SORTS)}) from None


@dataclass(frozen=True)
class CustomerFilter:
    """Conditions that all hold; the values of one condition are alternatives. Empty: every customer."""

    q: str = ""
    kind: str = ""
    stage: tuple[str, ...] = ()
    owner: tuple[int, ...] = ()
    team: tuple[int, ...] = ()
    tag: tuple[int, ...] = ()
    created_since: str = ""

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> CustomerFilter:
        """From a query string (QueryDict) or JSON, where unknown names are refused. Raises ValidationError by field."""
        many = given.getlist if hasattr(given, "getlist") else lambda name: listed(given.get(name))
        unknown = set() if hasattr(given, "getlist") else set(given) - {field.name for field in fields(cls)}
        if unknown:
            raise ValidationError({name: _("There is no such filter.") for name in unknown})
        return cls(
            q=str(given.get("q") or "").strip()[: search.MAX_LENGTH],
            kind=str(given.get("kind") or ""),
            stage=tuple(sorted(str(code) for code in many("stage") if code)),
            owner=numbers("owner", many("owner")),
            team=numbers("team", many("team")),
            tag=numbers("tag", many("tag")),
            created_since=day(str(given.get("created_since") or "")),
        )

    @property
    def is_empty(self) -> bool:
        return self == CustomerFilter()

    def as_dict(self) -> dict[str, Any]:
        """The conditions that are set, as JSON."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items() if value
        }

    def narrow(self, customers: CustomerQuerySet, access: Access) -> Any:
        wanted = Q()
        if self.kind:
            wanted &= Q(kind=self.kind)
        if self.stage:
            wanted &= Q(stage_id__in=self.stage)
        if self.owner:
            wanted &= Q(owner_id__in=self.owner)
        if self.team:
            wanted &= Q(team_id__in=self.team)
        if self.tag:
            wanted &= Q(tags__overlap=list(self.tag)) & ~Q(tags=[])  # as the index says, which leaves out the untagged
        if self.created_since:
            wanted &= Q(created_at__gte=f"{self.created_since}T00:00:00Z")
        if self.q:
            wanted &= search.condition(self.q, access.sees_contacts) & search.within(access)
        return customers.filter(wanted)

    def admits(self, row: Mapping[str, Any], access: Access) -> bool:
        """The same conditions for one projection, without asking the database."""
        return (
            (not self.kind or row["kind"] == self.kind)
            and (not self.stage or row["stage"] in self.stage)
            and (not self.owner or row["owner"] in self.owner)
            and (not self.team or row["team"] in self.team)
            and (not self.tag or not set(self.tag).isdisjoint(row["tags"]))
            and (not self.created_since or row["created_at"] >= self.created_since)
            and (not self.q or search.admits(self.q, row, access.sees_contacts))
        )


def listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def numbers(name: str, values: list[Any]) -> tuple[int, ...]:
    try:
        ids = tuple(sorted(int(value) for value in values if value != ""))
        if not all(0 <= each < MOST_ID for each in ids):
            raise ValueError
        return ids
    except (TypeError, ValueError):
        raise ValidationError({name: _("Give ids as whole numbers.")}) from None


def day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        raise ValidationError({"created_since": _("Give the day as YYYY-MM-DD.")}) from None
