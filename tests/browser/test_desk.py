"""A question, from the customer's page to the answer: two people look on, one takes it by a key and answers."""

import pytest
from playwright.sync_api import expect

from tests.factories import make_customer

pytestmark = pytest.mark.browser


def test_a_question_is_offered_taken_and_answered_before_everybodys_eyes(stack, browse):
    customer = make_customer(stack.people.alice, name="Marta Lindqvist")
    desk = browse(stack.people.bob, "/requests/mine/")
    page = browse(stack.people.alice, f"/customers/{customer.pk}/")
    panel = page.locator(f"#requests-panel-{customer.pk}")

    panel.get_by_role("link", name="New request").click()
    panel.get_by_label("Kind of request").click()
    panel.get_by_role("link", name="Question or complaint").click()
    panel.get_by_label("Subject").fill("Where is my parcel?")
    panel.get_by_role("button", name="Send").click()
    row = desk.locator("#desk").get_by_role("link", name="Where is my parcel?")
    expect(row).to_be_visible()

    row.click()
    expect(desk.locator("html[data-live=live]")).to_be_attached(timeout=15_000)
    other = browse(stack.people.dana, desk.url.removeprefix(stack.url))
    desk.keyboard.press("t")
    expect(desk.get_by_label("Answer", exact=True)).to_be_visible()
    expect(other.locator("#request")).to_contain_text("Being answered")
    expect(other.get_by_role("button", name="Take")).to_have_count(0)

    desk.keyboard.press("e")
    desk.keyboard.type("It is with the courier.")
    desk.get_by_label("Topic").fill("delivery")
    desk.get_by_label("Answer", exact=True).press("Control+Enter")

    for each in (desk, other):
        expect(each.locator("#request")).to_contain_text("It is with the courier.")
    expect(desk.locator("#reply form")).to_have_count(0)
    expect(page.locator(f"#requests-of-{customer.pk}")).to_contain_text("Done")
