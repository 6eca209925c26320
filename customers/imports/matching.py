"""Which customers the rows of a file are about: by their key, by companies' names, by tags' names."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db.models.functions import Lower

from crm.records.letters import small
from crm.staff.models import User
from customers.models import ContactPoint, Customer, ImportLine, Tag


class Row(NamedTuple):
    """A clean row: its number in the file, its columns, and what it names that has to be looked up."""

    number: int
    columns: dict[str, Any]
    company: str = ""
    tags: tuple[str, ...] = ()

    @property
    def is_company(self) -> bool:
        return bool(self.columns.get("kind") == Customer.Kind.COMPANY)

    def keys(self, key: str) -> list[str]:
        """What the row is known by; compared like this, and nothing when it does not say."""
        if key == "reference":
            return [self.columns["reference"]] if self.columns.get("reference") else []
        return [small(value) for value in self.columns.get("emails", ())] if key == "emails" else []


def until_repeated(rows: Sequence[Row], key: str) -> int:
    """How many rows at the beginning share no key: a later row with the same key is about what an earlier one made."""
    seen: set[str] = set()
    for at, row in enumerate(rows):
        keys = set(row.keys(key))
        if not seen.isdisjoint(keys):
            return at
        seen |= keys
    return len(rows)


def matches(rows: Sequence[Row], key: str, actor: User, batch_id: int | None) -> dict[int, list[int]]:
    """Ids of the customers that each row is about, by its number: those the actor sees that have one of its keys."""
    by_key = ids_by_key({each for row in rows for each in row.keys(key)}, key, actor)
    made = companies_made(batch_id, [row.columns.get("name", "") for row in rows if row.is_company])
    found = {}
    for row in rows:
        ids = {each for value in row.keys(key) for each in by_key.get(value, ())}
        if not ids and row.is_company:
            ids = set(made.get(small(row.columns.get("name", "")), ()))
        found[row.number] = sorted(ids)
    return found


def ids_by_key(values: Iterable[str], key: str, actor: User) -> dict[str, list[int]]:
    wanted = list(values)
    if not wanted:
        return {}
    seen = Customer.objects.visible_to(actor)
    if key == "reference":
        # The second condition lets PostgreSQL use the index, which leaves empty references out.
        pairs = seen.filter(reference__in=wanted).exclude(reference="").values_list("reference", "pk")
    else:
        points = ContactPoint.objects.annotate(key=Lower("value")).filter(kind=ContactPoint.Kind.EMAIL, key__in=wanted)
        pairs = points.filter(customer__in=seen).values_list("key", "customer_id")
    return grouped(pairs)


def companies_made(batch_id: int | None, names: Sequence[str]) -> dict[str, list[int]]:
    """Companies that this very import made for a person's row, when the company's own row comes at last."""
    if batch_id is None or not names:
        return {}
    lines = ImportLine.objects.filter(batch_id=batch_id, outcome=ImportLine.Outcome.COMPANY)
    named = lines.annotate(key=Lower("customer__name")).filter(key__in=[small(name) for name in names])
    return grouped(named.values_list("key", "customer_id"))


def grouped(pairs: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    found: defaultdict[str, list[int]] = defaultdict(list)
    for key, customer_id in pairs:
        found[key].append(customer_id)
    return dict(found)


def companies_named(names: Iterable[str], actor: User) -> dict[str, int]:
    """The oldest visible company of each name, by the name in small letters."""
    wanted = {small(name) for name in names}
    if not wanted:
        return {}
    seen = Customer.objects.visible_to(actor).filter(kind=Customer.Kind.COMPANY)
    named = seen.annotate(key=Lower("name")).filter(key__in=wanted).order_by("-pk")
    return dict(named.values_list("key", "pk"))


def tags_named(names: Iterable[str]) -> dict[str, int]:
    """Ids by the name in small letters."""
    wanted = {small(name) for name in names}
    if not wanted:
        return {}
    return dict(Tag.objects.annotate(key=Lower("name")).filter(key__in=wanted).values_list("key", "pk"))


def held_rows(ids: Iterable[int], columns: Sequence[str], *, lock: bool) -> dict[int, Mapping[str, Any]]:
    """The rows as they are now by id, locked in the order of their ids where they are to be written."""
    rows = Customer.objects.filter(pk__in=set(ids)).order_by("pk")
    locked = rows.select_for_update() if lock else rows
    return {row["id"]: row for row in locked.values("id", "version", *columns)}
