"""What I am typing is mine: nobody's change touches it, and who saves the same field is asked, with both values.

A change that is quicker than the answer to who made it takes nothing from that answer.
"""

import pytest
from django.utils.timezone import now
from playwright.sync_api import expect

from customers import services
from customers.models import Customer
from tests.browser.watching import begin_edit, field
from tests.factories import change, make_customer

pytestmark = pytest.mark.browser


@pytest.fixture
def customer(stack):
    return make_customer(stack.people.alice, name="Marta Lindqvist", title="Head of sales", city="Malmö")


@pytest.fixture
def page(browse, stack, customer):
    return browse(stack.people.alice, f"/customers/{customer.pk}/")


def titled(page, customer, title):
    """The page shows it, and so does the database."""
    expect(field(page, "title")).to_have_text(title)
    return Customer.objects.get(pk=customer.pk).title == title


def test_another_s_change_of_another_field_is_shown_and_both_are_kept(stack, page, customer):
    typing = begin_edit(page, "title")
    typing.fill("Buy")
    change(customer, stack.people.bob, city="Lund")
    expect(field(page, "city")).to_contain_text("Lund")
    typing.press_sequentially("er")
    expect(typing).to_have_value("Buyer")
    expect(typing).to_be_focused()
    page.keyboard.press("Enter")
    assert titled(page, customer, "Buyer")
    assert Customer.objects.get(pk=customer.pk).city == "Lund"
    expect(page.locator("dialog[open]")).to_have_count(0)


@pytest.fixture
def question(stack, page, customer):
    """Alice has typed and saved what Bob has changed meanwhile: the dialog that asks her."""
    typing = begin_edit(page, "title")
    typing.fill("Buyer")
    change(customer, stack.people.bob, title="Director")
    expect(page.locator("#entries-page > li").first).to_contain_text("Director")
    expect(typing).to_have_value("Buyer")
    expect(typing).to_be_focused()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Bob changed the job title while you were editing")
    expect(dialog.locator("fieldset label").nth(0)).to_contain_text("Buyer")
    expect(dialog.locator("fieldset label").nth(1)).to_contain_text("Director")
    assert Customer.objects.get(pk=customer.pk).title == "Director"
    return dialog


def test_the_same_field_asks_and_mine_can_be_saved(page, customer, question):
    question.get_by_role("button", name="Save mine").click()
    expect(question).to_have_count(0)
    assert titled(page, customer, "Buyer")


def test_the_same_field_asks_and_the_other_s_can_be_kept(page, customer, question):
    question.get_by_role("button", name="Keep Bob’s").click()
    expect(question).to_have_count(0)
    assert titled(page, customer, "Director")


def test_a_question_left_open_keeps_what_was_typed(page, customer, question):
    page.keyboard.press("Escape")
    expect(question).to_have_count(0)
    expect(field(page, "title").locator("input:not([type=hidden])")).to_have_value("Buyer")


def test_undo_is_offered_also_when_the_live_change_was_quicker_than_the_answer(stack, browse, customer):
    services.add_follow_up(customer.pk, actor=stack.people.alice, title="Send the offer", due_at=now())
    page = browse(stack.people.alice, f"/customers/{customer.pk}/")
    follow_ups = page.locator(f"#follow-ups-{customer.pk}")

    def answer_late(route):
        response = route.fetch()
        expect(follow_ups).not_to_contain_text("Send the offer")
        route.fulfill(response=response)

    page.route("**/done/", answer_late)
    follow_ups.get_by_role("checkbox").click()
    page.get_by_role("button", name="Undo").click()
    expect(follow_ups).to_contain_text("Send the offer")


def test_a_failure_is_told_also_when_what_asked_is_gone(stack, browse, customer):
    follow_up = services.add_follow_up(customer.pk, actor=stack.people.alice, title="Send the offer", due_at=now())
    page = browse(stack.people.alice, f"/customers/{customer.pk}/")
    follow_ups = page.locator(f"#follow-ups-{customer.pk}")

    def fail_late(route):
        services.complete_follow_up(follow_up.pk, actor=stack.people.alice, done=True)
        expect(follow_ups).not_to_contain_text("Send the offer")
        route.fulfill(status=503)

    page.route("**/done/", fail_late)
    follow_ups.get_by_role("checkbox").click()
    expect(page.locator("#toasts .bad")).to_be_visible()


LONGER = 500  # ms than a list waits for readers who ask all at once


def held_once(page, address, meanwhile):
    """What is asked for there first is answered as it was before `meanwhile`, and after it."""

    def hold(route):
        response = route.fetch()
        meanwhile()
        route.fulfill(response=response)

    page.route(address, hold, times=1)


def test_a_list_that_comes_late_lacks_nothing_that_happened_meanwhile(stack, page, customer):
    follow_ups = page.locator(f"#follow-ups-{customer.pk}")

    def add(title):
        services.add_follow_up(customer.pk, actor=stack.people.bob, title=title, due_at=now())
        expect(page.locator("#entries-page")).to_contain_text(title)

    def add_another():
        add("Send the offer")
        page.wait_for_timeout(LONGER)  # so that it is asked for again before the first answer is there

    held_once(page, "**/follow-ups/", add_another)
    add("Call first")
    expect(follow_ups).to_contain_text("Send the offer")


def test_who_begins_to_edit_a_note_keeps_it_though_the_list_comes_that_was_asked_for_before(stack, page, customer):
    services.add_note(customer.pk, actor=stack.people.alice, body="Mine")
    page.get_by_role("button", name="Notes", exact=True).click()
    notes = page.locator("#notes-page")
    notes.get_by_role("button", name="Edit").wait_for()

    def begin_to_edit():
        notes.get_by_role("button", name="Edit").click()
        notes.get_by_role("textbox").fill("Mine, and more")

    with page.expect_response("**/timeline/?show=notes*"):
        held_once(page, "**/timeline/?show=notes*", begin_to_edit)
        services.add_note(customer.pk, actor=stack.people.bob, body="His")
    page.wait_for_timeout(LONGER)
    expect(notes.get_by_role("textbox")).to_have_value("Mine, and more")
    notes.get_by_role("button", name="Cancel").click()
    expect(notes).to_contain_text("His")
