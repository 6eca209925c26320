"""The one rule of access, said twice (query and predicate), must say the same; filters likewise."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.records.access import Access, Reach
from customers.filters import CustomerFilter
from customers.live import CUSTOMER
from customers.models import Customer
from tests.factories import make_customer, make_team, make_user

REACHES = list(Reach)


@pytest.mark.django_db
@pytest.mark.parametrize("reach", REACHES)
@pytest.mark.parametrize("has_team", [True, False])
def test_query_predicate_sql_and_search_admit_the_same_rows(reach, has_team):
    north, south = make_team("North"), make_team("South")
    alice, bob = make_user("alice", team=north), make_user("bob", team=south)
    for owner in (alice, bob):
        for team in (north.pk, south.pk, None):
            make_customer(owner, team=team)
    make_customer(alice, owner=None, team=None)
    access = Access(alice.pk, north.pk if has_team else None, reach, reach)
    rows = list(Customer.objects.values("id", "owner_id", "team_id"))
    by_query = set(Customer.objects.visible_to(SimpleNamespace(access=access)).values_list("pk", flat=True))
    clause, params = access.sql("edit", "customers_customer")
    by_sql = {each.pk for each in Customer.objects.raw(f"SELECT id FROM customers_customer WHERE {clause}", params)}
    by_search = {each.pk for each in Customer.objects.matching(CustomerFilter(q="aisha"), access)}
    assert by_query == {row["id"] for row in rows if access.admits(row)} == by_sql == by_search


WORDS = st.sampled_from(
    ["", "an", "anna", "leeds", "王", "王芳", "a@b", "anna@b.ex", "nna@c", "+44", "a b", "x'y", "%", "_", "\\"]
)


@pytest.mark.django_db
@pytest.mark.parametrize("sees_contacts", [True, False])
def test_filter_says_the_same_in_the_database_and_on_a_projection(sees_contacts):
    alice = make_user("alice", team=make_team())
    made = [
        make_customer(alice, name="Anna 王芳", city="Leeds", stage="vip", tags=["one"]),
        make_customer(alice, name="Bo % _ \\ x'y", kind="company", emails=["anna@b.example"], phones=["+441134960199"]),
        make_customer(alice, name="ÉTIENNE", city="YORK", reference="A B-7"),
    ]
    tag = made[0].tags[0]
    access = Access(alice.pk, alice.team_id, Reach.ALL, Reach.ALL, sees_contacts=sees_contacts)
    rows = [CUSTOMER.project(row) for row in Customer.objects.values(*CUSTOMER.columns)]

    @given(
        q=WORDS,
        more=st.sampled_from([{}, {"stage": ["vip"]}, {"tag": [tag]}, {"kind": "company"}, {"owner": [alice.pk]}]),
    )
    def check(q, more):
        wanted = CustomerFilter.parse({"q": q, **more})
        by_query = set(Customer.objects.matching(wanted, access).values_list("pk", flat=True))
        assert by_query == {row["id"] for row in rows if wanted.admits(row, access)}

    check()


@pytest.mark.django_db
def test_contact_details_are_not_found_by_who_may_not_see_them():
    alice = make_user("alice", team=make_team())
    make_customer(alice, emails=["hidden@secret.example"])
    seeing = Access(1, None, Reach.ALL, Reach.ALL, sees_contacts=True)
    blind = Access(1, None, Reach.ALL, Reach.ALL, sees_contacts=False)
    wanted = CustomerFilter(q="hidden")
    assert Customer.objects.matching(wanted, seeing).count() == 1
    assert Customer.objects.matching(wanted, blind).count() == 0
