"""Customers as rows of a table: what the reader may see, with the columns by which the import knows them again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crm.records.errors import NotEditable
from crm.records.transfer import join_list
from crm.staff.models import Team, User
from customers.filters import CustomerFilter
from customers.live import CUSTOMER
from customers.models import Customer, Tag

PAGE = 1000
COLUMNS = (
    "id", "kind", "name", "company", "title", "stage", "owner", "team", "emails", "phones", "street", "postcode",
    "city", "region", "country", "born_on", "language", "source", "reference", "tags", "created_at", "updated_at",
)  # fmt: skip


def may_export(user: User) -> None:
    """Raises NotEditable for a role that may not export."""
    if not (user.is_active and user.role.may_export):
        raise NotEditable


def export_rows(wanted: CustomerFilter, reader: User) -> Iterator[Sequence[str]]:
    """The header, then the customers in the order of their ids, a page at a time: none is lost or doubled meanwhile."""
    yield COLUMNS
    cells = Cells.load()
    rows = Customer.objects.visible_to(reader).matching(wanted, reader.access).order_by("pk")
    after = 0
    while page := list(rows.filter(pk__gt=after).values(*CUSTOMER.columns)[:PAGE]):
        for row in page:
            yield cells.of(CUSTOMER.reading(CUSTOMER.project(row), reader.access.sees_contacts))
        after = page[-1]["id"]


@dataclass(frozen=True)
class Cells:
    """Words for the ids in a row, as they were when the export began."""

    users: Mapping[int, str] = field(default_factory=dict)
    teams: Mapping[int, str] = field(default_factory=dict)
    tags: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def load(cls) -> "Cells":
        return cls(
            dict(User.objects.values_list("pk", "username")),
            dict(Team.objects.values_list("pk", "name")),
            dict(Tag.objects.values_list("pk", "name")),
        )

    def of(self, row: Mapping[str, Any]) -> list[str]:
        words: dict[str, Callable[[Any], str]] = {
            "owner": lambda each: self.users.get(each, ""),
            "team": lambda each: self.teams.get(each, ""),
            "tags": lambda ids: join_list(self.tags[each] for each in ids if each in self.tags),
            "emails": join_list,
            "phones": join_list,
        }
        given = {**row, "company": row["company_name"]}
        return [words.get(name, text)(given[name]) for name in COLUMNS]


def text(value: Any) -> str:
    return "" if value is None else str(value)
