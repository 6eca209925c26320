"""The customers' screens under the hand: fields edited in place, what both changed, many rows at once, new and gone."""

import re
from datetime import date

import pytest
from playwright.sync_api import expect

from customers import services
from customers.models import Customer
from tests.factories import make_customer

pytestmark = pytest.mark.browser


@pytest.fixture
def customer(stack):
    return make_customer(stack.people.alice, name="Marta Lindqvist", phones=["+441134960199"], city="Leeds")


def field(page, customer, name):
    return page.locator(f"#customer-{customer.pk}-{name}")


def begin(page, customer, name):
    """Opens the field and waits for its input."""
    field(page, customer, name).locator("[data-edit]").click()
    control = field(page, customer, name).locator("input:not([type=hidden]), select").first
    expect(control).to_be_focused()
    return control


def held(customer, name):
    return Customer.objects.values_list(name, flat=True).get(pk=customer.pk)


def test_enter_and_leaving_save_and_escape_gives_up(stack, browse, customer):
    page = browse(stack.people.alice, f"/customers/{customer.pk}/")

    begin(page, customer, "name").fill("Marta Ek")
    page.keyboard.press("Enter")
    expect(field(page, customer, "name").locator("[data-edit]")).to_be_focused()
    expect(page.locator("h1")).to_have_text("Marta Ek")

    begin(page, customer, "city").fill("Hull")
    page.locator("h1").click()
    expect(field(page, customer, "city").locator("[data-edit]")).to_have_text("Hull")

    begin(page, customer, "title").fill("Nothing")
    page.keyboard.press("Escape")
    expect(field(page, customer, "title").locator("[data-edit]")).to_have_text("–")
    assert (held(customer, "name"), held(customer, "city"), held(customer, "title")) == ("Marta Ek", "Hull", "")


def test_what_is_wrong_is_said_where_it_was_typed(stack, browse, customer):
    page = browse(stack.people.alice, f"/customers/{customer.pk}/")

    begin(page, customer, "emails").fill("nonsense")
    page.keyboard.press("Enter")

    expect(field(page, customer, "emails").get_by_role("alert")).to_contain_text("@-sign")
    expect(field(page, customer, "emails").locator("input[name=emails]")).to_have_value("nonsense")


@pytest.fixture
def slow(page_of_alice):
    """A field is asked for and not answered, until `slow()` lets the answer come."""
    asked = []
    page_of_alice.route("**/fields/*/", lambda route: route.continue_() if asked else asked.append(route))
    return lambda: asked[0].continue_()


@pytest.fixture
def page_of_alice(stack, browse, customer):
    return browse(stack.people.alice, f"/customers/{customer.pk}/")


def test_what_is_typed_before_the_form_is_there_goes_into_it(page_of_alice, slow, customer):
    page = page_of_alice
    with page.expect_request("**/fields/city/"):
        field(page, customer, "city").click()
    page.keyboard.type("Yor")
    slow()
    control = field(page, customer, "city").locator("input[name=city]")
    page.keyboard.type("k!")
    expect(control).to_have_value("York!")
    expect(control).to_be_focused()
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    expect(field(page, customer, "city").locator("[data-edit]")).to_have_text("York")
    assert held(customer, "city") == "York"


@pytest.mark.parametrize(("name", "keys", "reads"), [("city", "York", "York"), ("stage", "vi", "VIP")])
def test_what_is_typed_to_its_end_before_the_form_is_there_is_saved(page_of_alice, slow, customer, name, keys, reads):
    page = page_of_alice
    with page.expect_request(f"**/fields/{name}/"):
        field(page, customer, name).click()
    page.keyboard.type(keys)
    page.keyboard.press("Enter")
    slow()
    expect(field(page, customer, name).locator("[data-edit]")).to_have_text(reads)
    assert held(customer, name) == {"city": "York", "stage": "vip"}[name]


def test_a_date_typed_before_and_after_its_form_could_come_is_kept_whole(page_of_alice, slow, customer):
    page = page_of_alice
    with page.expect_request("**/fields/born_on/"):
        field(page, customer, "born_on").click()
    page.keyboard.type("0412")
    with page.expect_response("**/fields/born_on/"):
        slow()
    page.keyboard.type("1990")
    expect(field(page, customer, "born_on").locator("input[name=born_on]")).to_have_value("1990-04-12")
    page.keyboard.press("Enter")
    expect(field(page, customer, "born_on").locator("[data-edit]")).to_have_text("12 Apr 1990")
    assert held(customer, "born_on") == date(1990, 4, 12)


def test_a_typed_date_is_saved_when_it_is_whole_and_a_picked_one_at_once(page_of_alice, customer):
    page = page_of_alice
    field(page, customer, "born_on").click()
    control = field(page, customer, "born_on").locator("input[name=born_on]")
    expect(control).to_be_focused()
    page.keyboard.type("04121990", delay=40)
    expect(control).to_have_value("1990-04-12")
    page.keyboard.press("Enter")
    shown = field(page, customer, "born_on").locator("[data-edit]")
    expect(shown).to_have_text("12 Apr 1990")
    shown.click()
    control.fill("1991-05-13")  # as the picker does it: no key
    expect(shown).to_have_text("13 May 1991")
    assert held(customer, "born_on") == date(1991, 5, 13)


def test_who_gives_up_before_the_form_is_there_changes_nothing(page_of_alice, slow, customer):
    page = page_of_alice
    with page.expect_request("**/fields/city/"):
        field(page, customer, "city").click()
    page.keyboard.type("Yor")
    page.keyboard.press("Escape")
    expect(page.locator(".typed-ahead")).to_have_count(0)
    expect(field(page, customer, "city").locator("[data-edit]")).to_be_focused()
    assert held(customer, "version") == 1


def test_what_changed_before_the_form_is_there_is_asked_about(stack, page_of_alice, slow, customer):
    page = page_of_alice
    with page.expect_request("**/fields/city/"):
        field(page, customer, "city").click()
    page.keyboard.type("Hull")
    services.update_customer(customer.pk, actor=stack.people.bob, version=1, changes={"city": "York"})
    expect(page.locator("#entries-page")).to_contain_text("York")
    slow()
    page.keyboard.press("Enter")
    expect(page.locator("dialog.ask")).to_contain_text("Bob changed the city while you were editing")
    assert held(customer, "city") == "York"


def test_what_both_changed_is_asked_and_what_was_typed_stays(stack, browse, customer):
    page = browse(stack.people.alice, f"/customers/{customer.pk}/")
    begin(page, customer, "phones").fill("+44 113 496 0200")
    services.update_customer(customer.pk, actor=stack.people.bob, version=1, changes={"phones": ["+441134960100"]})
    expect(page.locator("#entries-page")).to_contain_text("+44 113 496 0100")
    expect(field(page, customer, "phones").locator("input[name=phones]")).to_have_value("+44 113 496 0200")

    page.keyboard.press("Enter")
    dialog = page.locator("dialog.ask")
    expect(dialog).to_contain_text("Bob changed the phone while you were editing")
    dialog.get_by_role("button", name="Save mine").click()

    expect(field(page, customer, "phones").locator("[data-edit]")).to_have_text("+44 113 496 0200")
    expect(dialog).to_have_count(0)
    assert held(customer, "phones") == ["+441134960200"]


def test_keeping_theirs_changes_nothing(stack, browse, customer):
    page = browse(stack.people.alice, f"/customers/{customer.pk}/")
    begin(page, customer, "city").fill("Hull")
    services.update_customer(customer.pk, actor=stack.people.bob, version=1, changes={"city": "York"})
    page.keyboard.press("Enter")

    page.locator("dialog.ask").get_by_role("button", name="Keep Bob’s").click()

    expect(field(page, customer, "city").locator("[data-edit]")).to_have_text("York")
    assert (held(customer, "city"), held(customer, "version")) == ("York", 2)


def test_notes_and_follow_ups_by_keyboard_reach_the_other_reader(stack, browse, customer):
    page = browse(stack.people.alice, f"/customers/{customer.pk}/")
    other = browse(stack.people.bob, f"/customers/{customer.pk}/")

    page.keyboard.press("n")
    page.keyboard.type("Call back on Thursday.")
    page.keyboard.press("Control+Enter")
    expect(other.locator("#entries-page")).to_contain_text("Call back on Thursday.")

    page.locator("h1").click()
    page.keyboard.press("t")
    page.keyboard.type("Send the offer")
    page.keyboard.press("Enter")
    expect(other.locator(f"#follow-ups-{customer.pk}")).to_contain_text("Send the offer")

    page.locator(f"#follow-ups-{customer.pk} input").click()
    expect(other.locator(f"#follow-ups-{customer.pk}")).not_to_contain_text("Send the offer")
    page.get_by_role("button", name="Undo").click()
    expect(other.locator(f"#follow-ups-{customer.pk}")).to_contain_text("Send the offer")


def test_notes_that_came_while_one_was_written_are_there_when_that_is_given_up(stack, browse, customer):
    services.add_note(customer.pk, actor=stack.people.alice, body="Mine")
    page = browse(stack.people.alice, f"/customers/{customer.pk}/")
    page.get_by_role("button", name="Notes", exact=True).click()
    page.locator("#notes-page").get_by_role("button", name="Edit").click()
    page.evaluate("""() => { window.passed = new Promise((done) => {
        document.addEventListener("pulse:frame", () => setTimeout(done, 500), { once: true });
    }); }""")  # longer than a list waits for readers who ask all at once
    services.add_note(customer.pk, actor=stack.people.bob, body="His")
    page.evaluate("window.passed")
    expect(page.locator("#notes-page form")).to_be_visible()
    page.locator("#notes-page [data-cancel]").click()
    expect(page.locator("#notes-page")).to_contain_text("His")


def test_many_rows_are_changed_at_once_and_back(stack, browse):
    for name in ("Anna Bulk", "Bo Bulk"):
        make_customer(stack.people.charlie, name=name)
    page = browse(stack.people.charlie, "/customers/?q=bulk&sort=name")
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)

    page.locator("#bulk summary", has_text="Stage").click()
    page.locator("#bulk button", has_text="VIP").click()
    expect(page.locator("#customer-rows .stage", has_text="VIP")).to_have_count(2)
    expect(page.locator("#bulk")).to_be_hidden()

    page.keyboard.press("z")
    expect(page.locator("#customer-rows .stage", has_text="Lead")).to_have_count(2)


def test_finding_and_filtering_keep_the_address(stack, browse):
    make_customer(stack.people.charlie, name="Quill One", stage="vip")
    make_customer(stack.people.charlie, name="Quill Two", stage="lost")
    page = browse(stack.people.charlie, "/customers/")

    page.keyboard.press("f")
    page.keyboard.type("quill")
    expect(page.locator("#customer-rows tr")).to_have_count(2)
    page.locator("#chip-stage").click()
    page.get_by_label("VIP").check()
    expect(page.locator("#customer-rows tr")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/customers/\?q=quill&stage=vip$"))
    expect(page.get_by_role("link", name="Export")).to_have_attribute("href", "/customers/export/?q=quill&stage=vip")
    page.reload()
    expect(page.locator("#customer-rows tr")).to_have_count(1)
    expect(page.get_by_label("Find in this list")).to_have_value("quill")


def test_a_new_customer_is_made_beside_the_list_and_thrown_away_again(stack, browse):
    page = browse(stack.people.charlie, "/customers/")
    page.keyboard.press("n")
    page.get_by_label("Name", exact=True).fill("Nova Beside")
    page.get_by_role("button", name="Add customer").click()
    expect(page.locator("#drawer h2").first).to_have_text("Nova Beside")
    expect(page.locator("#customer-rows")).to_contain_text("Nova Beside")

    page.locator("#drawer summary").click()
    page.locator("#drawer").get_by_role("button", name="Move to trash").click()
    expect(page.locator("#drawer")).to_be_hidden()
    expect(page.locator("#customer-rows")).not_to_contain_text("Nova Beside")
