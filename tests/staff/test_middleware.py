"""What every request carries: who acts by which way, zone and language, its pages' policy, its place in the log."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from crm.records import context
from crm.staff.middleware import acting_middleware
from crm.staff.models import User
from tests.factories import make_user

seen = {}


def view(request):
    seen["acting"] = context.current()
    seen["zone"], seen["language"] = timezone.get_current_timezone_name(), translation.get_language()
    return HttpResponse()


def ask(path, user):
    request = RequestFactory().get(path)
    request.user = user
    return acting_middleware(view)(request)


@pytest.mark.parametrize(
    ("path", "way"), [("/admin/staff/user/", "admin"), ("/api/customers", "api"), ("/customers/", "screen")]
)
def test_a_request_acts_for_its_user_by_its_way(path, way):
    ask(path, User(pk=7))

    assert seen["acting"] == (7, way)
    assert context.current() == (None, None)


def test_nobody_acts_in_an_anonymous_request():
    ask("/accounts/login/", AnonymousUser())

    assert seen["acting"] == (None, "screen")


def test_zone_and_language_are_the_readers_own(settings):
    settings.LANGUAGES = [("en", "English"), ("de", "German")]

    ask("/", User(pk=7, time_zone="Asia/Tokyo", language="de"))
    assert (seen["zone"], seen["language"]) == ("Asia/Tokyo", "de")
    ask("/", User(pk=7))
    assert (seen["zone"], seen["language"]) == (settings.TIME_ZONE, "en")


@pytest.mark.django_db
def test_only_admin_pages_may_run_inline_scripts(admin_client):
    page = Client().get("/accounts/login/")["Content-Security-Policy"]
    admin = admin_client.get("/admin/")["Content-Security-Policy"]

    assert "unsafe-inline" not in page
    assert "unsafe-eval" not in page
    assert "'unsafe-inline'" in admin
    assert "object-src 'none'" in admin


@pytest.mark.django_db
def test_a_page_reads_its_place_in_the_log_before_its_rows(client):
    client.force_login(make_user("alice"))
    with CaptureQueriesContext(connection) as queries:
        client.get("/me/")

    places = [number for number, query in enumerate(queries) if "log_state" in query["sql"]]
    rows = [number for number, query in enumerate(queries) if "staff_apitoken" in query["sql"]]
    assert len(places) == 1
    assert places[0] < rows[0]
