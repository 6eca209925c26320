"""The palette finds customers as one types, marks the words, and offers what can be done with them."""

import re

import pytest
from django.db import connection

from customers.filters import CustomerFilter
from customers.models import Customer
from tests.factories import change, make_customer

pytestmark = pytest.mark.django_db


def hits(browser, q):
    page = browser.get("/search/", {"q": q}).content.decode()
    return [re.sub(r"<.*?>", "", name) for name in re.findall(r"<b>(.*?)</b>", page)]


@pytest.fixture
def some(everybody):
    make_customer(everybody.alice, name="Omar Abdulrahman")
    make_customer(everybody.alice, name="Aisha Rahman", emails=["aisha@kestrel.example"])
    make_customer(everybody.bob, name="Rahm Consulting", kind="company", city="Haifa")
    make_customer(everybody.charlie, name="Rahman of South")
    make_customer(everybody.alice, name="王小明")


def test_names_that_begin_so_come_first_and_others_customers_never(some, browser_of):
    assert hits(browser_of("alice"), "rahm") == ["Rahm Consulting", "Aisha Rahman", "Omar Abdulrahman"]
    assert hits(browser_of("charlie"), "rahm") == ["Rahman of South"]
    assert hits(browser_of("alice"), "王") == ["王小明"]
    assert hits(browser_of("alice"), "rahm cons") == ["Rahm Consulting"]


def test_who_is_given_a_customer_finds_it_and_who_gave_it_away_does_not(everybody, browser_of):
    given = make_customer(everybody.alice, name="Omar Abdulrahman")
    change(given, everybody.dana, owner=everybody.charlie.pk)

    assert hits(browser_of("charlie"), "omar") == ["Omar Abdulrahman"]
    assert hits(browser_of("alice"), "omar") == []
    change(given, everybody.dana, team=everybody.alice.team_id)
    assert hits(browser_of("alice"), "omar") == ["Omar Abdulrahman"]


def test_the_index_leaves_out_what_others_see(everybody):
    matching = Customer.objects.matching(CustomerFilter(q="rahman"), everybody.alice.access)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")

    assert re.search(r"Index Cond: .*\(readers &&", matching.explain())


def test_what_matched_is_marked_in_names_and_contacts(some, browser_of):
    page = browser_of("alice").get("/search/?q=kestrel").content.decode()
    assert "aisha@<mark>kestrel</mark>.example" in page
    assert "Aisha <mark>Rahm</mark>an" in browser_of("alice").get("/search/?q=rahm").content.decode()


def test_viewers_find_nothing_by_contacts(some, browser_of):
    assert hits(browser_of("vera"), "kestrel") == []
    assert "aisha@" not in browser_of("vera").get("/search/?q=aisha").content.decode()


def test_words_become_actions_for_who_may(some, browser_of):
    page = browser_of("alice").get("/search/", {"q": 'a "b" <c>'}).content.decode()

    assert 'href="/customers/new/?name=a%20%22b%22%20%3Cc%3E"' in page
    assert 'href="/customers/?q=a+%22b%22+%3Cc%3E"' in page
    assert "<c>" not in page
    assert "/customers/new/" not in browser_of("vera").get("/search/?q=a").content.decode()


def test_nothing_asked_nothing_answered(some, browser_of):
    assert browser_of("alice").get("/search/?q=+").content == b""


def test_the_cost_does_not_grow_with_what_is_found(everybody, browser_of, django_assert_max_num_queries):
    for number in range(20):
        make_customer(everybody.alice, name=f"Rahman {number}")
    alice = browser_of("alice")
    hits(alice, "rahman")

    with django_assert_max_num_queries(5):
        assert len(hits(alice, "rahman")) == 8
