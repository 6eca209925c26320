"""The form on a customer's page by which staff send a request for the customer."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.requests.kinds import kind_named
from crm.requests.models import Request
from crm.staff.models import Role

pytestmark = pytest.mark.django_db


FORMS = [
    ({"kind": "change_details", "city": "Hull", "emails": "a@b.example, c@d.example", "phones": ""}, "change_details",
     {"city": "Hull", "emails": ["a@b.example", "c@d.example"]}),
    ({"kind": "call_back", "when": "2026-11-30T10:00", "about": "the offer"}, "call_back",
     {"when": "2026-11-30T10:00:00Z", "about": "the offer"}),
    ({"kind": "call_back"}, "call_back", {}),
    ({"kind": "consent", "channel": "sms", "is_given": "no"}, "consent", {"channel": "sms", "is_given": False}),
]  # fmt: skip


@pytest.mark.parametrize(("filled_in", "kind", "payload"), FORMS)
def test_staff_send_requests_from_the_customers_page(customer, browser_of, everybody, filled_in, kind, payload):
    address = f"/requests/of/{customer.pk}/new/"
    if "when" in filled_in:
        day = (timezone.now() + timedelta(days=9)).strftime("%Y-%m-%d")
        filled_in, payload = filled_in | {"when": f"{day}T10:00"}, payload | {"when": f"{day}T10:00:00Z"}

    answer = browser_of("bob", htmx="panel").post(address, filled_in | {"key": "once"})

    request = Request.objects.get()
    assert (answer.status_code, request.kind, request.payload) == (200, kind, payload)
    assert request.sender == f"user:{everybody.bob.pk}"
    assert f"/requests/{request.pk}/" in answer.content.decode()
    assert "<form" not in answer.content.decode()
    again = browser_of("bob").post(address, filled_in | {"key": "once"})
    assert again["Location"] == f"/requests/{request.pk}/"
    assert Request.objects.count() == 1


@pytest.mark.parametrize(
    ("filled_in", "field"),
    [
        ({"kind": "change_details", "emails": "nobody"}, "emails"),
        ({"kind": "change_details", "city": "x" * 121}, "city"),
        ({"kind": "call_back", "when": "soon"}, "when"),
        ({"kind": "call_back", "when": "2999-01-01T10:00"}, "when"),
        ({"kind": "consent", "channel": "owl", "is_given": "no"}, "channel"),
        ({"kind": "consent", "channel": "sms"}, "is_given"),
        ({"kind": "change_details"}, ""),
    ],
)
def test_what_is_wrong_in_the_form_is_said_beside_its_field(customer, browser_of, filled_in, field):
    for htmx in (None, "panel"):
        answer = browser_of("bob", htmx=htmx).post(f"/requests/of/{customer.pk}/new/", filled_in)

        assert answer.status_code == 422
        assert set(answer.context["form"].errors) == {field or "__all__"}
        assert "error" in answer.content.decode()
    assert not Request.objects.exists()


def test_who_sees_contact_details_masked_is_not_asked_for_them(customer, browser_of):
    Role.objects.filter(code="agent").update(sees_contacts=False)
    address, browser = f"/requests/of/{customer.pk}/new/?kind=change_details", browser_of("bob")
    by_hand = {"kind": "change_details", "phones": "0113 496 0188"}

    shown = set(browser.get(address).context["form"].fields)

    assert shown == {"name", "title", "city", "region", "country", "language"}
    assert browser.post(address, by_hand).status_code == 422
    assert browser.post(address, by_hand | {"city": "York"}).status_code == 302
    assert Request.objects.get().payload == {"city": "York"}


def test_the_form_offers_the_kinds_that_one_may_send(customer, browser_of):
    address = f"/requests/of/{customer.pk}/new/"

    shown = browser_of("bob").get(f"{address}?kind=consent").content.decode()

    assert all(f"?kind={kind}" in shown for kind in ("change_details", "call_back", "consent"))
    assert 'name="is_given"' in shown
    assert browser_of("bob").get(f"{address}?kind=probe").status_code == 404
    assert browser_of("bob").post(address, {"kind": "probe"}).status_code == 404


def test_the_panel_is_for_who_sees_the_customer_and_its_form_for_who_may_change_it(customer, browser_of):
    panel, new = f"/requests/of/{customer.pk}/", f"/requests/of/{customer.pk}/new/"

    assert new in browser_of("bob").get(panel).content.decode()
    assert new not in browser_of("vera").get(panel).content.decode()
    for name, status in (("vera", 403), ("charlie", 404)):
        assert browser_of(name).get(new).status_code == status
        assert browser_of(name).post(new, {"kind": "call_back"}).status_code == status
    assert browser_of("charlie").get(panel).status_code == 404
    assert not Request.objects.exists()


def test_the_forms_ask_for_what_the_payloads_take():
    for kind in (
        kind_named("change_details"),
        kind_named("call_back"),
        kind_named("consent"),
        kind_named("export_data"),
    ):
        assert set(kind.form().fields) == set(kind.payload.model_fields)
