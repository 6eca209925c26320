"""Keyset paging walks every row once, in order, whatever the order."""

import json

import pytest
from django.core.exceptions import ValidationError

from crm.records.paging import decode, encode, page
from customers.filters import SORTS, sort_named
from customers.live import CUSTOMER
from customers.models import Customer
from tests.factories import make_customer, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", list(SORTS))
def test_every_row_comes_once_and_in_order(name):
    alice = make_user("alice", team=make_team())
    names = ["b", "A", "c", "王", "É", "b", "a", "ΟΔΟΣ", "οδοσ", "İzmir"]
    for each in names:
        make_customer(alice, name=each)
    sort, seen, after = sort_named(name), [], None
    while True:
        found = page(Customer.objects.visible_to(alice), sort, CUSTOMER.project, CUSTOMER.columns, after=after, limit=1)
        seen += found.rows
        after = found.next
        if after is None or len(seen) > len(names):
            break
    assert len({row["id"] for row in seen}) == len(seen) == len(names)
    keys = [sort.of(row) for row in seen]
    assert keys == sorted(keys, reverse=sort.descending)


@pytest.mark.parametrize("cursor", ["", "x", "!!", "bnVsbA", "WzEsMl0x", "WyJhIiwgImIiXQ"])
def test_a_cursor_that_we_never_gave_is_refused(cursor):
    with pytest.raises(ValidationError):
        decode(cursor, sort_named("name"))


@pytest.mark.parametrize(
    ("key", "row_id"),
    [
        ("a", 2**63),
        ("a", -1),
        ("a", 10**400),
        ("a", float("inf")),
        ("a\x00b", 1),
        ("\ud800", 1),
        ([], {}),
        (None, None),
    ],
)
@pytest.mark.parametrize("form", [encode, json.dumps])
def test_a_cursor_that_the_database_cannot_hold_is_refused(key, row_id, form):
    with pytest.raises(ValidationError):
        decode(form([key, row_id]), sort_named("name"))


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-01T00:00:00", ""]
)
def test_a_moment_that_no_row_can_have_is_refused(moment):
    with pytest.raises(ValidationError):
        decode(encode([moment, 1]), sort_named("-updated"))


def test_an_offset_that_the_database_does_not_know_is_understood():
    alice = make_user("alice", team=make_team())
    cursor = encode(["2026-01-01T00:00:00+23:59", 1])
    rows = Customer.objects.visible_to(alice)
    assert page(rows, sort_named("-updated"), CUSTOMER.project, CUSTOMER.columns, after=cursor, limit=2).rows == []
