"""What columns are taken for, and how cells become facts."""

from datetime import date
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from crm.records import transfer
from customers.imports import values
from customers.imports.columns import propose
from customers.imports.plan import Plan

FEBRL = Path(__file__).resolve().parents[3] / "shared" / "data" / "febrl4a_people.csv"


def test_the_columns_of_febrl_are_known():
    if not FEBRL.exists():
        pytest.skip("the real data are not here")
    reading = transfer.recognise(FEBRL)
    _number, header = next(transfer.records(FEBRL, reading))
    assert reading.is_spaced
    assert propose(header, []) == [
        "reference", "given_name", "family_name", "street_number", "street", "further_address", "city", "postcode",
        "region", "born_on", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("header", "proposed"),
    [
        (["First Name", "Last Name", "E-mail address"], ["given_name", "family_name", "emails"]),
        (["Vorname", "Nachname", "PLZ", "Ort"], ["given_name", "family_name", "postcode", "city"]),
        (["姓名", "手机", "公司"], ["name", "phones", "company"]),
        (["Mobile", "Home Phone"], ["phones", "phones"]),
        (["Name", "Customer name"], ["name", ""]),
        (["id", "name"], ["reference", "name"]),
        (["id", "reference", "name"], ["", "reference", "name"]),
        (["what", "ever"], ["", ""]),
    ],
)
def test_headers_of_many_programs_are_known(header, proposed):
    assert propose(header, []) == proposed


def test_a_column_of_addresses_is_known_by_its_cells():
    assert propose(["name", "x"], [["A", "a@b.example"], ["B", ""], ["C", "c@d.example"]]) == ["name", "emails"]


def test_parts_of_names_and_addresses_are_put_together():
    plan = Plan(("given_name", "family_name", "street_number", "street", "further_address", "city"))
    facts = plan.facts(["michaela", "neumann", "8", "stanley street", "miami", "winston hills"])
    assert facts == {"name": "michaela neumann", "street": "8 stanley street, miami", "city": "winston hills"}


@pytest.mark.parametrize(
    ("given", "family", "name"),
    [("小明", "王", "王小明"), ("Anna", "", "Anna"), ("", "Bell", "Bell"), ("Wei", "王", "Wei 王")],
)
def test_names_are_written_as_their_script_asks(given, family, name):
    assert values.full_name(given, family) == name


def test_empty_cells_say_nothing():
    plan = Plan(("name", "phones", "born_on", "country"))
    assert plan.facts(["Anna", " ", "", ""]) == {"name": "Anna"}
    assert plan.facts(["Anna"]) == {"name": "Anna"}


def test_several_columns_may_hold_addresses_and_a_cell_several_of_them():
    plan = Plan(("name", "emails", "emails", "tags"))
    facts = plan.facts(["Anna", "a@b.example; c@d.example", "e@f.example", "vip, press"])
    assert facts["emails"] == ["a@b.example", "c@d.example", "e@f.example"]
    assert facts["tags"] == ["vip", "press"]


def test_names_get_capitals_only_when_asked():
    columns = ("name", "city")
    assert Plan(columns).facts(["mary", "YORK"]) == {"name": "mary", "city": "YORK"}
    assert Plan(columns, is_tidied=True).facts(["mary o'brien", "YORK"]) == {"name": "Mary O'Brien", "city": "York"}
    assert Plan(columns, is_tidied=True).facts(["van der Meer", "McLean"])["name"] == "van der Meer"


def test_what_cannot_be_read_is_said_of_each_fact():
    facts = Plan(("name", "born_on", "country"), date_format="%d.%m.%Y").facts(["A", "99.99.1990", "Atlantis"])
    assert all(isinstance(facts[name], ValidationError) for name in ("born_on", "country"))


@given(st.dates(date(1930, 1, 1), date(2020, 12, 31)), st.sampled_from(sorted(set(values.DATE_FORMATS) - {"%d %b %Y"})))
def test_every_format_reads_its_own_days(day, date_format):
    assert values.parse_day(day.strftime(date_format), date_format) == day or "%y" in date_format


@pytest.mark.parametrize(
    ("cells", "date_format"),
    [
        (["19151111", "19480930"], "%Y%m%d"),
        (["1990-12-31T00:00:00Z", ""], "%Y-%m-%d"),
        (["12/31/1990", "01/02/1990"], "%m/%d/%Y"),
        (["01/02/1990", "03/04/1990"], "%d/%m/%Y"),
        (["31.12.90"], "%d.%m.%y"),
        (["1990年12月31日"], "%Y年%m月%d日"),
    ],
)
def test_the_format_of_days_is_found_out(cells, date_format):
    assert values.guess_date_format(cells) == date_format


def test_two_digits_of_a_year_never_mean_the_future():
    assert values.parse_day("31/12/45", "%d/%m/%y") == date(1945, 12, 31)


@pytest.mark.parametrize(
    ("cell", "code"),
    [("au", "AU"), ("Australien", "AU"), ("中国", "CN"), ("United Kingdom", "GB"), ("USA", "US"), ("", "")],
)
def test_countries_are_known_by_name(cell, code):
    assert values.country(cell) == code


def test_a_plan_survives_being_stored():
    plan = Plan(
        ("name", ""), "%Y%m%d", "reference", is_tidied=True, stage="vip", owner=3, country="AU", tags=("a", "b")
    )
    assert Plan.parse(plan.as_dict()) == plan
