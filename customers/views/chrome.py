"""What stands around the rows of the list: tabs, filter menus, column heads and the pages' links."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.records.directory import Directory
from crm.staff.models import User
from customers.counts import Counts, week_start
from customers.filters import CustomerFilter
from customers.listing import Asked, Place, Slice
from customers.models import Customer

COLUMNS_COOKIE = "customer_columns"


@dataclass(frozen=True)
class Column:
    """A column of the list: `width` is its CSS class, `sort` the order that its head asks for first."""

    name: str
    label: str | Promise
    width: str = ""
    sort: str = ""
    is_shown: bool = True


COLUMNS = [
    Column("name", gettext_lazy("Name"), "", "name"),
    Column("company", gettext_lazy("Company"), "w-m opt2"),
    Column("title", gettext_lazy("Job title"), "w-m opt2", is_shown=False),
    Column("stage", gettext_lazy("Stage"), "w-m"),
    Column("owner", gettext_lazy("Owner"), "w-m opt"),
    Column("team", gettext_lazy("Team"), "w-s opt2", is_shown=False),
    Column("city", gettext_lazy("City"), "w-s opt"),
    Column("country", gettext_lazy("Country"), "w-s opt2", is_shown=False),
    Column("emails", gettext_lazy("E-mail"), "w-l opt2", is_shown=False),
    Column("phones", gettext_lazy("Phone"), "w-m opt2", is_shown=False),
    Column("tags", gettext_lazy("Tags"), "w-m opt2"),
    Column("created", gettext_lazy("Created"), "w-xs num opt2", "-created", is_shown=False),
    Column("updated", gettext_lazy("Updated"), "w-xs num opt", "-updated"),
]


@dataclass(frozen=True)
class Head:
    """A column's head as this list shows it; `order` is ascending, descending or nothing."""

    column: Column
    url: str = ""
    order: str = ""


def heads(asked: Asked) -> list[Head]:
    return [head(column, asked) for column in COLUMNS]


def head(column: Column, asked: Asked) -> Head:
    if not column.sort:
        return Head(column)
    if asked.sort.lstrip("-") != column.sort.lstrip("-"):
        return Head(column, asked.sorted_by(column.sort).url)
    is_descending = asked.sort.startswith("-")
    turned = asked.sort[1:] if is_descending else f"-{asked.sort}"
    return Head(column, asked.sorted_by(turned).url, "descending" if is_descending else "ascending")


def hidden_columns(request: HttpRequest, *, may_pick: bool) -> list[str]:
    """The columns that this browser leaves out, as its cookie says; who may change nothing selects nothing."""
    optional = {column.name for column in COLUMNS[1:]}
    chosen = request.COOKIES.get(COLUMNS_COOKIE)
    if chosen is None:
        hidden = {column.name for column in COLUMNS if not column.is_shown}
    else:
        hidden = optional & set(chosen.split("."))
    return sorted(hidden) if may_pick else [*sorted(hidden), "pick"]


@dataclass(frozen=True)
class Option:
    value: str
    label: str
    is_on: bool
    color: str = ""


@dataclass(frozen=True)
class Menu:
    """One quick filter: its options are alternatives."""

    name: str
    label: str
    options: Sequence[Option]
    is_single: bool = False

    @property
    def chosen(self) -> str:
        """What the chip says: one or two names, else how many."""
        names = [option.label for option in self.options if option.is_on]
        if len(names) > 2:
            return _("any of %d") % len(names)
        return _(" or ").join(names)


def menus(wanted: CustomerFilter, directory: Directory, user: User) -> list[Menu]:
    """Stage, owner, tag and type; the reader's own name stands first among the owners."""
    stages = sorted(directory["stages"].items(), key=lambda entry: entry[1]["position"])
    owners = sorted(directory["users"].items(), key=lambda entry: (entry[0] != user.pk, entry[1]["name"].lower()))
    tags = sorted(directory["tags"].items(), key=lambda entry: entry[1]["name"].lower())
    kinds = [Option(value, str(label), wanted.kind == value) for value, label in Customer.Kind.choices]
    return [
        Menu("stage", _("Stage"), options(stages, wanted.stage)),
        Menu("owner", _("Owner"), options(owners, wanted.owner)),
        Menu("tag", _("Tag"), options(tags, wanted.tag)),
        Menu("kind", _("Kind"), kinds, is_single=True),
    ]


def options(entries: Sequence[tuple[Any, Mapping[str, Any]]], chosen: Sequence[Any]) -> list[Option]:
    return [Option(str(key), entry["name"], key in chosen, entry.get("color", "")) for key, entry in entries]


@dataclass(frozen=True)
class Tab:
    """A saved view; `figure` is its number's path in the live panel of counts."""

    name: str
    url: str
    count: int
    figure: str
    is_current: bool


def tabs(user: User, counts: Counts, wanted: CustomerFilter | None) -> list[Tab]:
    """`wanted` is the list's filter, None in the trash."""
    mine = CustomerFilter(owner=(user.pk,))
    week = CustomerFilter(created_since=week_start().isoformat())
    is_mine = wanted is not None and wanted.owner == mine.owner
    is_week = wanted is not None and bool(wanted.created_since) and not is_mine
    is_all = wanted is not None and not is_mine and not is_week
    return [
        Tab(_("All customers"), Asked().url, counts.everybody, "everybody", is_all),
        Tab(_("My customers"), Asked(mine).url, counts.owners.get(user.pk, 0), f"owners.{user.pk}", is_mine),
        Tab(_("New this week"), Asked(week, "-created").url, counts.week, "week", is_week),
        Tab(_("Trash"), reverse("customers:trash"), counts.trash, "trash", wanted is None),
    ]


def pages(asked: Asked, found: Slice) -> dict[str, str]:
    """Addresses of the neighbouring pages, by name, where there are such."""
    places = {
        "first": None if asked.place.is_first else Place(),
        "previous": Place(before=found.previous) if found.previous else None,
        "next": Place(after=found.next) if found.next else None,
        "last": Place(is_last=True) if found.next else None,
    }
    return {name: asked.at(place).url for name, place in places.items() if place is not None}
