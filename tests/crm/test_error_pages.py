"""Error pages are drawn when little else works: without a context, a request or a database."""

import pytest
from django.template.loader import get_template


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("403.html", "You may not open this"),
        ("404.html", "That is not here"),
        ("500.html", "Something went wrong on our side"),
    ],
)
def test_error_page_needs_nothing(name, says):
    page = get_template(name).render()

    assert f"<title>{says} · Pulse</title>" in page
    assert "style=" not in page
    assert "<script>" not in page
