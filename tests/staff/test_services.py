"""What may be done to users, roles and tokens, by whom, and how often."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from crm.records.errors import Conflict, NotEditable, NotVisible
from crm.staff import services
from crm.staff.models import ApiToken, Role, User
from tests.factories import deactivate_user, make_user, people, set_role

pytestmark = pytest.mark.django_db


def test_only_administrators_change_staff():
    everybody = people()

    for actor in (everybody.dana, everybody.alice, everybody.vera):
        with pytest.raises(NotEditable):
            set_role(everybody.bob, "administrator", actor=actor)
        with pytest.raises(NotEditable):
            services.create_user(username="eve", role="administrator", actor=actor)
        with pytest.raises(NotEditable):
            services.change_role(everybody.vera.role_id, version=1, changes={"edit": "all"}, actor=actor)

    assert User.objects.get(username="bob").role.code == "agent"
    assert not User.objects.filter(username="eve").exists()


def test_the_role_says_who_enters_django_admin():
    alice = make_user("alice")

    set_role(alice, "administrator")
    assert (alice.is_staff, alice.is_superuser, alice.has_perm("staff.change_user")) == (True, True, True)

    make_user("admin", "administrator")
    set_role(alice, "viewer")
    assert (alice.is_staff, alice.is_superuser, alice.has_perm("staff.change_user")) == (False, False, False)


@pytest.mark.parametrize("name", ["ALICE", "alice"])
def test_a_name_or_address_is_one_persons_in_any_case(name):
    make_user("alice")

    with pytest.raises(ValidationError, match="username"):
        services.create_user(username=name)
    with pytest.raises(ValidationError, match="e-mail"):
        services.create_user(username="other", email=f"{name}@PULSE.example")


def test_the_last_administrator_stays():
    admin = make_user("admin", "administrator")

    with pytest.raises(ValidationError, match="last administrator"):
        deactivate_user(admin, actor=admin)
    with pytest.raises(ValidationError, match="last administrator"):
        set_role(admin, "agent", actor=admin)

    kept = User.objects.get(pk=admin.pk)
    assert (kept.is_active, kept.role.code, kept.version) == (True, "administrator", 1)


def test_the_administering_role_keeps_its_right():
    role = Role.objects.get(code="administrator")

    with pytest.raises(ValidationError, match="administers"):
        services.change_role(role.pk, version=role.version, changes={"is_administrator": False})


@pytest.mark.django_db(transaction=True)
def test_two_administrators_cannot_take_each_other_away_at_the_same_time():
    one, two = make_user("one", "administrator"), make_user("two", "administrator")
    at_once, refused = threading.Barrier(2), []

    def deactivate(user, actor):
        try:
            at_once.wait(5)
            deactivate_user(user, actor=actor)
        except ValidationError as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=deactivate, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert len(refused) == 1
    assert User.objects.filter(is_active=True).count() == 1


def test_changes_to_other_fields_merge_and_to_the_same_field_conflict():
    alice = make_user("alice", first_name="Alice", last_name="Moreau")
    services.change_user(alice.pk, version=1, changes={"first_name": "Alicia"})

    services.change_user(alice.pk, version=1, changes={"last_name": "Morel"})
    services.change_user(alice.pk, version=1, changes={"first_name": "Alicia"})
    with pytest.raises(Conflict) as caught:
        services.change_user(alice.pk, version=1, changes={"first_name": "Alix"})

    alice.refresh_from_db()
    assert (alice.first_name, alice.last_name, alice.version) == ("Alicia", "Morel", 3)
    assert caught.value.version == 3
    assert caught.value.conflicts == {"first_name": {"yours": "Alix", "theirs": "Alicia"}}


def test_a_token_lets_its_user_in_until_it_is_revoked():
    alice, charlie = make_user("alice"), make_user("charlie")
    token, plain = services.create_token(alice, name="export")

    assert plain.startswith("pulse_")
    assert len(plain) == len("pulse_") + 43
    assert services.user_for_token(plain) == (alice, token)
    assert services.user_for_token(plain + "x") is None
    assert not ApiToken.objects.filter(digest__contains=plain).exists()

    with pytest.raises(NotVisible):
        services.revoke_token(token.pk, actor=charlie)
    assert services.user_for_token(plain) == (alice, token)
    services.revoke_token(token.pk, actor=alice)
    revoked_at = ApiToken.objects.get().revoked_at
    services.revoke_token(token.pk, actor=alice)
    assert services.user_for_token(plain) is None
    assert ApiToken.objects.get().revoked_at == revoked_at


def test_a_deactivated_users_token_opens_nothing():
    alice = make_user("alice")
    _token, plain = services.create_token(alice, name="export")

    deactivate_user(alice)

    assert services.user_for_token(plain) is None


def test_the_use_of_a_token_is_noted_once_a_minute(django_assert_num_queries):
    _token, plain = services.create_token(make_user("alice"), name="export")
    services.user_for_token(plain)
    first = ApiToken.objects.get().last_used_at

    with django_assert_num_queries(1):
        services.user_for_token(plain)
    assert ApiToken.objects.get().last_used_at == first
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        services.user_for_token(plain)
    assert ApiToken.objects.get().last_used_at > first
