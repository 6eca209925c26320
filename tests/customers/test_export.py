"""The list as a file: what the reader may see and nothing else, and the import knows it again."""

import csv
import io
from datetime import date

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.records import transfer
from customers import exports, services
from customers.filters import CustomerFilter
from customers.imports.columns import propose
from customers.imports.plan import Plan
from customers.imports.tables import COLUMNS
from customers.imports.writing import import_customers
from customers.models import Customer, Tag
from tests.factories import make_customer

pytestmark = pytest.mark.django_db

URL = "/customers/export/"


def download(browser, query=""):
    response = browser.get(URL + query)
    assert response.status_code == 200

    async def collect():
        return [block async for block in response.streaming_content]

    blocks = async_to_sync(collect)()
    return list(csv.DictReader(io.StringIO(b"".join(blocks).decode("utf-8-sig"))))


def test_the_export_has_what_the_filter_shows(browser_of, everybody):
    make_customer(everybody.alice, name="Anna", stage="vip")
    make_customer(everybody.bob, name="Ben", stage="lead")
    make_customer(everybody.charlie, name="Out of sight", stage="vip")
    assert [row["name"] for row in download(browser_of("alice"))] == ["Anna", "Ben"]
    assert [row["name"] for row in download(browser_of("alice"), "?stage=vip")] == ["Anna"]
    assert len(download(browser_of("dana"))) == 3


def test_who_may_not_export_is_refused(browser_of, client):
    assert browser_of("vera").get(URL).status_code == 403
    assert client.get(URL).status_code == 302
    assert browser_of("alice").post(URL).status_code == 405


def test_contact_details_are_masked_for_who_may_not_see_them(browser_of, customer, everybody):
    role = everybody.vera.role
    role.may_export = True
    role.save()
    (row,) = download(browser_of("vera"))
    assert row["name"] == "Aisha Rahman"
    assert "aisha@kestrel.example" not in row["emails"]
    assert "0199" not in row["phones"]


def test_the_trash_is_not_exported(browser_of, customer, everybody):
    services.trash_customer(customer.pk, actor=everybody.alice, version=1)
    assert download(browser_of("alice")) == []


def test_a_wrong_filter_is_refused(browser_of):
    assert browser_of("alice").get(f"{URL}?owner=x").status_code == 400


def test_formulas_are_harmless(browser_of, everybody):
    make_customer(everybody.alice, name="=HYPERLINK(1)", phones=["+441134960199"], tags=["@x"])
    (row,) = download(browser_of("alice"))
    assert (row["name"], row["phones"], row["tags"]) == ("'=HYPERLINK(1)", "'+441134960199", "'@x")


def test_pages_of_the_export_lose_and_double_nobody(everybody, monkeypatch):
    monkeypatch.setattr(exports, "PAGE", 2)
    for number in range(5):
        make_customer(everybody.alice, name=f"Person {number}")
    rows = exports.export_rows(CustomerFilter(), everybody.alice)
    names = []
    for row in rows:
        names.append(row[2])
        if row[2] == "Person 1":
            moved = Customer.objects.get(name="Person 0")
            services.update_customer(moved.pk, actor=everybody.alice, version=1, changes={"city": "York"})
    assert names == ["name", *(f"Person {number}" for number in range(5))]


LINE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=30).filter(str.strip)
WORD = st.text(st.sampled_from("abc=+-@'\";,| é王"), max_size=12)
FACTS = st.fixed_dictionaries(
    {"name": LINE.filter(lambda text: text.strip("\ufeff\u200b"))},
    optional={
        "title": WORD,
        "street": WORD,
        "postcode": WORD,
        "city": WORD,
        "reference": WORD,
        "source": WORD,
        "country": st.sampled_from(["GB", "CN", "DE"]),
        "emails": st.lists(st.sampled_from(["a@b.example", "c+d@e.example", "-x@y.example"]), unique=True),
        "phones": st.lists(st.sampled_from(["+441134960199", "+8613812345678"]), unique=True),
        "tags": st.lists(WORD.filter(str.strip), max_size=3),
        "stage": st.sampled_from(["vip", "at_risk"]),
        "kind": st.sampled_from(["person", "company"]),
        "born_on": st.dates(date(1930, 1, 1), date(2020, 1, 1)).map(str),
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=FACTS)
def test_what_is_exported_is_imported_as_it_was(everybody, tmp_path, facts):
    with transaction.atomic():
        held = make_customer(everybody.alice, **facts)
        path = tmp_path / "customers.csv"
        lines = transfer.csv_lines(exports.export_rows(CustomerFilter(), everybody.alice))
        path.write_text("".join(lines), encoding="utf-8", newline="")
        (_, header), *rows = transfer.records(path, transfer.recognise(path))
        plan = Plan(tuple(propose(header, [])))
        (result,) = import_customers([(n, plan.facts(cells)) for n, cells in rows], actor=everybody.alice)
        assert not result.reason
        first, second = Customer.objects.filter(pk__in=[held.pk, result.customer_id]).values(*COLUMNS)
        assert first == second
        Customer.objects.all().delete()
        Tag.objects.all().delete()
