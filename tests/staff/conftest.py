"""For tests that sign in: what makes guessing slow would make them slow too."""

import pytest


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def admin_client(client):
    """A browser in which an administrator is signed in."""
    from tests.factories import make_user

    client.force_login(make_user("admin", "administrator"))
    return client
