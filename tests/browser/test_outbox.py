"""The outbox on a screen that nobody reloads: what is written, sent and decided elsewhere shows by itself."""

import pytest
from playwright.sync_api import expect

from crm.outbox.models import Dispatch
from crm.outbox.services import write_mail
from tests.factories import make_customer

pytestmark = pytest.mark.browser


def test_list_and_page_follow_what_becomes_of_a_mail(stack, browse):
    customer = make_customer(stack.people.alice, name="Marta Lindqvist")
    listed = browse(stack.people.alice, "/outbox/")
    expect(listed.get_by_role("heading", name="Outbox")).to_be_visible()

    mail = write_mail(customer.pk, to="marta@lind.example", subject="Your question", body="Well?")
    expect(listed.get_by_role("link", name="Your question")).to_be_visible()
    page = browse(stack.people.bob, f"/outbox/{mail.pk}/")
    expect(page.get_by_role("button", name="Discard")).to_be_visible()

    Dispatch.objects.filter(pk=mail.pk).update(state="unknown")
    expect(listed.locator("tr", has_text="Your question")).to_contain_text("Unknown")
    expect(page.locator("#dispatch")).to_contain_text("Unknown")

    page.get_by_role("button", name="Discard").click()
    expect(listed.locator("tr", has_text="Your question")).to_contain_text("Discarded")
