"""The small directory that every page holds: the names of users, teams, tags and stages, which records refer to by id.

Kept in the process and loaded again only when the log says that an entry changed, so a rename costs one statement.
"""

import json
import threading
from typing import Any, NamedTuple

from django.db import connection

from crm.records import registry
from crm.records.statements import prepared

Directory = dict[str, dict[Any, dict[str, Any]]]


class LogPosition(NamedTuple):
    """Where the log stands, and the head of its directory: `POSITION` in any statement that reads `log_state`."""

    epoch: str
    head: int
    directory_seq: int


POSITION = "log_state.epoch::text, log_state.head, log_state.directory_seq"


class PageState(NamedTuple):
    """What a page must know to be kept current: read before any of its data."""

    epoch: str
    head: int
    directory: Directory


_lock = threading.Lock()
_held: tuple[tuple[str, int], Directory] | None = None


def page_state(position: LogPosition | None = None) -> PageState:
    """At a position that the caller has just read with something else; else at the one that is asked for now."""
    at = position or _position()
    return PageState(at.epoch, at.head, _at((at.epoch, at.directory_seq)))


def _position() -> LogPosition:
    with prepared() as cursor:
        cursor.execute(f"SELECT {POSITION} FROM log_state")  # noqa: S608  (constants)
        return LogPosition(*cursor.fetchone())


def directory() -> Directory:
    return page_state().directory


def _at(position: tuple[str, int]) -> Directory:
    global _held
    with _lock:
        if _held is None or _held[0] != position:
            _held = (position, load())
        return _held[1]


def load() -> Directory:
    """All entries, {"users": {3: {"name": ...}}, ...}, in one statement."""
    types = [each for each in registry.record_types() if each.entry]
    tables = {each.name: connection.ops.quote_name(each.model._meta.db_table) for each in types}
    selects = [f"SELECT '{name}', to_jsonb(t) FROM {table} t" for name, table in tables.items()]  # noqa: S608  (constants)
    entries: Directory = {f"{each.name}s": {} for each in types}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(selects))
        for name, row in cursor.fetchall():
            add_entry(entries, name, json.loads(row))
    return entries


def add_entry(entries: Directory, name: str, row: dict[str, Any]) -> None:
    kind = registry.record_type(name)
    if kind and kind.entry:
        entries[f"{name}s"][row.get("code", row["id"])] = kind.entry(row)
