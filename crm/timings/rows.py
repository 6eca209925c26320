"""The rows behind a figure: single updates, single responses, or customers with their means; the slowest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from crm.timings import raw
from crm.timings.stretches import Stretch

UPDATE_COLUMNS = "id, ended_at, module, kind, subject, way, watchers, late, seconds, number, cache, send, paint"
RESPONSE_COLUMNS = "id, ended_at, module, kind, status, waited, seconds"
CONDITIONS = {
    "module": "module = %(module)s",
    "kind": "kind = %(kind)s",
    "subject": "subject = %(about)s",
    "at_least": "seconds >= %(at_least)s",
    "below": "seconds < %(below)s",
}


class UpdateRow(NamedTuple):
    """`id` is the change's number in the log; stages in seconds, `late` and `watchers` over all hubs."""

    id: int
    ended_at: datetime
    module: str
    kind: str
    subject: str
    way: str | None
    watchers: int
    late: int
    seconds: float
    number: float
    cache: float
    send: float
    paint: float


class ResponseRow(NamedTuple):
    id: int
    ended_at: datetime
    module: str
    kind: str
    status: int
    waited: float | None
    seconds: float


class CustomerRow(NamedTuple):
    """One customer of T_update: `seconds` is t_i, the mean over its `n` updates."""

    subject: str
    n: int
    longest: float
    seconds: float


@dataclass(frozen=True)
class Selection:
    """Which rows of a stretch; None and False select nothing out."""

    stretch: Stretch
    module: str | None = None
    kind: str | None = None
    subject: str | None = None
    at_least: float | None = None
    below: float | None = None
    is_late: bool = False

    @property
    def condition(self) -> str:
        wanted = [text for name, text in CONDITIONS.items() if getattr(self, name) is not None]
        return " AND ".join([*wanted, *(["late > 0"] if self.is_late else []), "true"])

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "module": self.module,
            "kind": self.kind,
            "about": self.subject,
            "at_least": self.at_least,
            "below": self.below,
        }


def count(of: str, selection: Selection) -> int:
    """How many rows `updates`, `responses`, `answers` or `customers` would find without a limit."""
    counted, family = ("DISTINCT subject", "update") if of == "customer" else ("*", of)
    statement = f"SELECT count({counted}) FROM measured WHERE {selection.condition}"  # noqa: S608 (words of our own)
    return int(raw.query(family, selection.stretch, statement, **selection.parameters)[0][0])


def updates(selection: Selection, limit: int, after: tuple[float, int] | None = None) -> list[UpdateRow]:
    """`after` is `(seconds, id)` of the last row that is known already."""
    return [UpdateRow(*row) for row in slowest("update", UPDATE_COLUMNS, selection, limit, after)]


def responses(selection: Selection, limit: int, after: tuple[float, int] | None = None) -> list[ResponseRow]:
    """To customers' requests."""
    return [ResponseRow(*row) for row in slowest("response", RESPONSE_COLUMNS, selection, limit, after)]


def answers(selection: Selection, limit: int, after: tuple[float, int] | None = None) -> list[ResponseRow]:
    """To HTTP requests and socket commands."""
    return [ResponseRow(*row) for row in slowest("answer", RESPONSE_COLUMNS, selection, limit, after)]


def slowest(
    family: str, columns: str, selection: Selection, limit: int, after: tuple[float, int] | None
) -> list[tuple[Any, ...]]:
    beyond = "AND (seconds, id) < (%(after_seconds)s, %(after_id)s)" if after else ""
    statement = f"""
        SELECT {columns} FROM measured WHERE {selection.condition} {beyond}
        ORDER BY seconds DESC, id DESC LIMIT %(limit)s"""  # noqa: S608 (columns and conditions of our own)
    seconds, row_id = after or (None, None)
    place = {"after_seconds": seconds, "after_id": row_id, "limit": limit}
    return raw.query(family, selection.stretch, statement, **selection.parameters, **place)


def customers(selection: Selection, limit: int, after: tuple[float, str] | None = None) -> list[CustomerRow]:
    """`after` is `(seconds, subject)` of the last row that is known already."""
    beyond = "WHERE (seconds, subject) < (%(after_seconds)s, %(after_subject)s)" if after else ""
    statement = f"""
        SELECT * FROM (
            SELECT subject, count(*) AS n, max(seconds) AS longest, avg(seconds) AS seconds
            FROM measured WHERE {selection.condition} GROUP BY subject) AS customers
        {beyond} ORDER BY seconds DESC, subject DESC LIMIT %(limit)s"""  # noqa: S608 (conditions of our own)
    seconds, subject = after or (None, None)
    place = {"after_seconds": seconds, "after_subject": subject, "limit": limit}
    found = raw.query("update", selection.stretch, statement, **selection.parameters, **place)
    return [CustomerRow(*row) for row in found]
