"""The list: what it shows to whom, in which order, and that its cost does not grow with its rows."""

import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from customers.counts import week_start
from customers.filters import CustomerFilter
from customers.models import Customer, Tag
from customers.views.chrome import COLUMNS
from tests.factories import make_customer, number_changes

pytestmark = pytest.mark.django_db


def names(response):
    return re.findall(r'data-field="name">([^<]+)<', response.content.decode())


def plan_of(customers):
    """How PostgreSQL would find these customers if reading the whole table were out of the question."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    return customers.explain()


def make_many(actor, count):
    facts = {"owner": actor, "team": actor.team}
    Customer.objects.bulk_create(Customer(name=f"Customer {number:03}", **facts) for number in range(count))


def test_each_sees_her_own_and_her_teams(everybody, browser_of):
    make_customer(everybody.alice, name="Of North")
    make_customer(everybody.charlie, name="Of South")

    assert names(browser_of("bob").get("/customers/")) == ["Of North"]
    assert names(browser_of("charlie").get("/customers/")) == ["Of South"]
    assert sorted(names(browser_of("dana").get("/customers/"))) == ["Of North", "Of South"]


def test_page_costs_the_same_for_one_row_and_for_twenty(everybody, browser_of, django_assert_max_num_queries):
    make_many(everybody.alice, 20)
    alice = browser_of("alice")
    alice.get("/customers/")

    with django_assert_max_num_queries(4) as full:
        assert len(names(alice.get("/customers/"))) == 20
    with django_assert_max_num_queries(4) as one:
        assert len(names(alice.get("/customers/?q=019"))) == 1
    assert len(full) == len(one)


def test_rows_for_htmx_cost_less(everybody, browser_of, django_assert_max_num_queries):
    make_many(everybody.alice, 20)
    alice = browser_of("alice", htmx="list")
    alice.get("/customers/")

    with django_assert_max_num_queries(4):
        assert len(names(alice.get("/customers/"))) == 20


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", ["Cäsar", "bo", "Anna"]),
        ("-updated", ["Cäsar", "bo", "Anna"]),
        ("updated", ["Anna", "bo", "Cäsar"]),
        ("name", ["Anna", "bo", "Cäsar"]),
        ("-name", ["Cäsar", "bo", "Anna"]),
        ("-created", ["Cäsar", "bo", "Anna"]),
    ],
)
def test_orders(everybody, browser_of, sort, expected):
    for name in ("Anna", "bo", "Cäsar"):
        make_customer(everybody.alice, name=name)

    assert names(browser_of("alice").get("/customers/", {"sort": sort})) == expected


@pytest.fixture
def some(everybody):
    vip = Tag.objects.create(name="wholesale")
    make_customer(everybody.alice, name="Aisha Rahman", stage="vip", tags=[vip.pk], emails=["aisha@kestrel.example"])
    make_customer(everybody.alice, name="Bo Ek", stage="lost", city="Leeds", owner=everybody.bob.pk)
    make_customer(everybody.alice, name="Kestrel Health", kind="company", stage="active")
    return {"tag": vip.pk, "alice": everybody.alice.pk, "bob": everybody.bob.pk}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("stage=vip", ["Aisha Rahman"]),
        ("stage=vip&stage=lost", ["Aisha Rahman", "Bo Ek"]),
        ("owner={bob}", ["Bo Ek"]),
        ("tag={tag}", ["Aisha Rahman"]),
        ("kind=company", ["Kestrel Health"]),
        ("q=lee", ["Bo Ek"]),
        ("q=kestrel", ["Aisha Rahman", "Kestrel Health"]),
        ("q=kestrel&kind=person", ["Aisha Rahman"]),
        ("created_since=2000-01-01", ["Aisha Rahman", "Bo Ek", "Kestrel Health"]),
        ("created_since=2999-01-01", []),
    ],
)
def test_filters(some, browser_of, query, expected):
    assert names(browser_of("alice").get(f"/customers/?sort=name&{query.format(**some)}")) == expected


def test_viewers_find_nobody_by_contact_details(some, browser_of):
    assert names(browser_of("vera").get("/customers/?q=aisha@kestrel")) == []
    assert names(browser_of("vera").get("/customers/?q=aisha")) == ["Aisha Rahman"]
    assert "aisha@kestrel" not in browser_of("vera").get("/customers/").content.decode()


def test_tags_are_found_by_their_index(everybody):
    wanted = CustomerFilter(tag=(1, 2))

    assert "customers_customer_tags" in plan_of(Customer.objects.all().matching(wanted, everybody.dana.access))


@pytest.mark.parametrize(
    "query", ["sort=size", "owner=me", "created_since=soon", "after=nonsense", "before=!", "tag=" + "9" * 40]
)
def test_what_there_is_not_is_a_bad_request(everybody, browser_of, query):
    assert browser_of("alice").get(f"/customers/?{query}").status_code == 400


def test_pages_forwards_backwards_and_last(everybody, browser_of):
    make_many(everybody.alice, 220)
    alice, expected = browser_of("alice"), [f"Customer {number:03}" for number in range(220)]

    def follow(response, rel):
        found = re.search(rf'rel="{rel}" href="([^"]+)"', response.content.decode())
        return alice.get(found[1].replace("&amp;", "&")) if found else None

    first = alice.get("/customers/?sort=name")
    second = follow(first, "next")
    third = follow(second, "next")
    assert [names(page) for page in (first, second, third)] == [expected[:100], expected[100:200], expected[200:]]
    assert follow(third, "next") is None
    assert names(follow(third, "prev")) == expected[100:200]
    assert names(follow(follow(third, "prev"), "prev")) == expected[:100]
    assert follow(first, "prev") is None

    last = alice.get("/customers/?sort=name&last=1")
    assert names(last) == expected[120:]
    assert names(follow(last, "prev")) == expected[20:120]


def test_only_the_first_page_is_a_live_view(everybody, browser_of):
    make_many(everybody.alice, 110)
    alice = browser_of("alice")

    first = alice.get("/customers/?stage=lead&sort=name").content.decode()
    view = json.loads(re.search(r'data-view="([^"]+)"', first)[1].replace("&quot;", '"'))
    assert view == {"view": "customers", "filter": {"stage": ["lead"]}, "sort": "name"}
    assert 'data-more="true"' in first
    assert "data-view" not in alice.get("/customers/?stage=lead&sort=name&last=1").content.decode()


def test_rows_carry_their_place_in_the_order(everybody, browser_of):
    customer = make_customer(everybody.alice, name="Åsa")

    row = re.search(r'data-key="([^"]+)"', browser_of("alice").get("/customers/?sort=name").content.decode())[1]
    assert json.loads(row.replace("&quot;", '"')) == ["åsa", customer.pk]


def test_cells_stand_in_the_order_of_their_heads(customer, browser_of):
    page = browser_of("alice").get("/customers/").content.decode()
    cells = re.findall(r'<td[^>]* data-column="(\w+)"', page)

    assert cells == ["pick", *(column.name for column in COLUMNS)]
    assert re.findall(r'<th[^>]* data-column="(\w+)"', page) == cells


def test_tabs_count_what_each_may_see(everybody, browser_of):
    make_customer(everybody.alice)
    make_customer(everybody.bob)
    make_customer(everybody.charlie)
    old = make_customer(everybody.alice)
    Customer.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=30))
    gone = make_customer(everybody.alice)
    Customer.objects.filter(pk=gone.pk).update(deleted_at=timezone.now())
    number_changes()

    page = browser_of("alice").get("/customers/").content.decode()
    counts = dict(re.findall(r'data-figure="([\w.]+)"[^>]*>([\d,]+)<', page))
    mine = f"owners.{everybody.alice.pk}"
    del counts["unread"]
    assert counts == {"count": "3", "everybody": "3", mine: "2", "week": "2", "trash": "1"}


def test_tab_of_what_is_shown_is_current(everybody, browser_of):
    alice = browser_of("alice")

    def current(path):
        found = re.findall(r'href="([^"]+)" aria-current="page">\w+ ', alice.get(path).content.decode())
        return [address.replace("&amp;", "&") for address in found]

    mine, week = f"/customers/?owner={everybody.alice.pk}", f"/customers/?created_since={week_start()}&sort=-created"
    for path in ("/customers/", mine, week, "/customers/trash/"):
        assert current(path) == [path]
    assert current("/customers/?stage=vip") == ["/customers/"]


def test_columns_are_left_out_as_the_cookie_says(customer, browser_of):
    alice = browser_of("alice")

    def hidden():
        return re.search(r'data-hidden="([^"]*)"', alice.get("/customers/").content.decode())[1].split()

    assert hidden() == ["country", "created", "emails", "phones", "team", "title"]
    alice.cookies["customer_columns"] = "tags.name.nonsense"
    assert hidden() == ["tags"]


def test_who_may_change_nothing_selects_nothing(customer, browser_of):
    page = browser_of("vera").get("/customers/").content.decode()

    assert "pick" in re.search(r'data-hidden="([^"]*)"', page)[1]
    assert 'id="bulk"' not in page
    assert "/customers/new/" not in page


def test_htmx_gets_the_rows_and_the_shortest_address(some, browser_of):
    alice = browser_of("alice", htmx="list")
    answer = alice.get("/customers/?q=&sort=-updated&stage=vip&kind=")

    assert answer["HX-Push-Url"] == "/customers/?stage=vip"
    assert "<html" not in answer.content.decode()
    typed = alice.get("/customers/?q=ai&stage=vip", headers={"HX-Trigger-Name": "q"})
    assert typed["HX-Replace-Url"] == "/customers/?q=ai&stage=vip"
    assert "HX-Request" in typed["Vary"]


def test_the_list_is_exported_as_it_is_filtered_by_who_may(some, browser_of):
    query = "?q=kestrel&stage=active&sort=name"
    page = browser_of("alice").get(f"/customers/{query}").content.decode()
    part = browser_of("alice", htmx="list").get(f"/customers/{query}").content.decode()

    link = 'id="export" class="btn ghost" href="/customers/export/?q=kestrel&amp;stage=active"'
    assert page.count(link) == part.count(link) == 1
    assert 'id="export"' not in browser_of("vera").get("/customers/").content.decode()


def test_an_empty_list_says_what_to_do(everybody, browser_of):
    alice = browser_of("alice")

    assert "No customers yet" in alice.get("/customers/").content.decode()
    assert "No customer matches" in alice.get("/customers/?q=xyz").content.decode()
