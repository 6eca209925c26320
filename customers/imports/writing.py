"""Customers written by the thousand: each chunk a few statements, each customer one row of the log."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm.records.access import Reach
from crm.records.context import acting
from crm.records.errors import NotEditable
from crm.records.letters import small
from crm.records.wake import wake
from crm.staff.models import User
from customers.imports import checking, matching, tables
from customers.imports.checking import Known
from customers.imports.matching import Row
from customers.live import CUSTOMER
from customers.models import Customer, ImportLine, Tag

Outcome = ImportLine.Outcome
JOINED = ("emails", "phones", "tags")


class Result(NamedTuple):
    """What became of a row; `before` holds what an update changed."""

    number: int
    outcome: str
    customer_id: int | None = None
    version: int | None = None
    before: dict[str, Any] | None = None
    reason: str = ""


class Change(NamedTuple):
    row: Row
    held: Mapping[str, Any]
    columns: dict[str, Any]


@dataclass(frozen=True)
class Way:
    """How rows are written: `defaults` are columns of new customers, `tags` are put on all, `key` is one of plan.KEYS.

    A dry one writes nothing; it keeps the keys it has `seen`, since what it did not write cannot be found.
    """

    actor: User
    known: Known
    key: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    batch_id: int | None = None
    is_dry: bool = False
    seen: set[str] = field(default_factory=set)


def import_customers(
    rows: Iterable[tuple[int, Mapping[str, Any]]], *, actor: User, way: Way | None = None
) -> list[Result]:
    """Creates or updates a customer for each (number, facts by the API's names); wrong ones fail and say why.

    All that is right is written in one transaction. Facts that a row leaves out stay as they are; e-mails, phones and
    tags are added to those held. Raises NotEditable when the actor may change nothing.
    """
    if actor.access.edit is Reach.NONE:
        raise NotEditable
    way = way or Way(actor, Known.load(actor))
    clean, results = cleaned(rows, way.known)
    with acting(actor.pk, "import"), transaction.atomic():
        while clean:
            count = matching.until_repeated(clean, way.key)
            now, clean = clean[:count], clean[count:]
            # Companies first, so that people of the same chunk find theirs.
            results += put([row for row in now if row.is_company], way)
            results += put([row for row in now if not row.is_company], way)
        wake()
    return sorted(results, key=lambda each: each.number)


def cleaned(rows: Iterable[tuple[int, Mapping[str, Any]]], known: Known) -> tuple[list[Row], list[Result]]:
    clean, failed = [], []
    for number, facts in rows:
        try:
            clean.append(Row(number, *known.clean(facts)))
        except ValidationError as error:
            failed.append(Result(number, Outcome.FAILED, reason=checking.reason(error)))
    return clean, failed


def put(rows: Sequence[Row], way: Way) -> list[Result]:
    """Writes rows that share no key."""
    if not rows:
        return []
    ids = matching.matches(rows, way.key, way.actor, way.batch_id)
    held = matching.held_rows({each for found in ids.values() for each in found}, tables.COLUMNS, lock=not way.is_dry)
    new, known, again, results = [], [], [], []
    taken: set[int] = set()
    for row in rows:
        found = [held[each] for each in ids[row.number] if each in held]
        if complaint := refusal(row, found, way):
            results.append(Result(row.number, Outcome.FAILED, reason=complaint))
        elif not found:
            new.append(row)
        elif found[0]["id"] in taken:
            again.append(row)
        else:
            taken.add(found[0]["id"])
            known.append((row, found[0]))
    references = References(rows, way, results)
    results += tried(new, way) if way.is_dry else create([(row, columns_of(row, references, way)) for row in new], way)
    results += update([change(row, each, references, way) for row, each in known], way)
    return results + put(again, way)


def refusal(row: Row, found: Sequence[Mapping[str, Any]], way: Way) -> str:
    if len(found) > 1:
        return _("%d customers have this key.") % len(found)
    if found and not way.actor.access.admits(found[0], "edit"):
        return _("You may see this customer but not change it.")
    if found and not may_change(row, way):
        return masked()
    if not found and not row.columns.get("name"):
        return checking.reason(ValidationError({"name": [_("Give a name.")]}))
    return ""


def may_change(row: Row, way: Way) -> bool:
    """Whether it gives no contact details that its owner sees masked, but the one by which the customer was found."""
    given = {name for name, value in row.columns.items() if value}
    if way.key == "emails" and len(row.columns.get("emails", ())) == 1:
        given.discard("emails")
    return CUSTOMER.may_write(given, way.actor.access.sees_contacts)


def masked() -> str:
    return _("You see contact details masked, so you cannot give new ones of a customer who is there already.")


class References:
    """Companies and tags by name, made where they are missing (a dry run makes none); companies are results as well."""

    def __init__(self, rows: Sequence[Row], way: Way, results: list[Result]) -> None:
        names = {small(row.company): (row.company, row.number) for row in reversed(rows) if row.company}
        self.companies = matching.companies_named(names, way.actor)
        missing = [] if way.is_dry else [names[key] for key in names if key not in self.companies]
        made = [(Row(number, {"name": name}), company_columns(name, way)) for name, number in missing]
        for result, (row, _columns) in zip(create(made, way), made, strict=True):
            results.append(result._replace(outcome=Outcome.COMPANY))
            self.companies[small(row.columns["name"])] = result.customer_id or 0
        wanted = {small(tag): tag for row in rows for tag in (*row.tags, *way.tags)}
        self.tags = matching.tags_named(wanted)
        unknown = [] if way.is_dry else [wanted[key] for key in wanted if key not in self.tags]
        if unknown:
            Tag.objects.bulk_create([Tag(name=name) for name in unknown], ignore_conflicts=True)
            self.tags |= matching.tags_named(unknown)

    def of(self, row: Row, way: Way) -> dict[str, Any]:
        tags = {"tags": sorted({self.tags.get(small(tag), 0) for tag in (*row.tags, *way.tags)})}
        return tags | ({"company_id": self.companies.get(small(row.company))} if row.company else {})


def company_columns(name: str, way: Way) -> dict[str, Any]:
    given = {"name": name, "kind": Customer.Kind.COMPANY.value}
    return columns_of(Row(0, given), None, way)


def columns_of(row: Row, references: References | None, way: Way) -> dict[str, Any]:
    """All columns of a new customer: owned by the actor and seen by the owner's team unless said otherwise."""
    columns = {"owner_id": way.actor.pk} | dict(way.defaults) | row.columns
    if references:
        columns |= references.of(row, way)
    columns.setdefault("team_id", way.known.team_of.get(columns["owner_id"]))
    return tables.BLANK | columns


def tried(rows: Sequence[Row], way: Way) -> list[Result]:
    """What creating would come to: a change where an earlier row of the file has the same key."""
    results = []
    for row in rows:
        keys = set(row.keys(way.key))
        if way.seen.isdisjoint(keys):
            results.append(Result(row.number, Outcome.CREATED))
        elif may_change(row, way):
            results.append(Result(row.number, Outcome.UPDATED))
        else:
            results.append(Result(row.number, Outcome.FAILED, reason=masked()))
        way.seen.update(keys)
    return results


def create(rows: Sequence[tuple[Row, dict[str, Any]]], way: Way) -> list[Result]:
    if not rows:
        return []
    ids = tables.insert_customers([columns for _row, columns in rows])
    return [Result(row.number, Outcome.CREATED, each, 1) for each, (row, _columns) in zip(ids, rows, strict=True)]


def change(row: Row, held: Mapping[str, Any], references: References, way: Way) -> Change:
    """The columns that the row says otherwise than the customer has them."""
    said = row.columns | references.of(row, way)
    for name in JOINED:
        if name in said:
            said[name] = joined(held[name], said[name])
    return Change(row, held, {name: value for name, value in said.items() if value != held[name]})


def joined(held: Sequence[Any], added: Sequence[Any]) -> list[Any]:
    """What is held in its order, then what is new; texts count as the same in any case."""
    known = {folded(each) for each in held}
    return [*held, *(each for each in added if folded(each) not in known)]


def folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def update(changes: Sequence[Change], way: Way) -> list[Result]:
    same = [
        Result(each.row.number, Outcome.UNCHANGED, each.held["id"], each.held["version"])
        for each in changes
        if not each.columns
    ]
    changed = [each for each in changes if each.columns]
    versions = {} if way.is_dry else tables.update_customers([(each.held, each.columns) for each in changed])
    return same + [
        Result(each.row.number, Outcome.UPDATED, each.held["id"], versions.get(each.held["id"]), plain(each))
        for each in changed
    ]


def plain(changed: Change) -> dict[str, Any]:
    """What the columns were, as JSON can hold it."""
    before: dict[str, Any] = json.loads(json.dumps({name: changed.held[name] for name in changed.columns}, default=str))
    return before
