"""One's own settings, tokens and sessions: each is one's own alone."""

import logging

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse

from crm.staff import services
from crm.staff.models import ApiToken, User
from tests.factories import make_user

pytestmark = pytest.mark.django_db

SETTINGS = {"theme": "dark", "time_zone": "Europe/Paris", "language": "de"}
TWO_LANGUAGES = [("en", "English"), ("de", "Deutsch")]


@pytest.fixture
def alice():
    return make_user("alice", first_name="Alice", last_name="Moreau")


@pytest.fixture
def hers(client, alice):
    client.force_login(alice)
    return client


def test_settings_are_shown_and_saved(hers, alice, settings):
    settings.LANGUAGES = TWO_LANGUAGES
    assert "Alice Moreau" in hers.get("/me/").content.decode()

    assert hers.post("/me/", SETTINGS)["Location"] == "/me/"

    alice.refresh_from_db()
    assert {name: getattr(alice, name) for name in SETTINGS} == SETTINGS

    hers.post("/me/", dict.fromkeys(SETTINGS, "auto"))

    alice.refresh_from_db()
    assert (alice.theme, alice.time_zone, alice.language) == ("auto", "", "")


@pytest.mark.parametrize("wrong", [{"theme": "neon"}, {"time_zone": "Mars/Olympus"}, {"language": "xx"}])
def test_settings_that_there_are_not_change_nothing(hers, alice, settings, wrong):
    settings.LANGUAGES = TWO_LANGUAGES
    assert hers.post("/me/", SETTINGS | wrong).status_code == 422

    alice.refresh_from_db()
    assert (alice.theme, alice.time_zone, alice.language) == ("auto", "", "")


def test_the_theme_is_kept(hers, alice):
    assert hers.post("/me/theme/", {"theme": "dark"}).status_code == 204
    assert hers.post("/me/theme/", {"theme": "neon"}).status_code == 422

    alice.refresh_from_db()
    assert alice.theme == "dark"


def test_a_new_token_is_shown_once(hers, alice):
    created = hers.post("/me/tokens/", {"name": "export"})

    plain = created.context["new_token"]
    assert created.status_code == 201
    assert "no-store" in created["Cache-Control"]
    assert plain in created.content.decode()
    assert services.user_for_token(plain)[0] == alice
    assert plain not in hers.get("/me/").content.decode()


def test_a_token_without_a_name_is_not_made(hers):
    assert hers.post("/me/tokens/", {"name": ""}).status_code == 422
    assert not ApiToken.objects.exists()


def test_a_token_is_revoked_by_its_owner_alone(hers, alice):
    token, plain = services.create_token(alice, name="export")
    outsider = Client()
    outsider.force_login(make_user("charlie"))
    url = reverse("staff:token_revocation", args=[token.pk])

    assert outsider.post(url).status_code == 404
    assert services.user_for_token(plain) is not None
    assert hers.post(url)["Location"] == "/me/"
    assert services.user_for_token(plain) is None


def sign_in(client, user, password="a long passphrase"):
    services.set_password(user, password)
    client.post(reverse("account_login"), {"login": user.username, "password": password})
    return UserSession.objects.get(user=user, session_key=client.session.session_key)


def test_a_session_is_ended_by_its_owner_alone(hers, alice, settings):
    settings.LOGIN_REDIRECT_URL = "/me/"
    elsewhere, outsider = Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140"}), Client()
    session = sign_in(elsewhere, alice)
    outsider.force_login(make_user("charlie"))
    url = reverse("staff:session_end", args=[session.pk])

    hers.force_login(User.objects.get(pk=alice.pk))
    assert [each.browser for each in hers.get("/me/").context["sessions"]] == ["Firefox on Linux"]
    assert outsider.post(url).status_code == 404
    assert elsewhere.get("/me/").status_code == 200
    assert hers.post(url).status_code == 302
    assert elsewhere.get("/me/").status_code == 302


def test_one_can_sign_out_everywhere_else(alice, settings):
    settings.LOGIN_REDIRECT_URL = "/me/"
    here, there = Client(), Client()
    services.set_password(alice, "a long passphrase")
    for client in (here, there):
        client.post(reverse("account_login"), {"login": "alice", "password": "a long passphrase"})

    here.post(reverse("staff:other_sessions_end"))

    assert here.get("/me/").status_code == 200
    assert there.get("/me/").status_code == 302


@pytest.mark.parametrize(
    "url",
    ["/me/theme/", "/me/tokens/", "/me/tokens/1/revocation/", "/me/sessions/end/", "/me/sessions/1/end/",
     "/notifications/seen/", "/csp-report/"],
)  # fmt: skip
def test_writes_are_posts_by_somebody_signed_in(hers, url):
    assert hers.get(url).status_code == 405
    if url != "/csp-report/":
        assert Client().post(url)["Location"].startswith(reverse("account_login"))


def test_writes_need_the_pages_own_token_against_forgery(alice):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)

    assert strict.post("/me/theme/", {"theme": "dark"}).status_code == 403


def test_a_policy_report_is_logged_by_its_known_fields(client, caplog):
    report = '{"csp-report": {"document-uri": "http://x/\\nfake line", "blocked-uri": "inline", "other": "secret"}}'

    with caplog.at_level(logging.WARNING, "crm.staff.csp"):
        answer = Client(enforce_csrf_checks=True).post("/csp-report/", report, content_type="application/csp-report")
        client.post("/csp-report/", "[]", content_type="application/csp-report")

    assert answer.status_code == 204
    first, second = (record.getMessage() for record in caplog.records)
    assert first.startswith("csp-report document-uri='http://x/\\nfake line'")
    assert "secret" not in first
    assert second == "csp-report unreadable"


def test_a_long_policy_report_is_refused(client, caplog):
    assert client.post("/csp-report/", "x" * 20_000, content_type="application/csp-report").status_code == 413
    assert not caplog.records
