"""What a request asked and what came of it, in words: names as in the form that its kind brings."""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

from django.forms.utils import pretty_name
from django.utils.translation import gettext as _

from crm.records import formats
from crm.requests.kinds import kind_named, title_of

# A moment with its zone, as JSON carries it.
MOMENT = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
FOLLOWS = "waits_for"  # in a result: the kind of request without which nothing more happens


class Said(NamedTuple):
    name: str
    label: str
    words: str


def said(kind_name: str, values: Mapping[str, Any] | None) -> list[Said]:
    """Each value of a payload or of a result that says something to a person, under its label.

    A list of fields is said by their labels, too.
    """
    kind = kind_named(kind_name)
    fields = kind.form().fields if kind and kind.form else {}
    labels = {name: str(field.label) for name, field in fields.items() if field.label}
    return [
        Said(name, labels.get(name, pretty_name(name)), title_of(value) if name == FOLLOWS else in_words(value, labels))
        for name, value in (values or {}).items()
        if not kind or name not in kind.handles
    ]


def in_words(value: Any, labels: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        return ", ".join(labels.get(str(each), str(each)) for each in value)
    moment = moment_of(value)
    shown = None if value == {} else moment or value
    return formats.text(shown, "time" if moment else "text", formats.Wording(formats.page_words()))


def moment_of(value: Any) -> datetime | None:
    """The moment that a value of JSON is, if it is one: what a customer wrote may only look so."""
    if isinstance(value, str) and MOMENT.fullmatch(value):
        with suppress(ValueError):
            return datetime.fromisoformat(value)
    return None
