"""What a customer asks, sent from the customer's page and handled by the workers while two people look on."""

import pytest
from playwright.sync_api import expect

from crm.requests.models import Request
from crm.requests.services import accept_request
from tests.factories import make_customer

pytestmark = pytest.mark.browser


@pytest.fixture
def customer(stack):
    return make_customer(stack.people.alice, name="Marta Lindqvist", city="Leeds")


def test_a_request_from_the_page_is_handled_and_seen_by_both(stack, browse, customer):
    page = browse(stack.people.alice, f"/customers/{customer.pk}/")
    other = browse(stack.people.bob, f"/customers/{customer.pk}/")
    panel = page.locator(f"#requests-panel-{customer.pk}")

    panel.get_by_role("link", name="New request").click()
    panel.get_by_label("Kind of request").click()
    panel.get_by_role("link", name="Consent to marketing").click()
    panel.get_by_label("Marketing by").select_option("email")
    panel.get_by_label("The customer").select_option("no")
    panel.get_by_role("button", name="Send").click()

    for each in (page, other):
        expect(each.locator(f"#requests-of-{customer.pk}")).to_contain_text("Done")
        expect(each.locator(f"#consents-{customer.pk}")).to_contain_text("not wanted")
        expect(each.locator("#entries-page")).to_contain_text("refused marketing by e-mail")


def test_what_is_wrong_is_said_in_the_form_which_stays_while_the_panel_is_fetched_anew(stack, browse, customer):
    page = browse(stack.people.alice, f"/customers/{customer.pk}/")
    other = browse(stack.people.bob, f"/customers/{customer.pk}/")
    panel = page.locator(f"#requests-panel-{customer.pk}")

    panel.get_by_role("link", name="New request").click()
    panel.get_by_label("E-mail").fill("nobody")
    panel.get_by_role("button", name="Send").click()
    expect(panel.locator(".error")).to_contain_text("@-sign")

    others = other.locator(f"#requests-panel-{customer.pk}")
    others.get_by_role("link", name="New request").click()
    others.get_by_label("Kind of request").click()
    others.get_by_role("link", name="Call back").click()
    others.get_by_role("button", name="Send").click()
    expect(page.locator(f"#requests-of-{customer.pk}")).to_contain_text("Done")
    expect(panel.get_by_label("E-mail")).to_have_value("nobody")

    panel.get_by_label("E-mail").fill("marta@lind.example")
    panel.get_by_role("button", name="Send").click()
    expect(other.locator(f"#customer-{customer.pk}-emails")).to_contain_text("marta@lind.example")


def test_the_list_shows_what_comes_without_jumping_under_the_hand(stack, browse):
    customer = make_customer(stack.people.alice, name="Marta Lindqvist")

    def ask():
        return accept_request("erase_data", customer.pk, {}, actor=stack.people.alice)

    first = ask()
    page = browse(stack.people.alice, "/requests/all/")
    row = page.locator(f"#request-{first.pk}")
    row.hover()
    Request.objects.filter(pk=first.pk).update(reason="as agreed")
    expect(row).to_contain_text("as agreed")

    second, third = ask(), ask()

    expect(page.get_by_role("button", name="2 new")).to_be_visible()
    expect(page.locator(f"#request-{second.pk}")).to_have_count(0)
    page.get_by_role("button", name="2 new").click()
    for each in (second, third):
        expect(page.locator(f"#request-{each.pk}")).to_be_visible()
    expect(page.get_by_role("button", name="new")).to_be_hidden()
    page.mouse.move(1, 1)
    page.locator("h1").click()
    expect(page.locator(f"#request-{ask().pk}")).to_be_visible(timeout=15_000)  # it may wait three seconds by itself
