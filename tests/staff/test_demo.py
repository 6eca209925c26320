"""The demo's people, and the command that gives a program a token."""

from random import Random

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from crm.staff import demo, services
from crm.staff.models import User

pytestmark = pytest.mark.django_db


def test_the_demo_has_the_people_that_its_documents_name(client, settings):
    settings.LOGIN_REDIRECT_URL = "/me/"

    demo.seed(Random(1), scale=0)

    found = {user.username: (user.role.code, str(user.team)) for user in User.objects.all()}
    assert found == {
        "admin": ("administrator", "None"),
        "dana": ("manager", "None"),
        "alice": ("agent", "North"),
        "bob": ("agent", "North"),
        "charlie": ("agent", "South"),
        "vera": ("viewer", "None"),
    }
    assert client.post(reverse("account_login"), {"login": "vera", "password": "demo"}).status_code == 302


def test_the_same_seed_makes_the_same_people():
    demo.seed(Random(7))

    teams = list(User.objects.order_by("username").values_list("username", "team__name"))
    assert len(teams) == 12
    assert {team for _name, team in teams} == {None, "North", "South"}


def test_a_token_is_printed_alone(capsys):
    demo.seed(Random(1), scale=0)

    call_command("api_token", "alice", "--name", "script")

    printed = capsys.readouterr().out
    user, token = services.user_for_token(printed.strip())
    assert (printed.count("\n"), user.username, token.name) == (1, "alice", "script")


def test_nobody_gets_no_token():
    with pytest.raises(CommandError, match="nobody-here"):
        call_command("api_token", "nobody-here")
