"""The guarded write: other fields merge, the same field asks, and a denied write changes nothing."""

import pytest
from django.core.exceptions import ValidationError

from crm.records.errors import Conflict, NotEditable, NotVisible
from crm.records.models import ChangeNew
from customers import services
from customers.models import Customer
from tests.factories import make_customer, number_changes, people

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return people()


@pytest.fixture
def customer(staff):
    return make_customer(staff.alice, city="Leeds", phones=["+441134960142"])


def change(customer, actor, version, **changes):
    return services.update_customer(customer.pk, actor=actor, version=version, changes=changes)


def changes_logged():
    return ChangeNew.objects.filter(record="customer").count()


@pytest.mark.parametrize("is_numbered", [True, False])
def test_saves_of_different_fields_merge(staff, customer, is_numbered):
    change(customer, staff.bob, 1, title="Head")
    if is_numbered:
        number_changes()
    row = change(customer, staff.alice, 1, city="York")
    assert (row["version"], row["title"], row["city"]) == (3, "Head", "York")


@pytest.mark.parametrize("is_numbered", [True, False])
def test_saves_of_the_same_field_ask_and_write_nothing(staff, customer, is_numbered):
    change(customer, staff.bob, 1, phones=["+441134960199"])
    if is_numbered:
        number_changes()
    with pytest.raises(Conflict) as refused:
        change(customer, staff.alice, 1, phones=["+441134960200"], title="Head")
    assert refused.value.version == 2
    assert refused.value.conflicts == {"phones": {"yours": ["+441134960200"], "theirs": ["+441134960199"]}}
    customer.refresh_from_db()
    assert (customer.version, customer.phones, customer.title) == (2, ["+441134960199"], "")


def test_the_same_value_on_both_sides_is_no_conflict(staff, customer):
    change(customer, staff.bob, 1, title="Head")
    assert change(customer, staff.alice, 1, title="Head")["version"] == 2


def test_a_field_changed_there_and_back_is_no_conflict_with_its_own_value(staff, customer):
    change(customer, staff.bob, 1, title="Head")
    change(customer, staff.bob, 2, title="")
    assert change(customer, staff.alice, 1, city="York")["version"] == 4


def test_a_version_that_never_was_is_refused(staff, customer):
    with pytest.raises(ValidationError):
        change(customer, staff.alice, 7, title="Head")


def test_a_teammate_may_change(staff, customer):
    assert change(customer, staff.bob, 1, title="Head")["title"] == "Head"


@pytest.mark.parametrize(("who", "error"), [("charlie", NotVisible), ("vera", NotEditable)])
def test_who_may_not_changes_nothing_and_announces_nothing(staff, customer, who, error):
    before = changes_logged()
    with pytest.raises(error):
        change(customer, getattr(staff, who), 1, title="Mine")
    with pytest.raises(error):
        services.trash_customer(customer.pk, actor=getattr(staff, who), version=1)
    customer.refresh_from_db()
    assert (customer.version, customer.title, customer.deleted_at) == (1, "", None)
    assert changes_logged() == before


def test_bad_input_names_every_wrong_field_and_changes_nothing(staff, customer):
    with pytest.raises(ValidationError) as refused:
        change(customer, staff.alice, 1, emails=["nonsense"], stage="nowhere", phones=["12"], name=" ", shoe="43")
    assert set(refused.value.message_dict) == {"emails", "stage", "phones", "name", "shoe"}
    customer.refresh_from_db()
    assert customer.version == 1


def test_handing_over_to_another_team_takes_the_team_along(staff, customer):
    row = change(customer, staff.alice, 1, owner=staff.charlie.pk)
    assert (row["owner"], row["team"]) == (staff.charlie.pk, staff.charlie.team_id)
    assert not Customer.objects.visible_to(staff.bob).exists()


def test_trash_hides_and_restore_brings_back(staff, customer):
    services.trash_customer(customer.pk, actor=staff.alice, version=1)
    assert not Customer.objects.visible_to(staff.alice).exists()
    with pytest.raises(NotVisible):
        change(customer, staff.alice, 2, title="Head")
    assert services.restore_customer(customer.pk, actor=staff.bob)["version"] == 3
    assert services.restore_customer(customer.pk, actor=staff.bob)["version"] == 3


def test_a_stale_delete_says_what_changed(staff, customer):
    change(customer, staff.bob, 1, title="Head")
    with pytest.raises(Conflict) as refused:
        services.trash_customer(customer.pk, actor=staff.alice, version=1)
    assert refused.value.conflicts == {"title": {"yours": None, "theirs": "Head"}}


def test_phone_numbers_are_kept_in_e164_and_emails_normalised(staff):
    made = make_customer(staff.alice, phones=["0113 496 0199", "+44 113 496 0199"], emails=["A.B@EXAMPLE.com"])
    assert (made.phones, made.emails) == (["+441134960199"], ["A.B@example.com"])


def test_a_doubled_contact_point_keeps_its_first_place(staff):
    made = make_customer(staff.alice, emails=["a@x.example", "b@x.example", "A@x.example"])
    assert made.emails == ["a@x.example", "b@x.example"]
