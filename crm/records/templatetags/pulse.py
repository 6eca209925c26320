"""Template tags of every page (built in, no `load`): icons, and values as `crm.records.formats` words them."""

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.forms import BoundField
from django.template.base import VariableDoesNotExist
from django.template.context import Context
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe

from crm.records import drawing, formats
from crm.records.directory import directory as load_directory

register = template.Library()

SHELL_DIRECTORY = template.Variable("shell.directory")

ICONS = Path(settings.BASE_DIR) / "node_modules" / "@tabler" / "icons" / "icons"
# Kinds that are more than text have a partial, which values.js clones for a patch.
PARTIALS = {kind: f"_value_{kind}.html" for kind in ("user", "stage", "team", "tag", "tags", "relative", "time")}


@register.simple_tag
def icon(name: str) -> SafeString:
    """A Tabler icon, inline: `{% icon "users" %}`, or of the filled set `{% icon "filled/star" %}`."""
    return _drawing(name)


@register.simple_tag(takes_context=True)
def value(context: Context, canonical: Any, kind: str = "text") -> Any:
    """A canonical value with its markup: `{% value row.owner "user" %}` in an element with `data-format="user"`."""
    wording = _wording(context)
    shown = formats.text(canonical, kind, wording)
    partial = PARTIALS.get(kind)
    if partial is None or canonical in (None, "", []):
        return shown
    if kind == "tags":
        return drawing.draw(partial, {"canonical": canonical}, wording)
    return _drawn(partial, canonical, shown, **_facts(kind, canonical, wording))


@register.simple_tag(takes_context=True)
def words(context: Context, canonical: Any, kind: str = "text") -> str:
    """A canonical value as text alone: `{% words entry.actor "user" as actor %}`."""
    return formats.text(canonical, kind, _wording(context))


@register.simple_tag(takes_context=True)
def row(context: Context, partial: str, projected: dict[str, Any], key: str, *moments: Any) -> SafeString:
    """A row of a list by its partial, which is given `row` and `key` alone: `{% row "_row.html" row row.key %}`, then
    the moments of which it says how long ago they are."""
    return drawing.rows.drawn(partial, projected, key, moments, _wording(context))


@register.simple_tag
def fixed(partial: str) -> SafeString:
    """A partial that shows the same to everybody who reads the language: `{% fixed "_shortcuts.html" %}`."""
    return drawing.draw_fixed(partial, translation.get_language() or "")


@register.filter
def relative(canonical: Any) -> str:
    """`4 min`, `yesterday`, `12 Nov`: the text alone, where a `<time>` is not wanted."""
    return formats.text(canonical, "relative", formats.Wording(formats.page_words()))


@register.filter
def number(canonical: Any, digits: int | None = None) -> str:
    wording = formats.Wording(formats.page_words())
    return formats.text(canonical, "number", wording) if digits is None else formats.number(canonical, wording, digits)


@register.filter
def duration(seconds: Any) -> str:
    return formats.text(seconds, "duration", formats.Wording(formats.page_words()))


@register.filter
def initials(name: str) -> str:
    return formats.initials(name)


@register.filter
def color_class(record_id: int) -> str:
    return formats.color_class(record_id)


@register.filter
def focused(field: BoundField) -> SafeString:
    """The field's widget, ready to be typed into when the page opens."""
    return field.as_widget(attrs={"autofocus": True})


@register.simple_tag(takes_context=True)
def page_words(context: Context) -> dict[str, Any]:
    """What `format.js` needs to word values as this page does."""
    return {**formats.page_words(), "directory": _directory(context)}


def _wording(context: Context) -> formats.Wording:
    """Found once for each page, since a row has a dozen values."""
    held: formats.Wording | None = vars(context).get("wording")
    if held is None:
        held = vars(context)["wording"] = formats.Wording(formats.page_words(), _directory(context))
    return held


def _directory(context: Context) -> formats.Directory:
    """The page's own where it has one; else (a row drawn by the hub) the process's."""
    try:
        found: formats.Directory = SHELL_DIRECTORY.resolve(context)
    except VariableDoesNotExist:
        found = load_directory()
    return found


def _facts(kind: str, canonical: Any, wording: formats.Wording) -> dict[str, str]:
    if kind == "stage":
        return {"color": formats.entry("stages", canonical, wording.directory).get("color", "")}
    if kind in ("relative", "time"):
        return {"moment": formats.parse(canonical).isoformat(), "exact": formats.exact(canonical, wording)}
    return {}


@lru_cache(maxsize=20_000)
def _drawn(partial: str, canonical: Any, shown: str, **facts: Any) -> SafeString:
    """Kept, since lists show the same people, stages and moments again and again."""
    return drawing.draw(partial, {"canonical": canonical, "shown": shown, **facts})


@cache
def _drawing(name: str) -> SafeString:
    """Only what draws: the set's transparent frame and its classes are left out."""
    folder, _slash, stem = name.rpartition("/")
    drawing = (ICONS / (folder or "outline") / f"{stem}.svg").read_text()
    paths = "".join(re.findall(r"<path d=[^>]*/>", drawing))
    set_class = "icon icon-filled" if folder == "filled" else "icon"
    return mark_safe(f'<svg class="{set_class}" viewBox="0 0 24 24" aria-hidden="true">{paths}</svg>')  # noqa: S308
