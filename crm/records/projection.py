"""A record as one flat dictionary of canonical values: the cache entry, the API's read model and the frame."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

Kind = Literal["text", "integer", "list", "time", "date", "flag"]
Reading = Literal["everyone", "contact"]

BULLETS = "•••"
as_json = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps would make an encoder for each of a row's lists


@dataclass(frozen=True, slots=True)
class Field:
    """A projected field: its name, its column where that differs, its kind, who may read it, how pages word it."""

    name: str
    kind: Kind = "text"
    column: str = ""
    reading: Reading = "everyone"
    worded: str = ""

    @property
    def source(self) -> str:
        return self.column or self.name

    @property
    def format(self) -> str:
        """The kind of value for `{% value %}` and `data-format`."""
        return self.worded or {"time": "relative", "integer": "number", "flag": "text"}.get(self.kind, self.kind)


class Projection:
    """The fields of one record type, and how rows of it become canonical."""

    def __init__(self, fields: Iterable[Field]) -> None:
        self.fields = tuple(fields)
        self.by_name = {field.name: field for field in self.fields}
        self.by_column = {field.source: field for field in self.fields}
        self.columns = [field.source for field in self.fields]
        self.contact = frozenset(field.name for field in self.fields if field.reading == "contact")

    def project(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Canonical values of a row, which is a `.values()` dictionary or a change's `data`."""
        return {field.name: canonical(row.get(field.source), field.kind) for field in self.fields}

    def changed(self, before: Mapping[str, Any] | None, projected: dict[str, Any]) -> dict[str, Any]:
        """The part of a projection that a change changed: all of it for a new record."""
        if before is None:
            return projected
        names = {self.by_column[column].name for column in before if column in self.by_column}
        return {name: value for name, value in projected.items() if name in names}

    def may_write(self, names: Iterable[str], sees_contacts: bool) -> bool:
        """Nobody writes over what she sees masked."""
        return sees_contacts or self.contact.isdisjoint(names)

    def reading(self, values: Mapping[str, Any], sees_contacts: bool) -> dict[str, Any]:
        """What a reader may see: contact details are masked without the right to them."""
        if sees_contacts or self.contact.isdisjoint(values):
            return dict(values)
        return {name: mask(value) if name in self.contact else value for name, value in values.items()}

    def encode(self, projected: Mapping[str, Any]) -> dict[str, str]:
        """As a hash of strings for the cache: lists as JSON, nothing as the empty text."""
        return {name: encode_value(value) for name, value in projected.items()}

    def decode(self, stored: Mapping[str, str]) -> dict[str, Any]:
        """The projection that `encode` was given; raises KeyError when a field is missing."""
        return {field.name: decode_value(stored[field.name], field.kind) for field in self.fields}


def canonical(value: Any, kind: Kind) -> Any:
    if value is None:
        return [] if kind == "list" else None
    if kind == "time":
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return moment.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    return value


def encode_value(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list | bool):
        return as_json(value)
    return str(value)


def decode_value(text: str, kind: Kind) -> Any:
    if kind in ("list", "flag"):
        return json.loads(text)
    if kind == "text":
        return text
    if text == "":
        return None
    return int(text) if kind == "integer" else text


def mask(value: Any) -> Any:
    """Enough to recognise that there is something, too little to use: `a•••@e•••.com`, `•••99`, `•••`."""
    if isinstance(value, list):
        return [mask(each) for each in value]
    if not isinstance(value, str) or not value:
        return value if value == "" else None
    if value.startswith(BULLETS) and len(value) <= len(BULLETS) + 2:
        return value  # masked already
    name, at, domain = value.partition("@")
    if at:
        return f"{name[:1]}{BULLETS}@{domain[:1]}{BULLETS}.{domain.rpartition('.')[2]}"
    return BULLETS + (value[-2:] if value.startswith("+") else "")
