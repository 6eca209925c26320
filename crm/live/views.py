"""Live views: what enters, leaves or moves in a list is decided once for each distinct view, not for each socket."""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from crm.live.frames import Delivered
from crm.records import timeline
from crm.records.access import Access
from crm.records.paging import Sort


class Verdict(NamedTuple):
    """What a change does to a view: `event` is enter, move or leave; None means that the row stays where it is.

    With `ANEW` what the view shows already is no longer true, and it has to be fetched again.
    """

    event: str | None
    is_member: bool


ANEW = "anew"
OUT = Verdict(None, False)


class View(Protocol):
    """One open view: a filter and a sort as one class of readers sees them."""

    access: Access

    def judge(self, change: Delivered) -> Verdict: ...

    def item(self, change: Delivered) -> dict[str, Any]: ...

    def html(self, change: Delivered) -> str: ...


Opener = Callable[[Mapping[str, Any], str | None, Access], View]

_openers: dict[str, Opener] = {}


def register_view(name: str, opener: Opener) -> None:
    """`opener(filter, sort, access)` raises ValidationError for a filter or sort that there is not."""
    _openers[name] = opener


def open_view(name: str, wanted: Any, sort: Any, access: Access) -> View:
    opener = _openers.get(name)
    if opener is None:
        raise ValidationError(_("There is no such view."))
    if not isinstance(wanted, dict) or not isinstance(sort, str | None):
        raise ValidationError(_("A filter is an object, a sort is a text."))
    return opener(wanted, sort, access)


class ListView:
    """Rows of one record type that a filter and the reader's access admit, in one order."""

    def __init__(
        self, record: str, access: Access, admits: Callable[[Mapping[str, Any]], bool], sort: Sort, template: str
    ) -> None:
        self.record, self.access, self.admits, self.sort, self.template = record, access, admits, sort, template

    def judge(self, change: Delivered) -> Verdict:
        if change.record != self.record:
            return OUT
        is_in = not change.is_gone and self.holds(change.row["data"], change.projected)
        was_in = not change.was_gone and self.holds(change.earlier_data, change.earlier)
        if is_in and was_in:
            moved = self.sort.of(change.projected) != self.sort.of(change.earlier)
            return Verdict("move" if moved else None, True)
        return Verdict("enter" if is_in else "leave" if was_in else None, is_in)

    def holds(self, data: Mapping[str, Any], projected: Mapping[str, Any]) -> bool:
        return self.access.admits(data) and self.admits(projected)

    def item(self, change: Delivered) -> dict[str, Any]:
        return {
            "record": change.topic,
            "id": change.row["record_id"],
            "version": change.row["version"],
            "seq": change.seq,
            "key": self.sort.of(change.projected),
        }

    def html(self, change: Delivered) -> str:
        assert change.kind is not None
        row = change.kind.projection.reading(change.projected, self.access.sees_contacts)
        key = json.dumps(self.sort.of(change.projected), ensure_ascii=False)
        return render_to_string(self.template, {"row": row, "key": key, "shell": {"directory": change.directory}})


class FeedView:
    """The log itself, as far as a reader may see it: of one root (a record's timeline) or of all."""

    def __init__(self, access: Access, root: str | None) -> None:
        self.access, self.root = access, root

    def judge(self, change: Delivered) -> Verdict:
        kind = change.kind
        is_mine = self.root is None or change.root == self.root
        if not is_mine or kind is None or kind.readers != "scope" or not self.access.admits(change.row):
            return OUT
        return Verdict(ANEW if kind.rewrites and kind.rewrites(change.row) else "enter", False)

    def item(self, change: Delivered) -> dict[str, Any]:
        return {"record": change.topic, "root": change.root, "seq": change.seq, "version": change.row["version"]}

    def html(self, change: Delivered) -> str:
        entry = timeline.entry(change.row, self.access.sees_contacts)
        return render_to_string(
            "records/_timeline_entry.html", {"entry": entry, "shell": {"directory": change.directory}}
        )


def open_feed(wanted: Mapping[str, Any], sort: str | None, access: Access) -> FeedView:
    return FeedView(access, None)


def open_timeline(wanted: Mapping[str, Any], sort: str | None, access: Access) -> FeedView:
    """The timeline of one record; entries of a record that the reader may not see never come."""
    root = wanted.get("root")
    if not isinstance(root, str):
        raise ValidationError(_('Name the record whose timeline it is, as in {"root": "customer:42"}.'))
    return FeedView(access, root)


register_view("feed", open_feed)
register_view("timeline", open_timeline)
