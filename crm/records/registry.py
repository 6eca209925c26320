"""The record types that modules register: the kernel knows each by its name in the log alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from crm.records.models import Logged
from crm.records.projection import Projection
from crm.timings.recorder import ResponseRow

Readers = Literal["scope", "everyone", "administrators"]


@dataclass(frozen=True)
class RecordType:
    """One kind of record.

    `readers` says who may read its changes: those whose access admits its owner and team (`scope`), every member of
    staff, or administrators. `label` gives a change's row its title on a timeline. `entry` makes its entry of the
    directory that every page holds ({"name": ..., ...}), for types that others refer to by id. `tally` names the
    columns by whose values the relay counts its records; `is_cached` puts its projection into the cache; `story` is the
    template that words its changes on a timeline. `rewrites` says of a change's row that with it older rows of the log
    say something else. `response` makes of a change's row that was published at that time what it timed, where it ended
    something that a customer waited for.
    """

    name: str
    model: type[Logged]
    projection: Projection
    readers: Readers = "scope"
    label: Callable[[Mapping[str, Any]], str] | None = None
    entry: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None
    module: str = ""
    tally: tuple[str, ...] = ()
    is_cached: bool = False
    story: str = "records/_story.html"
    rewrites: Callable[[Mapping[str, Any]], bool] | None = None
    response: Callable[[Mapping[str, Any], datetime], ResponseRow | None] | None = None


_types: dict[str, RecordType] = {}


def register(record_type: RecordType) -> None:
    _types[record_type.name] = record_type


def record_type(name: str) -> RecordType | None:
    return _types.get(name)


def record_types() -> list[RecordType]:
    return list(_types.values())


def directory_names() -> list[str]:
    return [each.name for each in _types.values() if each.entry]
