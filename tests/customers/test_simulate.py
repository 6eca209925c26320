"""The simulation works through the real services and the real API, and leaves nothing behind."""

import threading
from io import StringIO
from random import Random

import pytest
from django.core.management import CommandError, call_command

from crm.records.models import ChangeNew
from crm.requests.models import Request
from crm.staff.models import ApiToken
from customers.models import Customer
from customers.simulation import Counts, Person, ServiceDoor
from tests.factories import make_customer, people

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff():
    staff = people()
    for number in range(4):
        make_customer(staff.alice, name=f"Person {number}", country="GB")
        make_customer(staff.charlie, name=f"Other {number}", country="CN")
    return staff


def test_people_work_by_both_doors_and_their_tokens_end(staff, live_server):
    ChangeNew.objects.all().delete()
    before, said = threading.active_count(), StringIO()
    call_command("simulate", rate=60, seconds=2, url=live_server.url, stdout=said)
    lines = said.getvalue().splitlines()
    assert len(lines) == 2
    assert all("failed 0" in line for line in lines)
    logged = ChangeNew.objects.filter(record__in=["customer", "note", "followup"])
    assert {"worker", "api"} <= set(logged.values_list("way", flat=True))
    assert {*logged.values_list("actor_id", flat=True)} <= {
        staff.alice.pk,
        staff.bob.pk,
        staff.charlie.pk,
        staff.dana.pk,
    }
    assert logged.count() > 40
    assert {*Request.objects.values_list("kind", flat=True)} <= {"change_details", "call_back", "consent", "ask"}
    assert Request.objects.exists()
    assert not ApiToken.objects.filter(revoked_at=None).exists()
    assert threading.active_count() <= before + 1


def test_an_api_that_is_away_is_said_and_the_services_go_on(staff):
    said = StringIO()
    call_command("simulate", rate=40, seconds=1, url="http://127.0.0.1:1", stdout=said)
    (line,) = said.getvalue().splitlines()
    assert "failed 0" not in line
    assert "services 0" not in line


def test_without_demo_people_there_is_nothing_to_simulate(transactional_db):
    with pytest.raises(CommandError):
        call_command("simulate", seconds=1)


@pytest.mark.parametrize("kind", ["edit", "note", "plan", "finish", "welcome", "collide", "request"])
def test_everything_that_people_do_can_be_done(staff, kind):
    counts = Counts()
    person = Person([ServiceDoor(staff.alice), ServiceDoor(staff.alice)], counts, Random(1))
    do = getattr(person, kind)
    person.plan(person.doors[0])
    before = ChangeNew.objects.count()
    counts.time("done", lambda: do(person.doors[0]))
    assert counts.held["done"] == 1
    assert ChangeNew.objects.count() > before


def test_of_two_at_once_one_is_asked(staff):
    counts = Counts()
    customer = Customer.objects.filter(owner=staff.alice).first()
    person = Person([ServiceDoor(staff.alice), ServiceDoor(staff.bob)], counts, Random(1))
    person.pick = lambda: customer.pk
    person.collide(person.doors[0])
    customer.refresh_from_db()
    assert (counts.held["conflicts"], customer.version) == (1, 2)
