"""The log is written by the database: whatever the way, one committed change is one row."""

import pytest
from django.core.checks import run_checks
from django.db import DatabaseError, connection, models

from crm.records import checks
from crm.records.context import acting
from crm.records.models import ChangeNew, Logged
from customers import services
from customers.models import ContactPoint, Customer, Tag
from tests.factories import make_customer, people

pytestmark = pytest.mark.django_db


def logged(record="customer"):
    return list(
        ChangeNew.objects.filter(record=record).order_by("id").values("op", "version", "before", "actor_id", "way")
    )


@pytest.fixture
def alice():
    return people().alice


def test_an_insert_is_one_row_with_all_columns(alice):
    with acting(alice.pk, "screen"):
        customer = make_customer(alice, emails=["a@b.example"])
    assert logged() == [{"op": "c", "version": 1, "before": None, "actor_id": alice.pk, "way": "screen"}]
    data = ChangeNew.objects.get(record="customer").data
    assert (data["emails"], data["owner_id"], data["id"]) == (["a@b.example"], alice.pk, customer.pk)


def test_an_update_logs_what_changed_as_it_was(alice):
    customer = make_customer(alice, city="Leeds")
    with acting(alice.pk, "api"):
        services.update_customer(customer.pk, actor=alice, version=1, changes={"title": "Head"})
    assert logged()[1:] == [{"op": "u", "version": 2, "before": {"title": ""}, "actor_id": alice.pk, "way": "api"}]


def test_an_update_that_changes_nothing_keeps_the_version_and_logs_nothing(alice):
    customer = make_customer(alice, title="Head")
    Customer.objects.filter(pk=customer.pk).update(title="Head")
    customer.refresh_from_db()
    assert (customer.version, len(logged())) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_plain_sql_is_logged_without_actor_and_way(alice):
    customer = make_customer(alice)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE customers_customer SET title = 'x', version = 99 WHERE id = %s", [customer.pk])
    assert logged()[1:] == [{"op": "u", "version": 2, "before": {"title": ""}, "actor_id": None, "way": None}]


def test_a_bulk_update_logs_every_row(alice):
    for number in range(3):
        make_customer(alice, name=f"Customer {number}")
    Customer.objects.update(stage="vip")
    assert [row["before"] for row in logged()[3:]] == [{"stage_id": "lead"}] * 3


@pytest.mark.django_db(transaction=True)
def test_a_stamp_ends_with_its_statement_outside_transactions(alice):
    with acting(alice.pk, "worker"):
        Tag.objects.create(name="vip")
    Tag.objects.create(name="renewal")
    assert [(row["actor_id"], row["way"]) for row in logged("tag")] == [(alice.pk, "worker"), (None, None)]


@pytest.mark.django_db(transaction=True)
def test_a_delete_is_logged_with_the_last_columns(alice):
    customer = make_customer(alice, title="Head")
    customer.delete()
    assert logged()[-1] == {"op": "d", "version": 2, "before": None, "actor_id": None, "way": None}
    assert ChangeNew.objects.get(record="customer", op="d").data["title"] == "Head"


@pytest.mark.django_db(transaction=True)
def test_truncate_of_a_record_table_is_refused(alice):
    make_customer(alice)
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="refused"):
        cursor.execute("SET pulse.allow_truncate = 'off'; TRUNCATE customers_customer CASCADE")
    assert Customer.objects.count() == 1


def test_a_part_written_anywhere_folds_into_its_customer_as_one_change(alice):
    customer = make_customer(alice, emails=["a@b.example"])
    ContactPoint.objects.create(customer=customer, kind="email", value="second@b.example", position=1)
    customer.refresh_from_db()
    assert (customer.emails, customer.version) == (["a@b.example", "second@b.example"], 2)
    assert logged()[1]["before"] == {"emails": ["a@b.example"]}


def test_changing_emails_through_the_service_is_one_change_and_keeps_parts_equal(alice):
    customer = make_customer(alice, emails=["a@b.example"], phones=["+441134960199"])
    services.update_customer(customer.pk, actor=alice, version=1, changes={"emails": ["c@d.example", "a@b.example"]})
    customer.refresh_from_db()
    assert (customer.version, customer.emails) == (2, ["c@d.example", "a@b.example"])
    points = customer.contact_points.filter(kind="email").order_by("position")
    assert [point.value for point in points] == customer.emails
    assert customer.contact_points.filter(kind="phone").count() == 1


def test_renaming_a_company_is_a_change_of_each_of_its_people(alice):
    company = make_customer(alice, name="Kestrel", kind="company")
    person = make_customer(alice, name="Aisha", company=company.pk)
    assert person.company_name == "Kestrel"
    services.update_customer(company.pk, actor=alice, version=1, changes={"name": "Kestrel Health"})
    person.refresh_from_db()
    assert (person.company_name, person.version) == ("Kestrel Health", 2)


def test_the_scope_of_a_note_is_that_of_its_customer(alice):
    customer = make_customer(alice)
    services.add_note(customer.pk, actor=alice, body="Call back")
    note = ChangeNew.objects.get(record="note")
    assert (note.root, note.owner_id, note.team_id) == (customer.topic, alice.pk, alice.team_id)


def test_who_is_made_owner_by_somebody_else_is_assigned(alice):
    customer = make_customer(alice)
    bob = type(alice).objects.get(username="bob")
    services.update_customer(customer.pk, actor=alice, version=1, changes={"owner": bob.pk})
    rows = ChangeNew.objects.filter(record="customer").order_by("id")
    assert rows[1].assigned_id == bob.pk


def test_the_checks_are_content_with_code_and_database():
    assert not [each for each in run_checks(databases=["default"]) if each.id.startswith("records.")]


def test_the_checks_find_a_model_and_a_table_without_triggers(monkeypatch):
    class Forgetful(Logged):
        class Meta:
            app_label = "records"
            managed = False
            db_table = "forgetful"

        name = models.TextField()

    monkeypatch.setattr(checks, "logged_models", lambda: [Forgetful])
    assert [each.id for each in checks.check_declared(None)] == ["records.E001"]
    monkeypatch.setattr(checks, "declared", lambda _model: [1, 2])
    assert [each.id for each in checks.check_installed(None, databases=["default"])] == ["records.E003"]
