"""Demo data: believable, the same each time, and only where nobody works yet unless asked for."""

from io import StringIO
from random import Random

import pytest
from django.core.management import call_command

from crm.records.models import ChangeNew
from crm.staff.models import User
from customers import demo, facts
from customers.models import Customer, FollowUp, Note
from tests.factories import make_customer

pytestmark = pytest.mark.django_db


def names():
    return list(
        Customer.objects.order_by("name", "created_at").values_list("name", "emails", "phones", "stage_id", "city")
    )


def test_the_demo_replaces_what_was_there(everybody):
    make_customer(everybody.alice, name="Mine")
    call_command("demo", scale=0.1)
    assert not Customer.objects.filter(name="Mine").exists()
    assert User.objects.get(username="alice").check_password("demo")
    assert ChangeNew.objects.filter(record="customer", op="d").exists()


def test_the_demo_leaves_a_database_with_people_alone(everybody):
    make_customer(everybody.alice, name="Mine")
    call_command("demo", if_empty=True)
    assert Customer.objects.get().name == "Mine"


def test_the_demo_is_the_same_each_time(everybody):
    call_command("demo", scale=0.2)
    first = names()
    call_command("demo", scale=0.2, stdout=StringIO())
    assert names() == first


def test_the_demo_is_believable(everybody):
    demo.seed(Random(7), 0.5)
    customers = Customer.objects.all()
    people, companies = customers.filter(kind="person"), customers.filter(kind="company")
    assert people.count() == 150
    assert companies.count() > 50
    assert {user.username for user in User.objects.filter(pk__in=customers.values("owner"))} == {*demo.OWNERS}
    assert len(set(customers.values_list("country", flat=True))) > 10
    assert people.filter(name__regex="^[\u4e00-\u9fff]{2,3}$").exists()
    assert people.exclude(company=None).exclude(company_name="").count() > 60
    assert len(set(customers.values_list("created_at__month", flat=True))) > 4
    assert Note.objects.count() > 50
    assert FollowUp.objects.filter(done_at=None).count() > 20


def test_every_contact_of_the_demo_would_be_accepted(everybody):
    demo.seed(Random(7), 0.5)
    for emails, phones, country in Customer.objects.values_list("emails", "phones", "country"):
        assert facts.emails(emails) == emails
        assert facts.phones(phones, country) == phones
