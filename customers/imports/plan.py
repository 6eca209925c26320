"""How a file becomes customers: what its columns are, what stands in for missing facts, by which key rows are known."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError

from crm.records.transfer import original, split_list
from customers.imports import values

TIDIED = ("name", "street", "city")
KEYS = ("reference", "emails")
TEXTS = ("title", "company", "postcode", "city", "region", "stage", "owner", "team", "language", "source", "reference")


@dataclass(frozen=True)
class Plan:
    """`columns` names a target (or nothing) for each column; `key` is one of KEYS, or empty: all rows are new.

    Stage, owner, team and country are for new customers whose row does not say; `tags` are put on every one.
    """

    columns: tuple[str, ...] = ()
    date_format: str = "%Y-%m-%d"
    key: str = ""
    is_tidied: bool = False
    stage: str = "lead"
    owner: int | None = None
    team: int | None = None
    country: str = ""
    tags: tuple[str, ...] = ()

    @classmethod
    def parse(cls, stored: dict[str, Any]) -> "Plan":
        """From JSON, as `as_dict` gave it."""
        names = {field.name for field in fields(cls)} & stored.keys()
        given: dict[str, Any] = {
            name: tuple(held) if isinstance(held := stored[name], list) else held for name in names
        }
        return cls(**given)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @cached_property
    def places(self) -> list[tuple[int, str]]:
        return [(at, name) for at, name in enumerate(self.columns) if name]

    def facts(self, cells: Sequence[str]) -> dict[str, Any]:
        """A row's facts by the API's names, only those that it gives; what cannot be read is its ValidationError."""
        said: dict[str, list[str]] = {}
        for at, name in self.places:
            if at < len(cells) and (text := original(cells[at].strip())):
                said.setdefault(name, []).append(text)
        facts = self.texts(said) | self.lists(said)
        for name, read in (("born_on", self.day), ("country", values.country)):
            if name in said:
                try:
                    facts[name] = read(said[name][0])
                except ValidationError as error:
                    facts[name] = error
        return facts

    def texts(self, said: dict[str, list[str]]) -> dict[str, Any]:
        facts: dict[str, Any] = {name: said[name][0] for name in TEXTS if name in said}
        first = {name: held[0] for name, held in said.items()}
        facts["name"] = first.get("name") or values.full_name(first.get("given_name", ""), first.get("family_name", ""))
        facts["street"] = values.address(
            first.get("street_number", ""), first.get("street", ""), said.get("further_address", ())
        )
        if "kind" in first:
            facts["kind"] = first["kind"].lower()
        tidied = {name: values.tidy(facts[name]) for name in TIDIED if self.is_tidied and name in facts}
        return {name: text for name, text in (facts | tidied).items() if text}

    def lists(self, said: dict[str, list[str]]) -> dict[str, Any]:
        return {
            name: [item for cell in said[name] for item in split_list(cell)]
            for name in ("emails", "phones", "tags")
            if name in said
        }

    def day(self, cell: str) -> str:
        return values.day(cell, self.date_format)
