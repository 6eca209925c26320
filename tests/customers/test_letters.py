"""Names whose small letters depend on where they stand, or are two: found, imported and told apart like any others."""

import pytest

from customers import search
from customers.imports.checking import Known
from customers.imports.writing import Way, import_customers
from customers.live import CUSTOMER
from customers.models import Customer, Tag
from tests.factories import make_customer

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["ΝΙΚΟΣ ΟΔΟΣ", "Νίκος Οδός", "İstanbul", "Straße"])
def test_who_is_typed_as_she_is_written_is_found(everybody, name):
    customer = make_customer(everybody.alice, name=name)

    assert list(Customer.objects.filter(search.condition(name, True))) == [customer]
    assert search.admits(name, CUSTOMER.project(vars(customer)), True)


def test_a_company_and_a_tag_that_are_there_are_taken(everybody):
    way = Way(everybody.alice, Known.load(everybody.alice, "GR"))
    for name in ("Anna", "Ben"):
        row = {"name": name, "company": "ΟΤΕ ΑΣ", "tags": ["ΝΙΚΟΣ"]}
        import_customers([(2, row)], actor=everybody.alice, way=way)

    assert Customer.objects.filter(kind="company").count() == 1
    people = Customer.objects.filter(kind="person")
    assert {tuple(each.tags) for each in people} == {(Tag.objects.get().pk,)}
