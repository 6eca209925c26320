"""How canonical values read: the Python half of `static/js/format.js`, held against it by `tests/crm/test_format.py`.

Pure functions over a table of words, so that both halves need the same table and nothing else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from django.utils import dates, formats, timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from crm.records import naming

Directory = Mapping[str, Mapping[Any, Mapping[str, Any]]]

MINUTE, HOUR, DAY = 60, 3600, 86400
COLORS = 10
BADGE = 100  # from here on a badge tells no numbers apart
# The scripts whose names are recognised by their first character: Han, kana and Hangul.
ONE_CHARACTER_NAMES = ((0x2E80, 0x9FFF), (0xAC00, 0xD7AF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
# Google's formats of some countries have hyphens or dots; E.123 has blanks, and so has libphonenumber-js.
PHONE_BLANKS = str.maketrans("-.", "  ")


@dataclass(frozen=True)
class Wording:
    """Everything a value's text depends on beside the value: words, names by id, and the moment of reading."""

    words: Mapping[str, Any]
    directory: Directory = field(default_factory=dict)
    now: datetime = field(default_factory=timezone.now)


def text(value: Any, kind: str, wording: Wording) -> str:
    """The text of a canonical value (ISO time, id, code, list, number); a dash for nothing."""
    if value is None or value == "" or value == []:
        return str(wording.words["none"])
    return FORMATS[kind](value, wording)


def page_words() -> dict[str, Any]:
    """The words of the active language and zone, as the page hands them to `format.js`."""
    return _words(translation.get_language() or "en", timezone.get_current_timezone_name())


def initials(name: str) -> str:
    """王 for 王小明, ML for Marta Lindqvist, ? for a name without letters."""
    words = [letters for word in name.split() if (letters := [each for each in word if each.isalnum()])]
    if not words:
        return "?"
    first = words[0][0]
    if len(words) == 1 or any(low <= ord(first) <= high for low, high in ONE_CHARACTER_NAMES):
        return first.upper()
    return (first + words[-1][0]).upper()


def color_class(record_id: int) -> str:
    """The class that colours an avatar: the same for a record everywhere and always."""
    return f"c-{record_id % COLORS}"


def relative(value: Any, wording: Wording) -> str:
    words, moment = wording.words, parse(value)
    passed = (wording.now - moment).total_seconds()
    distance, side = abs(passed), "ago" if passed > 0 else "ahead"
    if distance < MINUTE:
        return str(words["just_now"])
    if distance < HOUR:
        return fill(words[f"minutes_{side}"], n=int(distance // MINUTE))
    if distance < DAY:
        return fill(words[f"hours_{side}"], n=int(distance // HOUR))
    here, today = local(moment, words), local(wording.now, words)
    days = (here.date() - today.date()).days
    if abs(days) == 1:
        return str(words["yesterday" if days < 0 else "tomorrow"])
    return fill_date(words["date" if here.year != today.year else "date_this_year"], here, words)


def exact(value: Any, wording: Wording) -> str:
    here = local(parse(value), wording.words)
    return fill_clock(fill_date(wording.words["exact"], here, wording.words), here)


def clock(value: Any, wording: Wording) -> str:
    return fill_clock(wording.words["clock"], local(parse(value), wording.words))


def day(value: Any, wording: Wording) -> str:
    """A date as it is; a moment by its day in the reader's zone."""
    if isinstance(value, str) and len(value) == len("2026-11-12"):
        value = date.fromisoformat(value)
    here = value if isinstance(value, date) and not isinstance(value, datetime) else local(parse(value), wording.words)
    return fill_date(wording.words["date"], here, wording.words)


def number(value: Any, wording: Wording, digits: int | None = None) -> str:
    """Grouped, rounded half away from zero: whole numbers as they are, others to two digits unless told."""
    binary = Decimal(value if isinstance(value, int) else float(value))
    places = digits if digits is not None else 0 if binary == binary.to_integral_value() else 2
    rounded = binary.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    whole, _point, fraction = f"{abs(rounded):f}".partition(".")
    head = len(whole) % 3 or 3
    groups = [whole[:head], *(whole[at : at + 3] for at in range(head, len(whole), 3))]
    grouped = wording.words["group"].join(groups) + (wording.words["decimal"] + fraction if fraction else "")
    return f"-{grouped}" if rounded < 0 else grouped


def duration(value: Any, wording: Wording) -> str:
    """Seconds as a person reads them: 7.8 ms, 143 ms, 1.84 s, 12.1 s, 5 min, 3 h."""
    seconds = float(value)
    _limit, factor, digits, unit = next(each for each in DURATIONS if seconds < each[0])
    return fill(wording.words[unit], n=number(seconds * factor, wording, digits))


def age(value: Any, wording: Wording) -> str:
    """How old what is shown is, in seconds: 0.4 s ago, 12 ms ago."""
    return fill(wording.words["ago"], age=duration(value, wording))


def joined(value: Any, wording: Wording) -> str:
    return ", ".join(str(each) for each in value)


def first(value: Any, wording: Wording) -> str:
    """The first of a list and how many more there are, for a cell of one line."""
    return str(value[0]) if len(value) == 1 else f"{value[0]} +{len(value) - 1}"


@lru_cache(maxsize=20_000)
def phone(value: str) -> str:
    """Grouped as its country does; what is no number (a masked one) stays as it was written."""
    try:
        number = phonenumbers.parse(value)
    except phonenumbers.NumberParseException:
        return value
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL).translate(PHONE_BLANKS)


def phones(value: Any, wording: Wording) -> str:
    return joined([phone(each) for each in value], wording)


def first_phone(value: Any, wording: Wording) -> str:
    return first([phone(each) for each in value], wording)


def country(value: str, wording: Wording) -> str:
    return naming.country(value, wording.words["language"])


def language(value: str, wording: Wording) -> str:
    return naming.language(value, wording.words["language"])


def named(kind: str) -> Callable[[Any, Wording], str]:
    def name(value: Any, wording: Wording) -> str:
        return str(entry(kind, value, wording.directory).get("name", value))

    return name


def names(value: Any, wording: Wording) -> str:
    return ", ".join(named("tags")(each, wording) for each in value)


def entry(kind: str, key: Any, directory: Directory) -> Mapping[str, Any]:
    """A user, team, tag or stage of the directory; empty when it is not there."""
    return directory.get(kind, {}).get(key, {})


def parse(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def local(moment: datetime, words: Mapping[str, Any]) -> datetime:
    return moment.astimezone(_zone(words["zone"]))


def fill(pattern: str, **parts: Any) -> str:
    """`"{n} min"` with its parts; parts that it is not given stay for a later call."""
    for name, part in parts.items():
        pattern = pattern.replace("{" + name + "}", str(part))
    return pattern


def fill_date(pattern: str, here: date, words: Mapping[str, Any]) -> str:
    months: Sequence[str] = words["months"]
    return fill(pattern, day=here.day, month=months[here.month - 1], number=here.month, year=here.year)


def fill_clock(pattern: str, here: datetime) -> str:
    return fill(pattern, **{name: f"{getattr(here, name):02}" for name in ("hour", "minute", "second")})


@lru_cache
def _zone(name: str) -> ZoneInfo | Any:
    return UTC if name == "UTC" else ZoneInfo(name)


@lru_cache
def _words(language: str, zone: str) -> dict[str, Any]:
    return {
        "language": language,
        "zone": zone,
        "decimal": formats.get_format("DECIMAL_SEPARATOR"),
        "group": formats.get_format("THOUSAND_SEPARATOR"),
        "months": [str(dates.MONTHS_3[month]).title() for month in range(1, 13)],
        "date": pgettext("date; {number} is the month's", "{day} {month} {year}"),
        "date_this_year": pgettext("date; {number} is the month's", "{day} {month}"),
        "exact": pgettext("date and time", "{day} {month} {year}, {hour}:{minute}:{second}"),
        "clock": pgettext("time of day", "{hour}:{minute}"),
        "none": "–",
        "just_now": _("just now"),
        "minutes_ago": pgettext("this long ago", "{n} min"),
        "hours_ago": pgettext("this long ago", "{n} h"),
        "minutes_ahead": _("in {n} min"),
        "hours_ahead": _("in {n} h"),
        "yesterday": _("yesterday"),
        "tomorrow": _("tomorrow"),
        "milliseconds": pgettext("duration", "{n} ms"),
        "seconds": pgettext("duration", "{n} s"),
        "minutes": pgettext("duration", "{n} min"),
        "hours": pgettext("duration", "{n} h"),
        "ago": pgettext("how old a figure is", "{age} ago"),
        "countries": {code: naming.country(code, language) for code in naming.NAMED_APART},
    }


# Up to this many seconds: times this factor, with so many digits, in this unit.
DURATIONS: tuple[tuple[float, float, int, str], ...] = (
    (0.00995, 1000, 1, "milliseconds"),
    (0.9995, 1000, 0, "milliseconds"),
    (9.995, 1, 2, "seconds"),
    (119.95, 1, 1, "seconds"),
    (7170, 1 / MINUTE, 0, "minutes"),
    (inf, 1 / HOUR, 0, "hours"),
)

FORMATS: dict[str, Callable[[Any, Wording], str]] = {
    "text": lambda value, _wording: str(value),
    "initials": lambda value, _wording: initials(value),
    "relative": relative,
    "time": exact,
    "clock": clock,
    "date": day,
    "number": number,
    "badge": lambda value, _wording: str(value) if value < BADGE else f"{BADGE - 1}+",
    "duration": duration,
    "age": age,
    "list": joined,
    "first": first,
    "phones": phones,
    "first_phone": first_phone,
    "country": country,
    "language": language,
    "user": named("users"),
    "team": named("teams"),
    "stage": named("stages"),
    "tag": named("tags"),
    "tags": names,
}
