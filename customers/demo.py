"""Customers to try the product with: some hundred people and companies of many lands, as after months of work."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any

import phonenumbers
from django.db import connection, transaction
from django.utils import timezone

from crm.records.context import acting
from crm.staff.models import User
from customers import search_index
from customers.demo_names import LANDS, NOTES, SOURCES, TAGS, TITLES, TO_DO, Land
from customers.imports import tables, values
from customers.models import Customer, FollowUp, Import, Note, Tag

PEOPLE = 300  # at scale 1; companies come to them
OWNERS = ("alice", "bob", "charlie", "dana")
MONTHS_BACK = 7
STAGES = {"lead": 30, "active": 42, "vip": 9, "at_risk": 11, "lost": 8}
CHUNK = 1000
# Contact points after their customers, into whom their deletion would fold.
TABLES = ("importline", "import", "note", "followup", "search", "customer", "contactpoint", "tag")


@dataclass(frozen=True)
class Cast:
    """Who and what customers are given."""

    owners: Sequence[User]
    tags: Sequence[int]
    now: datetime


def clear() -> None:
    """Takes all customers and what belongs to them away; open browsers see them go."""
    for batch in Import.objects.exclude(stored_name=""):
        batch.path.unlink(missing_ok=True)
    with acting(None, "system"), transaction.atomic(), connection.cursor() as cursor:
        for name in TABLES:
            cursor.execute(f"DELETE FROM customers_{name}")  # noqa: S608  names of our own tables


def seed(rng: Random, scale: float = 1.0) -> None:
    """Customers with notes and follow-ups, the same for the same `rng` but for the day on which it is."""
    with acting(None, "system"):
        tags = [Tag.objects.get_or_create(name=name)[0].pk for name in TAGS]
        cast = Cast([User.objects.get(username=name) for name in OWNERS], tags, timezone.now())
        companies = write(
            rng, cast, [company(rng, cast, land, name) for land in LANDS for name in land.trades.split(", ")]
        )
        for done in range(0, round(PEOPLE * scale), CHUNK):
            count = min(CHUNK, round(PEOPLE * scale) - done)
            people = write(rng, cast, [person(rng, cast, companies) for _each in range(count)])
            work_on(rng, cast, people)
            search_index.settle()


def company(rng: Random, cast: Cast, land: Land, names: str) -> dict[str, Any]:
    name, latin = both(names)
    site = f"{slug(latin)}.example"
    facts = place(rng, land) | {"kind": Customer.Kind.COMPANY.value, "name": name, "emails": [f"hello@{site}"]}
    return common(rng, cast, land, facts) | {"site": site, "land": land}


def person(rng: Random, cast: Cast, companies: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Two of three work for a company; the others are private customers of any land."""
    employer = rng.choice(companies) if rng.random() < 0.66 else None
    land: Land = employer["land"] if employer else rng.choice(LANDS)
    name, address = named(rng, land)
    facts = {
        "name": name,
        "emails": [f"{address}@{employer['site']}" if employer else f"{address}{rng.randrange(10, 99)}@mail.example"],
        "title": rng.choice(TITLES) if employer else "",
        "company_id": employer["id"] if employer else None,
        "born_on": None if employer else (cast.now - timedelta(days=rng.randrange(20 * 365, 75 * 365))).date(),
    }
    return common(rng, cast, land, (place(rng, land) if not employer or rng.random() < 0.3 else {}) | facts)


def named(rng: Random, land: Land) -> tuple[str, str]:
    """A person's name, and the part of an e-mail address that it makes."""
    given, given_latin = both(rng.choice(land.given.split()))
    family, family_latin = both(rng.choice(land.family.split(", ")))
    return values.full_name(given, family), f"{slug(given_latin)}.{slug(family_latin)}"


def both(text: str) -> tuple[str, str]:
    """A name, and how it is written in Latin letters."""
    name, _bar, latin = text.partition("|")
    return name, latin or name


def common(rng: Random, cast: Cast, land: Land, facts: dict[str, Any]) -> dict[str, Any]:
    owner = rng.choices(cast.owners, weights=(5, 4, 4, 2))[0]
    age = timedelta(days=MONTHS_BACK * 30 * rng.random() ** 1.6, seconds=rng.randrange(86400))
    shared = {
        "stage_id": rng.choices([*STAGES], weights=[*STAGES.values()])[0],
        "phones": [phone(rng, land.code)] if rng.random() < 0.8 else [],
        "country": land.code,
        "language": land.language,
        "source": rng.choice(SOURCES),
        "tags": sorted(rng.sample(cast.tags, k=rng.choices((0, 1, 2), weights=(5, 4, 1))[0])),
        "owner_id": owner.pk,
        "team_id": owner.team_id,
        "created_at": (cast.now - age).isoformat(),
    }
    return tables.BLANK | shared | facts


def place(rng: Random, land: Land) -> dict[str, str]:
    city, region, postcode = rng.choice(land.cities.split("; ")).split(", ")
    street = rng.choice(land.streets.split("; ")).replace("#", str(rng.randrange(1, 140)))
    return {"street": street, "city": city, "region": region, "postcode": postcode}


def phone(rng: Random, code: str) -> str:
    """A number of the form that the land has, ending at random."""
    example = example_phone(code)
    return f"{example[:-4]}{rng.randrange(10_000):04}"


@cache
def example_phone(code: str) -> str:
    number = phonenumbers.example_number_for_type(code, phonenumbers.PhoneNumberType.MOBILE)
    assert number is not None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def slug(text: str) -> str:
    """In small Latin letters, for addresses."""
    plain = unicodedata.normalize("NFKD", text.replace("ø", "o").replace("ß", "ss").replace("ı", "i"))
    words = "".join(each if each.isascii() and each.isalnum() else " " if each in " &-’" else "" for each in plain)
    return "-".join(words.lower().split())


def write(rng: Random, cast: Cast, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each owner enters her own; gives the rows with their ids."""
    written = []
    for owner in cast.owners:
        mine = [row for row in rows if row["owner_id"] == owner.pk]
        known = [{name: row[name] for name in (*tables.COLUMNS, "created_at")} for row in mine]
        with acting(owner.pk), transaction.atomic():
            ids = tables.insert_customers(known)
        written += [row | {"id": each} for each, row in zip(ids, mine, strict=True)]
    rng.shuffle(written)
    return written


def work_on(rng: Random, cast: Cast, people: Sequence[dict[str, Any]]) -> None:
    """What staff have written and planned since, and the stages that they have moved."""
    for owner in cast.owners:
        mine = [row for row in people if row["owner_id"] == owner.pk]
        with acting(owner.pk):
            Note.objects.bulk_create(notes(rng, cast, owner, mine))
            FollowUp.objects.bulk_create(follow_ups(rng, cast, owner, mine))
            for stage in ("active", "vip", "at_risk"):
                moved = [row["id"] for row in mine if rng.random() < 0.05]
                Customer.objects.filter(pk__in=moved).update(stage_id=stage)


def notes(rng: Random, cast: Cast, author: User, people: Sequence[dict[str, Any]]) -> Iterator[Note]:
    for row in people:
        for body in rng.sample(NOTES, k=rng.choices((0, 1, 2, 3), weights=(5, 3, 2, 1))[0]):
            at = between(rng, datetime.fromisoformat(row["created_at"]), cast.now)
            yield Note(customer_id=row["id"], author=author, body=body, created_at=at)


def follow_ups(rng: Random, cast: Cast, assignee: User, people: Sequence[dict[str, Any]]) -> Iterator[FollowUp]:
    """Most are due in the next three weeks; some are overdue, and a third is done."""
    for row in people:
        if rng.random() < 0.35:
            due = cast.now + timedelta(hours=rng.randrange(-100, 500))
            done = between(rng, cast.now - timedelta(days=9), cast.now) if rng.random() < 0.33 else None
            yield FollowUp(customer_id=row["id"], assignee=assignee, title=rng.choice(TO_DO), due_at=due, done_at=done)


def between(rng: Random, start: datetime, end: datetime) -> datetime:
    return start + (end - start) * rng.random()
