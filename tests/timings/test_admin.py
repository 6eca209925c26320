"""What was measured can be read in the admin, page by page without counting, and not changed."""

import pytest
from django.urls import reverse

from tests.factories import make_user

MODELS = ("changetiming", "deliverytiming", "responsetiming", "rollup", "screens", "drop")


@pytest.fixture
def admin_client(client, db):
    client.force_login(make_user("admin", "administrator"))
    return client


@pytest.mark.parametrize("model", MODELS)
def test_rows_can_be_read_and_not_added(admin_client, make_change, make_delivery, make_response, model):
    make_change(7)
    make_delivery(7, 0.1, 0.2)
    make_response(1, 0.1)
    assert admin_client.get(reverse(f"admin:timings_{model}_changelist")).status_code == 200
    assert admin_client.get(reverse(f"admin:timings_{model}_add")).status_code == 403


def test_a_row_shows_what_was_measured_and_no_way_to_change_it(admin_client, make_change):
    make_change(7, customer=42)
    html = admin_client.get(reverse("admin:timings_changetiming_changelist")).text
    assert "customer:42" in html
    assert 'name="action"' not in html
    assert admin_client.post(reverse("admin:timings_changetiming_delete", args=[7])).status_code == 403
