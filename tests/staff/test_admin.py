"""Django admin writes through the services: the same rules, the same log, and never over a newer version."""

import pytest
from django.contrib import admin
from django.urls import reverse

from crm.records.models import Change, ChangeNew
from crm.staff import services
from crm.staff.models import ApiToken, Role, Team, User
from tests.factories import make_team, make_user, number_changes, people, set_role

pytestmark = pytest.mark.django_db


def change_url(row):
    return reverse(f"admin:staff_{row._meta.model_name}_change", args=[row.pk])


def opened(client, row):
    """The form's fields as a browser would send them back."""
    form = client.get(change_url(row)).context["adminform"].form
    return {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}


def errors(response):
    return response.context["adminform"].form.errors


@pytest.mark.parametrize("name", ["dana", "alice", "vera"])
def test_only_administrators_enter(client, name):
    client.force_login(getattr(people(), name))

    assert client.get("/admin/", follow=True).status_code == 403
    assert client.get("/admin/staff/user/", follow=True).status_code == 403


def test_every_list_and_form_opens(admin_client):
    alice = make_user("alice")
    services.create_token(alice, name="export")
    number_changes()
    apps = {"staff", "records", "mfa", "usersessions"}

    for model in (each for each in admin.site._registry if each._meta.app_label in apps):
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        assert admin_client.get(url).status_code == 200, model
    for row in (alice, alice.role, make_team("South"), ApiToken.objects.get(), Change.objects.first()):
        url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
        assert admin_client.get(url).status_code == 200, row
    for name in ("user", "team", "role"):
        assert admin_client.get(reverse(f"admin:staff_{name}_add")).status_code == 200


def test_a_user_is_made_by_the_service(admin_client):
    role, team = Role.objects.get(code="viewer"), make_team("South")
    form = {"username": "eve", "email": "Eve@Pulse.example", "role": role.pk, "team": team.pk, "is_active": "on"}

    admin_client.post(reverse("admin:staff_user_add"), {**form, "new_password": "a very long passphrase"})

    eve = User.objects.get(username="eve")
    assert (eve.email, eve.role, eve.team, eve.is_active) == ("eve@pulse.example", role, team, True)
    assert eve.check_password("a very long passphrase")


def test_an_edit_is_the_administrators_in_the_log(admin_client):
    alice = make_user("alice", first_name="Alice")
    form = opened(admin_client, alice)

    admin_client.post(change_url(alice), form | {"first_name": "Alicia"})

    change = ChangeNew.objects.filter(record="user", record_id=alice.pk).latest("id")
    actor = User.objects.get(username="admin").pk
    assert (change.before, change.actor_id, change.way) == ({"first_name": "Alice"}, actor, "admin")


def test_saving_without_a_change_writes_nothing(admin_client):
    alice = make_user("alice")

    assert admin_client.post(change_url(alice), opened(admin_client, alice)).status_code == 302

    assert ChangeNew.objects.filter(record="user", record_id=alice.pk).count() == 1


@pytest.mark.parametrize("is_numbered", [False, True])
def test_what_others_changed_meanwhile_is_kept(admin_client, is_numbered):
    alice, south = make_user("alice", first_name="Alice", last_name="Moreau"), make_team("South")
    form = opened(admin_client, alice)
    services.change_user(alice.pk, version=1, changes={"last_name": "Morel", "team": south.pk})
    if is_numbered:
        number_changes()

    assert admin_client.post(change_url(alice), form | {"first_name": "Alicia"}).status_code == 302

    alice.refresh_from_db()
    assert (alice.first_name, alice.last_name, alice.team) == ("Alicia", "Morel", south)


def test_the_same_field_is_a_form_error_with_both_values(admin_client):
    alice = make_user("alice", first_name="Alice")
    form = opened(admin_client, alice)
    set_role(alice, "viewer")
    services.change_user(alice.pk, version=2, changes={"first_name": "Alix"})
    manager = Role.objects.get(code="manager")

    mine = {"first_name": "Alicia", "role": manager.pk, "last_name": "M"}
    refused = admin_client.post(change_url(alice), form | mine)

    alice.refresh_from_db()
    assert refused.status_code == 200
    assert "“Alix”" in errors(refused)["first_name"][0]
    assert "“Viewer”" in errors(refused)["role"][0]
    assert refused.context["adminform"].form["first_name"].value() == "Alicia"
    assert (alice.first_name, alice.last_name, alice.role.code, alice.version) == ("Alix", "", "viewer", 3)


def test_a_form_without_the_opened_version_is_refused(admin_client):
    alice = make_user("alice")
    form = opened(admin_client, alice) | {"first_name": "Alicia"}

    for wrong in ({}, {"opened_version": "x"}, {"opened_version": ""}):
        refused = admin_client.post(change_url(alice), {**form, "opened_version": ""} | wrong)
        assert "opened_version" in errors(refused)
    assert User.objects.get(pk=alice.pk).version == 1


def test_the_last_administrator_is_not_locked_out(admin_client):
    root = User.objects.get(username="admin")
    form = opened(admin_client, root)

    for wrong in ({"role": Role.objects.get(code="agent").pk}, {"is_active": ""}):
        refused = admin_client.post(change_url(root), form | wrong)
        assert "last administrator" in errors(refused)["__all__"][0]
    assert admin_client.get("/admin/").status_code == 200


def test_ones_own_new_password_keeps_one_signed_in(admin_client):
    root = User.objects.get(username="admin")

    admin_client.post(change_url(root), opened(admin_client, root) | {"new_password": "a very long passphrase"})

    assert User.objects.get(pk=root.pk).check_password("a very long passphrase")
    assert admin_client.get("/admin/").status_code == 200


def test_a_common_password_is_refused(admin_client):
    alice = make_user("alice")

    refused = admin_client.post(change_url(alice), opened(admin_client, alice) | {"new_password": "password"})

    assert "new_password" in errors(refused)


def test_teams_and_roles_are_written_by_their_services(admin_client):
    admin_client.post(reverse("admin:staff_team_add"), {"name": "East"})
    admin_client.post(reverse("admin:staff_role_add"), {"code": "clerk", "name": "Clerk", "view": "own", "edit": "own"})
    east, clerk = Team.objects.get(name="East"), Role.objects.get(code="clerk")

    admin_client.post(change_url(east), opened(admin_client, east) | {"name": "Far East"})
    admin_client.post(change_url(clerk), opened(admin_client, clerk) | {"view": "team", "is_administrator": "on"})

    east.refresh_from_db()
    clerk.refresh_from_db()
    assert (east.name, east.version) == ("Far East", 2)
    assert (clerk.view, clerk.is_administrator, clerk.version) == ("team", False, 2)


def test_nothing_is_deleted_and_the_log_is_only_read(admin_client):
    alice = make_user("alice")
    number_changes()
    change = Change.objects.latest("seq")

    for row in (alice, alice.role, change):
        url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_delete", args=[row.pk])
        assert admin_client.post(url, {"post": "yes"}).status_code == 403
    assert admin_client.get(reverse("admin:records_change_add")).status_code == 403
    url = reverse("admin:records_change_change", args=[change.pk])
    assert admin_client.post(url, {"record": "forged"}).status_code == 403
    assert Change.objects.get(pk=change.pk).record == change.record


def test_the_log_is_found_by_record_and_way(admin_client):
    alice, bob = make_user("alice"), make_user("bob")
    number_changes()
    url = reverse("admin:records_change_changelist")

    def found(**query):
        return [(row.record, row.record_id) for row in admin_client.get(url, query).context["cl"].result_list]

    assert found(q=f"user:{alice.pk}") == [("user", alice.pk)]
    assert ("user", bob.pk) in found(record="user", way="sql")
    assert found(record="team") == []
    assert found(way="admin") == []


def test_actions_sign_out_and_forget_and_revoke(admin_client):
    alice = make_user("alice")
    token, plain = services.create_token(alice, name="export")

    def act(name, model, row):
        url = reverse(f"admin:staff_{model}_changelist")
        return admin_client.post(url, {"action": name, "_selected_action": [row.pk]})

    assert act("sign_out", "user", alice).status_code == 302
    assert act("forget_second_factors", "user", alice).status_code == 302
    assert act("revoke", "apitoken", token).status_code == 302
    assert services.user_for_token(plain) is None
