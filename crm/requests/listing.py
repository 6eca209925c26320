"""The list of requests behind each number of the board: by state, kind, customer, who answers and time, newest first.

It is live as a panel. What it shows begins where it began, so that nothing jumps: what came since is only counted.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from crm.live.panels import register_panel
from crm.records.access import Access
from crm.records.paging import after_cursor, by_time, decode, encode, page, storable
from crm.records.projection import canonical
from crm.requests.kinds import PEOPLE, title_of
from crm.requests.models import Request, State

PANEL = "requests:list"
NEWEST_FIRST, OLDEST_FIRST = (by_time("received_at", descending=descending) for descending in (True, False))
LIMIT = 50
MOST_NEWER = 100  # that are counted
ANSWERED, BAD = (State.DONE, State.FAILED), (State.FAILED, State.DEAD)
STATES: dict[str, tuple[str, ...]] = {**{str(each): (each,) for each in State}, "answered": ANSWERED, "bad": BAD}
SECONDS = re.compile(r"\d{1,8}(\.\d{1,6})?", re.ASCII)
COLUMNS = [
    "id", "kind", "customer_id", "customer__name", "state", "attempt", "reason",
    "received_at", "started_at", "finished_at",
]  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """`since` is the first row of a list that was drawn from its beginning, `after` the last of the page before.

    `within` so many seconds it ended; `at_least` and `below`: seconds from its arrival to its end.
    """

    state: str = ""
    kind: str = ""
    by: str = ""
    pool: str = ""
    within: str = ""
    at_least: str = ""
    below: str = ""
    customer: str = ""
    after: str = ""
    since: str = ""

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> "Asked":
        return cls(**{name: str(given.get(name, "")) for name in cls.__dataclass_fields__})

    def as_dict(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if value}

    def rows(self, access: Access) -> QuerySet[Any]:
        found: QuerySet[Any] = Request.objects.seen_by(access)
        if self.state in STATES:
            found = found.filter(state__in=STATES[self.state])
        if self.kind:
            found = found.filter(kind=self.kind)
        if self.pool:
            found = found.filter(worker__startswith=f"{self.pool}/")
        if self.customer:
            found = found.filter(customer_id=self.customer if self.customer.isdecimal() else None)
        match self.by:
            case "workers":
                found = found.exclude(queue=PEOPLE)
            case "people":
                found = found.filter(queue=PEOPLE)
        return self.timed(found)

    def timed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        spans = {name: timedelta(seconds=seconds) for name, seconds in self.spans().items()}
        rows = rows.alias(took=F("finished_at") - F("received_at"))
        if "within" in spans:
            rows = rows.filter(finished_at__gt=timezone.now() - spans["within"])
        if "at_least" in spans:
            rows = rows.filter(took__gte=spans["at_least"])
        if "below" in spans:
            rows = rows.filter(took__lt=spans["below"])
        return rows

    def spans(self) -> dict[str, float]:
        """Those that are given, in seconds."""
        given = {"within": self.within, "at_least": self.at_least, "below": self.below}
        return {name: float(seconds) for name, seconds in given.items() if SECONDS.fullmatch(seconds)}


class Listing(NamedTuple):
    """One page; `asked` asks for the same again, whatever comes meanwhile."""

    asked: Asked
    rows: list[dict[str, Any]]
    next: str | None


def listing(access: Access, asked: Asked) -> Listing:
    """Raises ValidationError for a place that there is not."""
    after = asked.after or (including(asked.since) if asked.since else None)
    found = page(asked.rows(access), NEWEST_FIRST, as_shown, COLUMNS, after=after, limit=LIMIT)
    if found.rows and not asked.after:
        asked = replace(asked, since=asked.since or encode(NEWEST_FIRST.of(found.rows[0])))
    return Listing(asked, found.rows, found.next)


def including(cursor: str) -> str:
    """The place just before this one."""
    received, number = decode(cursor, NEWEST_FIRST)
    return encode([canonical(received, "time"), number + 1])


def newer(access: Access, asked: Asked) -> int:
    """How many came before the first row since it was drawn."""
    if asked.after:
        return 0
    rows = asked.rows(access)
    if asked.since:
        rows = after_cursor(rows, OLDEST_FIRST, decode(asked.since, OLDEST_FIRST))
    return rows.order_by()[:MOST_NEWER].count()


def as_shown(row: Any) -> dict[str, Any]:
    received = canonical(row["received_at"], "time")
    return {**row, "received_at": received, "title": title_of(row["kind"]), "state_name": State(row["state"]).label}


def compute_panel(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    asked = Asked.parse(args)
    try:
        storable(asked.kind)
        storable(asked.pool)
        # Of a list that was empty all is newer, and waits.
        found = listing(access, asked) if asked.since or asked.after else Listing(asked, [], None)
        count = newer(access, asked)
    except (ValidationError, ValueError):  # a place, or a text, that there cannot be
        return {}
    return {"newer": count, "parts": {"rows": render_to_string("requests/_rows.html", context(found))}}


def context(found: Listing) -> dict[str, Any]:
    following = replace(found.asked, after=found.next or "", since="")
    return {"rows": found.rows, "next": "?" + urlencode(following.as_dict()) if found.next else ""}


def register() -> None:
    register_panel(PANEL, compute_panel)
