"""The second factor: made, asked for, replaced by a recovery code once, and taken away again."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client
from django.urls import reverse

from tests.factories import make_user

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery staple"


@pytest.fixture
def alice():
    return make_user("alice", password=PASSWORD)


def sign_in(client):
    return client.post(reverse("account_login"), {"login": "alice", "password": PASSWORD})


def is_signed_in(client):
    return client.get("/me/").status_code == 200


def code(secret):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


@pytest.fixture
def secret(client, alice, clock):
    """alice has set up an app that makes codes, by the pages."""
    sign_in(client)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    assert client.post(reverse("mfa_activate_totp"), {"code": "000000"}).status_code == 200
    assert not Authenticator.objects.exists()
    client.post(reverse("mfa_activate_totp"), {"code": code(secret)})
    assert Authenticator.objects.filter(user=alice, type="totp").exists()
    return secret


def test_once_made_a_code_is_asked_for_and_a_wrong_one_is_refused(secret, clock):
    browser = Client()
    assert sign_in(browser)["Location"].startswith(reverse("mfa_authenticate"))
    assert not is_signed_in(browser)
    assert browser.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 200
    assert not is_signed_in(browser)
    clock.shift(31)  # each code opens once
    browser.post(reverse("mfa_authenticate"), {"code": code(secret)})
    assert is_signed_in(browser)


def test_a_recovery_code_opens_once(secret, client, alice):
    codes = Authenticator.objects.get(user=alice, type="recovery_codes").wrap().get_unused_codes()
    assert codes[0] in client.get(reverse("mfa_view_recovery_codes")).content.decode()
    for browser, opens in ((Client(), True), (Client(), False)):
        sign_in(browser)
        browser.post(reverse("mfa_authenticate"), {"code": codes[0]})
        assert is_signed_in(browser) is opens


def test_new_recovery_codes_make_the_old_ones_void(secret, client, alice):
    kept = Authenticator.objects.filter(user=alice, type="recovery_codes")
    old = kept.get().wrap().get_unused_codes()
    client.post(reverse("mfa_generate_recovery_codes"))
    assert set(old).isdisjoint(kept.get().wrap().get_unused_codes())
    browser = Client()
    sign_in(browser)
    browser.post(reverse("mfa_authenticate"), {"code": old[0]})
    assert not is_signed_in(browser)


def test_taken_away_the_password_is_enough_again(secret, client, alice):
    client.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.filter(user=alice).exists()
    browser = Client()
    sign_in(browser)
    assert is_signed_in(browser)


@pytest.mark.parametrize("name", ["mfa_activate_totp", "mfa_add_webauthn"])
def test_a_factor_is_made_only_by_who_has_lately_shown_who_she_is(name, client, alice):
    client.force_login(alice)
    assert client.get(reverse(name))["Location"].startswith(reverse("account_reauthenticate"))
