"""Cells as values: days in the formats of many lands, countries by their names, names and addresses put together."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

import phonenumbers
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from crm.records import naming

# Formats of a day, each with how the last day of 1990 reads in it; the first of several that fit is proposed.
DATE_FORMATS = {
    "%Y-%m-%d": "1990-12-31",
    "%Y%m%d": "19901231",
    "%d/%m/%Y": "31/12/1990",
    "%m/%d/%Y": "12/31/1990",
    "%d.%m.%Y": "31.12.1990",
    "%Y/%m/%d": "1990/12/31",
    "%d-%m-%Y": "31-12-1990",
    "%m-%d-%Y": "12-31-1990",
    "%d %b %Y": "31 Dec 1990",
    "%d %B %Y": "31 December 1990",
    "%b %d, %Y": "Dec 31, 1990",
    "%B %d, %Y": "December 31, 1990",
    "%Y年%m月%d日": "1990年12月31日",
    "%d/%m/%y": "31/12/90",
    "%m/%d/%y": "12/31/90",
    "%d.%m.%y": "31.12.90",
}


def guess_date_format(cells: Iterable[str]) -> str:
    """The format that most of the cells are written in."""
    filled = [cell for cell in cells if cell.strip()]
    return max(DATE_FORMATS, key=lambda each: sum(parse_day(cell, each) is not None for cell in filled))


def day(cell: str, date_format: str) -> str:
    """An ISO day. Raises ValidationError."""
    found = parse_day(cell, date_format)
    if found is None:
        said = {"cell": cell[:40], "example": DATE_FORMATS[date_format]}
        raise ValidationError(_("“%(cell)s” is no day written like %(example)s.") % said)
    return found.isoformat()


def parse_day(cell: str, date_format: str) -> date | None:
    """A time of day behind it is left out; of two-digit years the last that is not in the future is meant."""
    text = cell.strip().partition("T")[0].partition(" 00:00")[0]
    if date_format == "%Y%m%d" and len(text) != len("19901231"):
        return None
    try:
        found = datetime.strptime(text, date_format).date()  # noqa: DTZ007  a day has no zone
        return found.replace(year=found.year - 100) if "%y" in date_format and found > date.today() else found  # noqa: DTZ011
    except ValueError:
        return None


def country(cell: str) -> str:
    """The two letters of a country that is given by them or by its name in any language. Raises ValidationError."""
    text = cell.strip()
    if not text or text.upper() in phonenumbers.SUPPORTED_REGIONS:
        return text.upper()
    code = naming.country_named(text)
    if code is None:
        raise ValidationError(_("“%s” is no country that we know.") % text[:40])
    return code


def full_name(given: str, family: str) -> str:
    """Family names of one script with the Chinese come first, without a blank."""
    if family and given and all(is_han(letter) for letter in family + given):
        return family + given
    return f"{given} {family}".strip()


def is_han(letter: str) -> bool:
    return "\u3400" <= letter <= "\u9fff" or "\uf900" <= letter <= "\ufaff" or "\U00020000" <= letter <= "\U0003ffff"


def address(number: str, street: str, further: Sequence[str]) -> str:
    return ", ".join(filter(None, [f"{number} {street}".strip(), *further]))


def tidy(text: str) -> str:
    """Capital first letters where a file writes all in small letters or all in capitals."""
    return text.title() if text == text.lower() or text == text.upper() else text
