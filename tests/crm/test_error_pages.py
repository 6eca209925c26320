"""Error pages are drawn when little else works: without a context, a request or a database."""

import pytest
from django.template.loader import get_template
from django.test import Client


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("403.html", "You may not open this"),
        ("403_csrf.html", "This page was too old"),
        ("404.html", "That is not here"),
        ("500.html", "Something went wrong on our side"),
    ],
)
def test_error_page_needs_nothing(name, says):
    page = get_template(name).render()

    assert f"<title>{says} · Pulse</title>" in page
    assert "style=" not in page
    assert "<script>" not in page


@pytest.mark.django_db
def test_a_form_that_was_opened_before_the_last_sign_in_is_answered_in_words_of_ours():
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "alice", "password": "demo"})

    assert answer.status_code == 403
    assert "Nothing was saved" in answer.content.decode()
