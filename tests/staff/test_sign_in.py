"""Signing in: who may, how often one may try, and what ends it."""

import re
import time

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import caches
from django.test import Client
from django.urls import reverse

from crm.staff import services
from crm.staff.models import User
from tests.factories import deactivate_user, make_user, set_role

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def _landing(settings):
    settings.LOGIN_REDIRECT_URL = "/me/"


@pytest.fixture
def alice():
    return make_user("alice", password=PASSWORD)


def sign_in(client, login="alice", password=PASSWORD):
    return client.post(reverse("account_login"), {"login": login, "password": password})


def is_signed_in(client):
    return client.get("/me/").status_code == 200


@pytest.mark.parametrize("login", ["alice", "Alice", "alice@pulse.example", "ALICE@pulse.example"])
def test_username_and_email_sign_in(client, alice, login):
    assert sign_in(client, login).status_code == 302
    assert is_signed_in(client)


def test_a_wrong_password_says_what_is_wrong_but_not_which(client, alice):
    unknown, wrong = sign_in(client, "nobody"), sign_in(client, "alice", "not it")

    errors = [response.context["form"].non_field_errors() for response in (unknown, wrong)]
    assert errors[0] == errors[1] == ["This username or e-mail and this password do not belong together."]


def test_nobody_signs_up_by_herself(client):
    url = reverse("account_signup")
    form = {"email": "eve@x.example", "username": "eve", "password1": PASSWORD, "password2": PASSWORD}

    assert client.get(url).status_code == 200
    client.post(url, form)

    assert not User.objects.filter(username="eve").exists()


def test_a_deactivated_user_is_signed_out_and_stays_out(client, alice):
    sign_in(client)
    deactivate_user(alice, actor=make_user("admin", "administrator"))

    assert Session.objects.count() == 0
    assert not is_signed_in(client)
    assert sign_in(client)["Location"] == reverse("account_inactive")
    assert not is_signed_in(client)


@pytest.fixture
def _valkey_down(settings):
    settings.CACHES = settings.CACHES | {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/2"}}
    caches["default"].set("is", "down")
    assert caches["default"].get("is") is None


@pytest.mark.usefixtures("_valkey_down")
def test_sign_in_goes_on_and_limits_hold_while_valkey_is_down(client, alice):
    sign_in(client)
    assert is_signed_in(client)
    client.post(reverse("account_logout"))

    for _attempt in range(5):
        sign_in(client, password="guess")
    refused = sign_in(client)

    assert refused.context["form"].non_field_errors() == [
        "Too many failed attempts. Wait five minutes, or ask an administrator."
    ]
    assert not is_signed_in(client)


@pytest.mark.usefixtures("_valkey_down")
def test_a_second_factor_is_asked_for_and_each_code_opens_once(client, alice, clock):
    secret = "JBSWY3DPEHPK3PXP"
    TOTP.activate(alice, secret)
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))

    assert sign_in(client)["Location"].startswith(reverse("mfa_authenticate"))
    assert not is_signed_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code})
    assert is_signed_in(client)

    client.post(reverse("account_logout"))
    sign_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code})
    assert not is_signed_in(client)


def test_a_new_password_ends_every_other_session(client, alice):
    elsewhere = Client()
    sign_in(client)
    sign_in(elsewhere)
    form = {"oldpassword": PASSWORD, "password1": "another long passphrase", "password2": "another long passphrase"}

    client.post(reverse("account_change_password"), form)

    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert Session.objects.count() == 1


def test_a_forgotten_password_is_set_by_mail_and_a_stranger_gets_none(client, alice):
    reset = reverse("account_reset_password")
    client.post(reset, {"email": "stranger@pulse.example"})
    assert mail.outbox == []
    client.post(reset, {"email": "alice@pulse.example"})
    link = re.search(r"http://testserver(\S+)", mail.outbox[0].body)[1]

    form = client.get(link, follow=True).redirect_chain[-1][0]
    client.post(form, {"password1": "another long passphrase", "password2": "another long passphrase"})

    assert not sign_in(Client()).has_header("Location")
    assert sign_in(client, password="another long passphrase").status_code == 302


def test_a_new_password_does_not_write_back_what_others_changed(client, alice):
    sign_in(client)
    stale = User.objects.get(pk=alice.pk)
    set_role(alice, "viewer")

    services.set_password(stale, "another long passphrase")

    assert User.objects.get(pk=alice.pk).role.code == "viewer"


def test_admin_is_entered_by_the_products_own_sign_in(client, alice):
    login = reverse("account_login")

    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == f"{login}?next=%2Fadmin%2F"
    client.force_login(alice)
    assert client.get("/admin/login/").status_code == 403


def test_every_page_needs_a_sign_in_and_a_fragment_sends_its_whole_page_there(client):
    login = reverse("account_login")

    assert client.get("/me/")["Location"] == f"{login}?next=/me/"
    fragment = client.get("/notifications/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/me/"})
    assert (fragment.status_code, fragment["HX-Redirect"]) == (200, f"{login}?next=/me/")
    assert fragment.content == b""
