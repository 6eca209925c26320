"""A passkey from the settings page to signing in with it alone, with an authenticator that Chromium plays."""

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse
from playwright.sync_api import expect

from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "correct horse battery staple"


@pytest.fixture
def authenticator(page):
    """Holds passkeys and lets its owner use them without a touch."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


@pytest.fixture
def site(live_server, settings):
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True  # the test's server speaks HTTP
    return live_server.url


def test_a_passkey_is_made_and_signs_in_without_a_password(site, page, authenticator):
    alice = make_user("alice", password=PASSWORD)
    page.goto(f"{site}/accounts/login/")
    page.locator("input[name=login]").fill("alice")
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}/")

    page.goto(site + reverse("mfa_add_webauthn"))
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.locator("input[name=name]").fill("My laptop")
    page.locator("input[name=passwordless]").check()
    page.locator("#mfa_webauthn_add").click()
    expect(page.get_by_text("recovery", exact=False).first).to_be_visible()
    assert Authenticator.objects.filter(user=alice, type="webauthn").count() == 1

    page.context.clear_cookies()
    page.goto(f"{site}/accounts/login/")
    page.locator("#passkey_login").click()
    page.wait_for_url(f"{site}/")
    page.goto(f"{site}/me/")
    expect(page).to_have_url(f"{site}/me/")


def test_a_passkey_that_is_not_there_is_said(site, page, authenticator):
    page.goto(f"{site}/accounts/login/")
    page.locator("#passkey_login").click()
    expect(page.locator("[data-passkey-error]")).to_be_visible()
    page.goto(f"{site}/me/")
    expect(page).to_have_url(f"{site}/accounts/login/?next=/me/")
