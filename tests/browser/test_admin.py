"""Django admin in a browser: what is edited there is live on other screens, and what is newer is not overwritten."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from customers import services
from tests.factories import make_customer

pytestmark = pytest.mark.browser


@pytest.fixture
def open_as(stack, browser):
    """Opens a page of the running product in a browser of that user's own."""
    contexts = []

    def open_page(user, path):
        contexts.append(browser.new_context())
        contexts[-1].add_cookies([{"name": "sessionid", "value": stack.sign_in(user), "url": stack.url}])
        page = contexts[-1].new_page()
        page.goto(stack.url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()


def test_what_select2_draws_has_the_names_of_its_fields(stack, open_as):
    customer = make_customer(stack.people.alice, name="Marta Lindqvist")
    form = open_as(stack.people.admin, reverse("admin:customers_customer_change", args=[customer.pk]))

    expect(form.locator(".select2-selection--single").first).to_have_attribute("aria-label", "Company")
    expect(form.locator(".select2-selection--multiple input").first).to_have_attribute("aria-label", "Tags")


def test_an_edit_in_admin_is_live_elsewhere_and_a_newer_value_stands(stack, open_as):
    people = stack.people
    customer = make_customer(people.alice, name="Marta Lindqvist")
    page = open_as(people.bob, f"/customers/{customer.pk}/")
    expect(page.locator("html[data-live=live]")).to_be_attached(timeout=10_000)
    form = open_as(people.admin, reverse("admin:customers_customer_change", args=[customer.pk]))
    form.locator("[name=title]").fill("Head of Operations")
    form.locator("[name=_continue]").click()
    expect(page.locator("[data-field=title]").first).to_contain_text("Head of Operations", timeout=10_000)

    expect(form.locator("[name=title]")).to_have_value("Head of Operations")
    services.update_customer(customer.pk, actor=people.bob, version=2, changes={"title": "Advisor"})
    form.locator("[name=title]").fill("Director")
    form.locator("[name=_save]").click()
    expect(form.get_by_text("Bob Stone changed this meanwhile. Theirs: “Advisor”, yours: “Director”.")).to_be_visible()
    expect(page.locator("[data-field=title]").first).to_contain_text("Advisor", timeout=10_000)
