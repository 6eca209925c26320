"""Sessions come by a statement of our own: it must hold to what Django's says of them."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from crm.staff.session_store import SessionStore

pytestmark = pytest.mark.django_db


@pytest.fixture
def key():
    kept = SessionStore()
    kept["theme"] = "dark"
    kept.create()
    kept.save()
    return kept.session_key


def test_session_is_what_was_kept(key):
    assert SessionStore(key)["theme"] == "dark"


def test_expired_session_is_empty_and_its_key_is_not_taken_up(key):
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))

    found = SessionStore(key)
    assert found.get("theme") is None
    found["theme"] = "light"
    found.save()
    assert found.session_key != key


def test_unknown_key_is_not_taken_up():
    found = SessionStore("chosen-by-somebody-else")
    found["theme"] = "light"
    found.save()

    assert found.session_key != "chosen-by-somebody-else"
