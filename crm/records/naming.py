"""Names of countries and languages, as CLDR has them: the Python half of what browsers ask `Intl.DisplayNames`."""

from functools import cache, lru_cache

import phonenumbers
from babel import Locale, UnknownLocaleError
from babel.core import get_global, parse_locale
from django.utils import translation

# What people write beside the names.
OTHER_NAMES = {
    "uk": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "usa": "US",
    "america": "US",
    "holland": "NL",
}
# Countries that Chromium names in its own way, and other browsers as CLDR does: pages bring their names along.
NAMED_APART = ("FK", "HK", "MO", "PS")
# Brackets within brackets, as CLDR has them: Burmese (Myanmar [Burma]).
INNER = str.maketrans("()", "[]")


def country(code: str, reader: str) -> str:
    """In the language `reader`; what is no country stays as it was written."""
    return str(locale(reader).territories.get(code, code))


@lru_cache(maxsize=1000)
def language(tag: str, reader: str) -> str:
    """`en-us` is English (United States); a tag of which a part has no name stays as it was written."""
    known = locale(reader)
    try:
        base, place, script, variant, *_modifier = parse_locale(tag, sep="-")
    except ValueError:
        return tag
    base = get_global("language_aliases").get(base, base)
    parts = ((known.scripts, script), (known.territories, place), (known.variants, variant))
    details = [table.get(part) for table, part in parts if part]
    if base not in known.languages or not all(details):
        return tag
    return str(known.languages[base]) + (f" ({', '.join(map(str, details)).translate(INNER)})" if details else "")


def country_named(text: str) -> str | None:
    """The code of the country that is called so, in the reader's language or in any other."""
    return _codes(translation.get_language() or "en").get(text.strip().casefold())


@cache
def locale(reader: str) -> Locale:
    """English for a language that CLDR does not know."""
    try:
        return Locale.parse(reader, sep="-")
    except UnknownLocaleError:
        return Locale("en")


@cache
def _codes(reader: str) -> dict[str, str]:
    """Loaded when first needed: the names of 250 countries in 180 languages."""
    from phonenumbers.geodata.locale import LOCALE_DATA

    codes = dict(OTHER_NAMES)
    for code in phonenumbers.SUPPORTED_REGIONS:
        for name in LOCALE_DATA.get(code, {}).values():
            codes.setdefault(name.casefold(), code)
    # The reader's language wins where two languages mean different countries.
    return codes | {country(code, reader).casefold(): code for code in phonenumbers.SUPPORTED_REGIONS}
