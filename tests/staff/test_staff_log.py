"""What happens to staff is in the log, whoever writes it; what is private is not."""

import hashlib

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection

from crm.records.models import ChangeNew
from crm.staff import services
from tests.factories import deactivate_user, make_team, make_user, set_role

pytestmark = pytest.mark.django_db


def last_change(record):
    return ChangeNew.objects.filter(record=record).latest("id")


def test_role_team_and_leave_are_changes_with_their_actor():
    admin, alice, south = make_user("admin", "administrator"), make_user("alice"), make_team("South")
    agent, viewer = alice.role_id, make_user("vera", "viewer").role_id

    set_role(alice, "viewer", actor=admin)
    change = last_change("user")
    assert (change.record_id, change.op, change.version, change.actor_id) == (alice.pk, "u", 2, admin.pk)
    assert (change.before, change.data["role_id"]) == ({"role_id": agent}, viewer)

    services.change_user(alice.pk, version=2, changes={"team": south.pk}, actor=admin)
    assert (last_change("user").before, last_change("user").data["team_id"]) == ({"team_id": None}, south.pk)

    alice.refresh_from_db()
    deactivate_user(alice, actor=admin)
    assert (last_change("user").before, last_change("user").data["is_active"]) == ({"is_active": True}, False)


def test_plain_sql_is_logged_too():
    alice = make_user("alice")

    with connection.cursor() as cursor:
        cursor.execute("UPDATE staff_user SET is_active = false WHERE id = %s", [alice.pk])

    assert (last_change("user").before, last_change("user").actor_id) == ({"is_active": True}, None)


def test_what_is_private_makes_no_version_and_is_in_no_row():
    alice = make_user("alice")
    services.set_password(alice, "a long and private password")
    services.save_settings(alice, theme="dark", time_zone="Europe/Paris", language="en")
    services.mark_notifications_seen(alice, 7)
    token, plain = services.create_token(alice, name="export")
    services.user_for_token(plain)

    alice.refresh_from_db()
    assert (alice.version, alice.theme, alice.seen_seq) == (1, "dark", 7)
    assert ChangeNew.objects.filter(record="user", record_id=alice.pk).count() == 1
    assert ChangeNew.objects.filter(record="apitoken").count() == 1
    unlogged = {"password", "last_login", "seen_seq", "theme", "time_zone", "language", "digest", "last_used_at"}
    assert all(unlogged.isdisjoint(change.data) for change in ChangeNew.objects.all())
    assert token.digest not in str(list(ChangeNew.objects.values_list("data", flat=True)))


def test_the_end_of_a_session_is_logged_by_its_digest_alone():
    store = SessionStore()
    store.create()
    key = store.session_key

    store.delete()

    change = last_change("session")
    assert (change.root, change.op) == ("session:0", "d")
    assert change.data == {"digest": hashlib.sha256(key.encode()).hexdigest()}
