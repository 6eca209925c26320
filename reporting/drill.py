"""From a figure of the speed board to the rows behind it: which rows are meant, and how they are named for a reader."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import BadRequest
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from crm.staff.models import User
from crm.timings import clock, figures, rows
from crm.timings.stretches import Stretch
from customers.models import Customer
from reporting.speed import DEFAULT_WINDOW, WINDOWS

PAGE = 50
MOST_SECONDS = 1e9
TITLES = {
    "update": _("Changes"),
    "response": _("Customers' requests"),
    "answer": _("Asked by staff and programs"),
    "customer": _("Customers changed"),
}
READERS: dict[str, Any] = {
    "update": rows.updates,
    "response": rows.responses,
    "answer": rows.answers,
    "customer": rows.customers,
}
Row = rows.UpdateRow | rows.ResponseRow | rows.CustomerRow


class DrillForm(forms.Form):
    """What a figure's link says. `until` is the moment of the figure that was clicked: its own rows are shown."""

    of = forms.ChoiceField(choices=list(TITLES.items()))
    window = forms.TypedChoiceField(
        choices=[(seconds, window.label) for seconds, window in WINDOWS.items()],
        coerce=int,
        required=False,
    )
    since = forms.DateTimeField(required=False)
    until = forms.DateTimeField(required=False)
    module = forms.CharField(required=False)
    kind = forms.CharField(required=False)
    subject = forms.CharField(required=False)
    show = forms.ChoiceField(choices=[(name, name) for name in ("p50", "p95", "p99", "max", "late")], required=False)
    at_least = forms.FloatField(required=False, min_value=0, max_value=MOST_SECONDS)
    below = forms.FloatField(required=False, min_value=0, max_value=MOST_SECONDS)
    after = forms.RegexField(r"^\d+(\.\d+)?(e-\d+)?/(customer:)?\d{1,18}$", required=False)


@dataclass(frozen=True)
class Drill:
    """The rows that a link means. `query` says the same again, for the links of the page."""

    of: str
    window: int
    selection: rows.Selection
    after: tuple[float, Any] | None
    query: QueryDict

    @property
    def title(self) -> str:
        return str(TITLES[self.of])

    def count(self) -> int:
        """How many rows there are on all pages."""
        return rows.count(self.of, self.selection)

    def rows(self, limit: int) -> list[Row]:
        found: list[Row] = READERS[self.of](self.selection, limit, self.after)
        return found

    def page(self) -> tuple[list[Row], str | None]:
        """One page, and the query of the next."""
        found = self.rows(PAGE + 1)
        if len(found) <= PAGE:
            return found, None
        return found[:PAGE], self.query_with(after=cursor(found[PAGE - 1]))

    def query_with(self, **changes: str) -> str:
        query = self.query.copy()
        query.pop("after", None)
        for name, value in changes.items():
            query[name] = value
        return query.urlencode()


def read(query: QueryDict) -> Drill:
    """Raises BadRequest for what no link of ours says."""
    form = DrillForm(query)
    if not form.is_valid():
        raise BadRequest(form.errors.as_json())
    said = form.cleaned_data
    window = said["window"] or DEFAULT_WINDOW
    until = said["until"] or clock.now()
    try:
        stretch = Stretch(said["since"] or figures.stretch_of(window, until).since, until)
    except OverflowError:
        raise BadRequest("a window before all times") from None
    fixed = query.copy()
    fixed["since"], fixed["until"] = stretch.since.isoformat(), stretch.until.isoformat()
    return Drill(said["of"], window, selection_of(said, stretch), place(said["of"], said["after"]), fixed)


def selection_of(said: dict[str, Any], stretch: Stretch) -> rows.Selection:
    module, kind = said["module"] or None, said["kind"] or None
    at_least = said["at_least"]
    if said["show"] not in ("", "late"):
        at_least = shown_value(said["of"], stretch, module, kind, said["show"])
    return rows.Selection(
        stretch=stretch,
        module=module,
        kind=kind,
        subject=said["subject"] or None,
        at_least=at_least,
        below=said["below"],
        is_late=said["show"] == "late",
    )


def shown_value(family: str, stretch: Stretch, module: str | None, kind: str | None, name: str) -> float | None:
    """What the board shows as that module's and kind's p95, say."""
    groups = figures.source(family, stretch).summary(family, stretch)
    shown = (getattr(group.figure, name) for group in groups if (group.module, group.kind) == (module, kind))
    return next(shown, None)


def cursor(row: Row) -> str:
    return f"{row.seconds!r}/{row.subject if isinstance(row, rows.CustomerRow) else row.id}"


def place(of: str, after: str) -> tuple[float, Any] | None:
    if not after:
        return None
    seconds, _slash, last = after.partition("/")
    if last.isdecimal() == (of == "customer"):
        raise BadRequest("a place in another list")
    return float(seconds), last if of == "customer" else int(last)


def visible_names(found: Iterable[Row], user: User) -> dict[str, str]:
    """The names of those customers among the rows that this reader may see, by subject."""
    ids = {int(row.subject.partition(":")[2]) for row in found if not isinstance(row, rows.ResponseRow)}
    visible = Customer.objects.visible_to(user).filter(pk__in=ids).values_list("pk", "name")
    return {f"customer:{pk}": name for pk, name in visible}
