"""Columns and parts of a customer say the same, whichever of them was written, and by whom."""

import pytest
from django.db import connection

from crm.records.models import ChangeNew
from customers.models import ContactPoint, Customer
from tests.factories import make_customer, make_user

pytestmark = pytest.mark.django_db

LEEDS = {"street": "1 High Street", "postcode": "LS1 4DY", "city": "Leeds", "region": "Yorkshire", "country": "GB"}
BLANK = dict.fromkeys(LEEDS, "")
EMAIL, PHONE, ADDRESS = ContactPoint.Kind


@pytest.fixture
def aisha():
    return make_customer(make_user("alice"), emails=["a@x.example", "b@x.example"], phones=["+441134960199"], **LEEDS)


def parts(customer, kind):
    return list(ContactPoint.objects.filter(customer=customer, kind=kind).order_by("position", "id"))


def values(customer, kind):
    return [(part.position, part.value) for part in parts(customer, kind)]


def versions(customer):
    return list(ChangeNew.objects.filter(record="customer", record_id=customer.pk).values_list("version", flat=True))


def write(customer, **columns):
    """As plain SQL does."""
    Customer.objects.filter(pk=customer.pk).update(**columns)


def test_a_new_customer_has_its_parts(aisha):
    assert values(aisha, EMAIL) == [(0, "a@x.example"), (1, "b@x.example")]
    assert values(aisha, PHONE) == [(0, "+441134960199")]
    (address,) = parts(aisha, ADDRESS)
    assert {name: getattr(address, name) for name in LEEDS} == LEEDS
    assert versions(aisha) == [1]


def test_parts_follow_the_columns_in_one_change(aisha):
    write(aisha, emails=["c@x.example", "a@x.example"], phones=[])

    assert values(aisha, EMAIL) == [(0, "c@x.example"), (1, "a@x.example")]
    assert values(aisha, PHONE) == []
    assert versions(aisha) == [1, 2]


def test_a_part_keeps_its_label_as_long_as_its_value_stays(aisha):
    ContactPoint.objects.filter(customer=aisha).update(label="work")
    write(aisha, emails=["B@x.example", "c@x.example"])

    assert [(part.value, part.label) for part in parts(aisha, EMAIL)] == [("B@x.example", "work"), ("c@x.example", "")]


def test_a_value_given_twice_is_one_part(aisha):
    write(aisha, emails=["d@x.example", "D@x.example", "e@x.example"])

    assert values(aisha, EMAIL) == [(0, "d@x.example"), (2, "e@x.example")]


def test_the_first_address_follows_and_others_stay(aisha):
    ContactPoint.objects.create(customer=aisha, kind=ADDRESS, position=1, city="York")
    write(aisha, city="Hull")
    assert [part.city for part in parts(aisha, ADDRESS)] == ["Hull", "York"]

    write(aisha, **BLANK)
    assert [part.city for part in parts(aisha, ADDRESS)] == ["", "York"]


def test_an_emptied_address_is_no_part_and_comes_back(aisha):
    write(aisha, **BLANK)
    assert parts(aisha, ADDRESS) == []

    write(aisha, city="Hull")
    assert [part.city for part in parts(aisha, ADDRESS)] == ["Hull"]


def test_columns_follow_the_parts_in_one_change(aisha):
    ContactPoint.objects.filter(customer=aisha, kind=ADDRESS).update(city="York")
    ContactPoint.objects.filter(customer=aisha, value="a@x.example").delete()

    aisha.refresh_from_db()
    assert (aisha.city, aisha.emails, aisha.version) == ("York", ["b@x.example"], 3)
    assert values(aisha, EMAIL) == [(1, "b@x.example")]


def test_other_changes_leave_the_parts_alone(aisha):
    before = [part.pk for kind in ContactPoint.Kind for part in parts(aisha, kind)]
    write(aisha, title="Buyer", emails=aisha.emails)

    assert [part.pk for kind in ContactPoint.Kind for part in parts(aisha, kind)] == before


def test_many_at_once_are_each_their_own(aisha):
    others = [make_customer(aisha.owner, phones=[f"+4411349601{number}"]) for number in range(10, 30)]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE customers_customer SET phones = ARRAY['+44' || id], city = 'Town ' || id")

    for each in (aisha, *others):
        assert values(each, PHONE) == [(0, f"+44{each.pk}")]
        assert [part.city for part in parts(each, ADDRESS)] == [f"Town {each.pk}"]
        assert versions(each) == [1, 2]
