"""Who may see and change what follows from the role, and is asked of the database and of a row alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.records.access import Access, Reach
from crm.staff.models import Role, User
from tests.factories import make_user, people

pytestmark = pytest.mark.django_db


def test_roles_reach_as_far_as_the_migration_says():
    everybody = people()

    assert {name: (user.access.view, user.access.edit) for name, user in vars(everybody).items()} == {
        "admin": (Reach.ALL, Reach.ALL),
        "dana": (Reach.ALL, Reach.ALL),
        "alice": (Reach.TEAM, Reach.TEAM),
        "bob": (Reach.TEAM, Reach.TEAM),
        "charlie": (Reach.TEAM, Reach.TEAM),
        "vera": (Reach.ALL, Reach.NONE),
    }
    assert [name for name, user in vars(everybody).items() if not user.access.sees_contacts] == ["vera"]
    assert [name for name, user in vars(everybody).items() if user.is_staff or user.is_superuser] == ["admin"]


def test_a_user_brings_her_role_along(django_assert_num_queries):
    make_user("alice")

    with django_assert_num_queries(1):
        assert User.objects.get(username="alice").access.view is Reach.TEAM


def test_a_deactivated_user_reaches_nothing():
    admin = User(role=Role.objects.get(code="administrator"), is_active=False)

    assert (admin.access.view, admin.access.edit, admin.access.is_administrator) == (Reach.NONE, Reach.NONE, False)
    assert not admin.has_perm("staff.change_user")


@given(
    reach=st.sampled_from(Reach),
    mine=st.booleans(),
    owner=st.sampled_from([None, 1, 2]),
    team=st.sampled_from([None, 1, 2]),
    own_team=st.sampled_from([None, 1]),
)
def test_the_rule_says_of_a_row_what_it_says_to_the_database(reach, mine, owner, team, own_team):
    access = Access(user_id=1 if mine else 3, team_id=own_team, view=reach, edit=Reach.NONE)
    condition, params = access.sql("view", "r")

    assert access.admits({"owner_id": owner, "team_id": team}) is rule_in_database(condition, params, owner, team)


def rule_in_database(condition, params, owner, team):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM (SELECT %s::bigint AS owner_id, %s::bigint AS team_id) r WHERE {condition}",
            [owner, team, *params],
        )
        return cursor.fetchone()[0] == 1
