"""What happened lately, as far as the reader may see it: its first pages from the log, what follows from the socket."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from django.template.loader import render_to_string

from crm.live.frames import Delivered
from crm.live.views import FeedView, Verdict
from crm.records import log, registry, timeline
from crm.records.access import Access
from crm.records.models import Change, Record
from crm.records.timeline import Entry
from reporting.minutes import about_customers

VIEW = "reporting:feed"
SHOWN = 30
BATCH = 60
FAR, LOOKS = 150_000, 4  # positions and batches: how far back a page looks; one that is short then has a next one
LATE = 1_000  # positions below the head whose entries may still wait for their customer's name
FLOOD = 40  # entries a second, more than anybody reads


@dataclass(frozen=True)
class Subject:
    """The record that an entry is about; `name` is empty while it is not known."""

    topic: str
    name: str
    url: str


@dataclass(frozen=True)
class FeedEntry:
    entry: Entry
    subject: Subject


class FeedPage(NamedTuple):
    """`before` is where the next page begins; None where the log begins."""

    entries: list[FeedEntry]
    before: int | None


def page(access: Access, before: int) -> FeedPage:
    """The newest changes below a position whose record the reader may see now, and could when they happened.

    Two statements, and more only where many of the newest are of what the reader may not see any more.
    """
    found: list[FeedEntry] = []
    at, end = before, before - FAR
    for _look in range(LOOKS):
        rows = readable(access, end, at)
        found += shown(rows, access)
        at = rows[-1]["seq"] if len(rows) == BATCH else end
        if at <= max(end, 1) or len(found) >= SHOWN:
            break
    if len(found) > SHOWN:
        found, at = found[:SHOWN], found[SHOWN - 1].entry.seq
    return FeedPage(found, at if at > 1 else None)


def readable(access: Access, low: int, high: int) -> list[dict[str, Any]]:
    """Changes from one position up to another, the newest first, of records that were the reader's to see then."""
    rows = Change.objects.filter(access.q("view"), seq__gte=low, seq__lt=high, record__in=about_customers())
    return list(rows.order_by("-seq").values(*log.COLUMNS)[:BATCH])


def shown(rows: Iterable[Mapping[str, Any]], access: Access) -> list[FeedEntry]:
    """Those of the rows whose record is still the reader's to see."""
    rows = list(rows)
    names = visible_names({row["root"] for row in rows}, access)
    return [
        FeedEntry(timeline.entry(row, access.sees_contacts), subject(row["root"], names[row["root"]]))
        for row in rows
        if row["root"] in names
    ]


def late_names(access: Access) -> dict[str, str]:
    """Names by topic of what the newest notes and the like are about: their rows in the log do not hold them."""
    parts = [kind.name for kind in registry.record_types() if kind.model.root_record]
    rows = Change.objects.filter(access.q("view"), seq__gt=log.position().head - LATE, record__in=parts)
    return visible_names(set(rows.order_by("-seq").values_list("root", flat=True)[:BATCH]), access)


def visible_names(roots: Iterable[str], access: Access) -> dict[str, str]:
    """By topic, what the reader may see now is called; one statement for each kind."""
    ids: dict[str, list[int]] = {}
    for root in roots:
        kind, number = parted(root)
        ids.setdefault(kind, []).append(number)
    found: dict[str, str] = {}
    for kind, numbers in ids.items():
        records = model_of(kind).objects.filter(access.q("view"), pk__in=numbers, deleted_at=None)
        found |= {record.topic: str(record) for record in records}
    return found


def subject(root: str, name: str) -> Subject:
    kind, number = parted(root)
    return Subject(root, name, cast("Any", model_of(kind))(pk=number).get_absolute_url())


def parted(root: str) -> tuple[str, int]:
    kind, _colon, number = root.partition(":")
    return kind, int(number)


def model_of(name: str) -> type[Record]:
    kind = registry.record_type(name)
    assert kind is not None
    return cast("type[Record]", kind.model)


class HomeFeed(FeedView):
    """The live half. Entries of a record leave when it does; a flood is cut short, and the page then asks again."""

    def __init__(self, access: Access) -> None:
        super().__init__(access, None)
        self.kinds = set(about_customers())
        self.second = 0
        self.entered = 0
        self.flooded: int | None = None

    def judge(self, change: Delivered) -> Verdict:
        if change.record not in self.kinds:
            return Verdict(None, False)
        if change.topic == change.root and self.loses(change):
            return Verdict("leave", False)
        verdict = super().judge(change)
        if verdict.event is None or self.has_room(change.seq):
            return verdict
        return Verdict(None, False)

    def loses(self, change: Delivered) -> bool:
        """Whether the reader could see the record before this change and cannot any more."""
        if change.was_gone or not (change.is_gone or change.moves_access):
            return False
        return self.access.admits(change.earlier_data) and (change.is_gone or not self.access.admits(change.row))

    def has_room(self, seq: int) -> bool:
        """At most FLOOD entries a second; the last of them says that others were left out."""
        second = int(time.monotonic())
        if second != self.second:
            self.second, self.entered = second, 0
        self.entered += 1
        if self.entered == FLOOD:
            self.flooded = seq
        return self.entered <= FLOOD

    def item(self, change: Delivered) -> dict[str, Any]:
        return super().item(change) | ({"flood": True} if change.seq == self.flooded else {})

    def html(self, change: Delivered) -> str:
        entry = timeline.entry(change.row, self.access.sees_contacts)
        name = entry.label if change.topic == change.root else ""
        context = {"entry": entry, "subject": subject(change.root, name), "shell": {"directory": change.directory}}
        return render_to_string("reporting/_feed_entry.html", context)


def open_feed(wanted: Mapping[str, Any], sort: str | None, access: Access) -> HomeFeed:
    return HomeFeed(access)
