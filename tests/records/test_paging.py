"""Keyset paging walks every row once, in order, whatever the order."""

import pytest
from django.core.exceptions import ValidationError

from crm.records.paging import decode, page
from customers.filters import SORTS, sort_named
from customers.live import CUSTOMER
from customers.models import Customer
from tests.factories import make_customer, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", list(SORTS))
def test_every_row_comes_once_and_in_order(name):
    alice = make_user("alice", team=make_team())
    for number in range(7):
        make_customer(alice, name=["b", "A", "c", "王", "É", "b", "a"][number])
    sort, seen, after = sort_named(name), [], None
    while True:
        found = page(Customer.objects.visible_to(alice), sort, CUSTOMER.project, CUSTOMER.columns, after=after, limit=2)
        seen += found.rows
        after = found.next
        if after is None:
            break
    assert len({row["id"] for row in seen}) == len(seen) == 7
    keys = [sort.of(row) for row in seen]
    assert keys == sorted(keys, reverse=sort.descending)


@pytest.mark.parametrize("cursor", ["", "x", "!!", "bnVsbA", "WzEsMl0x", "WyJhIiwgImIiXQ"])
def test_a_cursor_that_we_never_gave_is_refused(cursor):
    with pytest.raises(ValidationError):
        decode(cursor, sort_named("name"))
