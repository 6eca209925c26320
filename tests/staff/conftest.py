"""For tests that sign in: what makes guessing slow would make them slow too."""

import time

import pytest
import time_machine


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def admin_client(client):
    """A browser in which an administrator is signed in."""
    from tests.factories import make_user

    client.force_login(make_user("admin", "administrator"))
    return client


@pytest.fixture
def clock():
    """Stands, as each code of a second factor is one of half a minute; `shift` moves it by seconds."""
    with time_machine.travel(time.time(), tick=False) as found:
        yield found
