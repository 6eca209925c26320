"""One change and several browsers: what is shown, where it may appear, and what may not move."""

import json
import re
import urllib.request
import uuid

import pytest
from django.db import transaction
from playwright.sync_api import expect

from crm.staff import services as staff
from customers import services
from customers.erasing import erase_customer
from tests.browser.watching import begin_edit, field, is_the_same, note_washes, observe, shifts, washed
from tests.factories import change, make_customer, make_user

pytestmark = pytest.mark.browser


@pytest.fixture
def city():
    """What no other test's customers have, to list these alone."""
    return f"C{uuid.uuid4().hex[:10]}"


@pytest.fixture
def customer(stack, city):
    facts = {"city": city, "title": "Head of sales", "phones": ["+46701234566"]}
    return make_customer(stack.people.alice, name="Marta Lindqvist", **facts)


def row(page, customer):
    return page.locator(f"tr[data-record='{customer.topic}']")


def test_what_one_person_types_is_on_the_other_s_page_and_list_and_nothing_moves(stack, browse, customer, city):
    make_customer(stack.people.alice, name="Ann Above", city=city)
    page = browse(stack.people.alice, f"/customers/{customer.pk}/")
    listed = browse(stack.people.dana, f"/customers/?q={city}&sort=name")
    writing = browse(stack.people.bob, f"/customers/{customer.pk}/")
    observe(listed)
    note_washes(page)
    before = boxes(page)
    begin_edit(writing, "title").fill("Buyer")
    writing.keyboard.press("Enter")

    expect(field(page, "title")).to_have_text("BuyerBSBob · now")
    assert "title" in washed(page)
    expect(row(listed, customer).locator("[data-field=title]")).to_have_text("BuyerBSBob · now")
    story = page.locator("#entries-page > li").first
    expect(story).to_contain_text("Bob Stone changed job title from Head of sales to Buyer")
    change(customer, stack.people.bob, name="Marta Lindqvist-Sandberg", stage="vip", phones=["+46 70 123 45 67"])
    expect(page.locator("h1")).to_have_text("Marta Lindqvist-Sandberg", use_inner_text=True)
    assert boxes(page) == before
    expect(page.locator(".by")).to_have_count(0, timeout=8_000)
    expect(field(page, "title")).to_have_text("Buyer")
    assert boxes(page) == before
    assert [each for each in shifts(listed) if 'class="avs"' not in each] == []  # who is here stands behind the name


def test_who_is_erased_is_gone_from_pages_that_are_open(stack, browse):
    name = f"Ada {uuid.uuid4().hex}"
    customer = make_customer(stack.people.alice, name=name, phones=["+441134960199"])
    pages = [browse(stack.people.alice, path) for path in (f"/customers/{customer.pk}/", "/")]
    for page in pages:
        expect(page.locator(".timeline")).to_contain_text(name)
    call = pages[0].locator("a[data-link=phones]")
    expect(call).to_be_visible()

    with transaction.atomic():
        erase_customer(customer, but=0)

    for page in pages:
        expect(page.locator("main")).not_to_contain_text(name, timeout=10_000)
    expect(call).to_be_hidden()
    expect(call).to_have_attribute("href", "tel:")


def test_who_changed_a_value_is_said_where_there_is_room_and_shown_where_there_is_none(stack, browse, customer, city):
    listed = browse(stack.people.dana, f"/customers/?q={city}")
    cell = row(listed, customer).locator("[data-field=city]")
    change(customer, stack.people.bob, city=f"{city} on the long river", stage="vip")

    expect(row(listed, customer).locator("[data-field=stage]")).to_have_text(
        re.compile(r"^VIP\s*Bob · now$"), use_inner_text=True
    )
    expect(cell.locator(".by")).to_have_text("BS", use_inner_text=True)
    expect(cell.locator(".by")).to_have_attribute("title", "Bob · now")
    assert cell.evaluate(
        "cell => cell.querySelector('.by').getBoundingClientRect().right <= cell.getBoundingClientRect().right"
    )


def test_a_phone_that_changes_is_read_at_once_and_grouped_when_the_library_is_there(stack, browse, customer):
    page, held = browse(stack.people.alice, f"/customers/{customer.pk}/"), []
    page.route(re.compile("libphonenumber"), lambda route: held.append(route))
    for number in ("+33612345678", "+447911123456"):
        change(customer, stack.people.bob, phones=[number])
        expect(field(page, "phones")).to_contain_text(number)

    while not held:
        page.evaluate("0")  # a round to the browser, which tells what it asks for
    held.pop().continue_()
    expect(field(page, "phones")).to_contain_text("+44 7911 123456")

    change(customer, stack.people.bob, phones=["+33612345678"])
    expect(field(page, "phones")).to_contain_text("+33 6 12 34 56 78")


def test_a_country_that_browsers_name_apart_reads_as_on_a_page_loaded_anew(stack, browse, customer):
    page = browse(stack.people.alice, f"/customers/{customer.pk}/")
    change(customer, stack.people.bob, country="HK", language="zh-HK")
    for _time in ("live", "anew"):
        expect(field(page, "country")).to_contain_text("Hong Kong SAR China")
        expect(field(page, "language")).to_contain_text("Chinese (Hong Kong SAR China)")
        page.reload()


def test_initials_and_the_line_below_the_name_follow(stack, browse, city):
    customer = make_customer(stack.people.alice, name="Aisha Rahman")
    company = make_customer(stack.people.alice, kind="company", name="Kestrel Health")
    page = browse(stack.people.alice, f"/customers/{customer.pk}/")
    identity = page.locator(".head .identity")
    expect(identity).to_have_text("Lead", use_inner_text=True)

    change(customer, stack.people.bob, name="Bo Ek", title="Buyer")
    expect(page.locator(".head > .av")).to_have_text("BE")
    expect(identity).to_have_text(re.compile(r"^Buyer\s*Lead$"), use_inner_text=True)
    change(customer, stack.people.bob, company=company.pk, city=city)
    expect(identity).to_have_text(re.compile(rf"^Buyer at Kestrel Health\s*{city}\s*Lead$"), use_inner_text=True)
    expect(identity.locator("a")).to_have_attribute("href", re.compile(rf"/customers/{company.pk}/$"))


def test_calling_and_writing_follow_what_is_known(stack, browse, customer):
    page = browse(stack.people.alice, f"/customers/{customer.pk}/")
    call, write = page.locator("a[data-link=phones]"), page.locator("a[data-link=emails]")
    change(customer, stack.people.bob, phones=["+441134960199"], emails=["bo@ek.example", "office@ek.example"])
    expect(call).to_have_attribute("href", "tel:+441134960199")
    expect(write).to_have_attribute("href", "mailto:bo@ek.example")
    expect(call).to_be_visible()

    change(customer, stack.people.bob, phones=[])
    expect(call).to_be_hidden()
    expect(write).to_be_visible()


def boxes(page):
    """Of everything that a hand or an eye may be on its way to. What happened grows from the top, as it must."""
    return page.locator("main :is(a, button, input, textarea, h1, h2, dt, dd):visible").evaluate_all(
        """(nodes) => nodes.filter((node) => !node.closest(".timeline, .identity")).map((node) => {
            const { x, y, width, height } = node.getBoundingClientRect();
            const name = node.id || node.dataset.presenceField || "";
            return `${node.localName} ${name} ${node.localName === "h1" ? [x, y] : [x, y, width, height]}`;
        })"""
    )


def test_a_program_s_change_and_plain_sql_are_shown_like_any_other(stack, browse, customer, city):
    page = browse(stack.people.alice, f"/customers/{customer.pk}/")
    _, token = staff.create_token(stack.people.bob, name="program")
    body = json.dumps({"version": 1, "stage": "vip"}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    address = f"{stack.url}/api/customers/{customer.pk}"
    urllib.request.urlopen(urllib.request.Request(address, body, headers, method="PATCH")).close()
    expect(field(page, "stage").locator(".stage")).to_have_text("VIP")
    expect(field(page, "stage").locator(".by")).to_have_text("Bob · now", use_inner_text=True)

    type(customer).objects.filter(pk=customer.pk).update(title="By hand")
    expect(field(page, "title")).to_have_text("By hand")


def test_one_s_own_change_is_not_signed(stack, browse, customer):
    page = browse(stack.people.alice, f"/customers/{customer.pk}/")
    change(customer, stack.people.alice, title="Mine")
    expect(field(page, "title")).to_have_text("Mine")
    expect(page.locator(".by")).to_have_count(0)


def test_a_row_enters_at_once_while_nobody_points_at_the_list(stack, browse, customer, city):
    page = browse(stack.people.bob, f"/customers/?q={city}")
    page.mouse.move(5, 5)
    added = make_customer(stack.people.alice, name="Zoe New", city=city)
    expect(page.locator("#customer-rows > tr").first).to_have_attribute("data-record", added.topic)
    expect(page.locator(".waiting")).to_be_hidden()


def test_rows_wait_while_somebody_points_at_the_list_and_stand_right_when_she_leaves(stack, browse, customer, city):
    other = make_customer(stack.people.alice, name="Bea Other", city=city)
    page = browse(stack.people.bob, f"/customers/?q={city}")
    observe(page)
    row(page, customer).hover()
    added = make_customer(stack.people.alice, name="Zoe New", city=city)
    bar = page.locator(".waiting")
    expect(bar).to_have_text(re.compile(r"^\s*1\s+new\s*$"))
    change(customer, stack.people.alice, title="Moved")
    expect(row(page, customer).locator("[data-field=title]")).to_contain_text("Moved")
    change(added, stack.people.alice, title="While it waited")
    expect_order(page, other, customer)
    assert shifts(page) == []
    expect(bar).to_have_text(re.compile(r"^\s*1\s+new\s*$"))

    page.mouse.move(5, 5)
    expect_order(page, added, customer, other)
    expect(bar).to_be_hidden()
    expect(row(page, added).locator("[data-field=title]")).to_contain_text("While it waited")


# Resolves when the page's own scripts have heard of it.
SCROLL = """() => new Promise((done) => {
    addEventListener("scroll", () => done(), { once: true });
    scrollTo(0, 60);
})"""


def test_a_row_that_waited_is_shown_as_it_is_now(stack, browse, customer, city):
    """The list says nothing of a change that moves no row, and nobody watched this one yet."""
    for number in range(8):
        make_customer(stack.people.alice, name=f"Ann {number}", city=city)
    page = browse(stack.people.bob, f"/customers/?q={city}&sort=name")
    page.set_viewport_size({"width": 1280, "height": 360})
    page.evaluate(SCROLL)
    added = make_customer(stack.people.alice, name="Zoe New", city=city)
    bar = page.locator(".waiting button")
    expect(bar).to_be_visible()
    change(added, stack.people.alice, title="While it waited")
    change(customer, stack.people.alice, title="Afterwards")
    expect(row(page, customer).locator("[data-field=title]")).to_contain_text("Afterwards")
    page.wait_for_timeout(1_500)  # the next head is said: from there on nothing would be told of it any more
    bar.click()
    expect(bar).to_be_hidden()
    expect(row(page, added).locator("[data-field=title]")).to_contain_text("While it waited")
    expect(row(page, added)).to_be_in_viewport()


def expect_order(page, *customers):
    rows = page.locator("#customer-rows > tr")
    for place, customer in enumerate(customers):
        expect(rows.nth(place)).to_have_attribute("data-record", customer.topic)
    expect(rows).to_have_count(len(customers))


def test_an_empty_list_shows_what_comes_to_match_and_is_empty_again_when_it_leaves(stack, browse, city):
    page = browse(stack.people.bob, f"/customers/?q={city}")
    expect(page.locator("#list-empty")).to_be_visible()
    added = make_customer(stack.people.alice, city=city)
    expect(row(page, added)).to_be_visible()
    expect(page.locator("#list-empty")).to_be_hidden()
    change(added, stack.people.alice, city="Elsewhere")
    expect(row(page, added)).to_have_count(0)
    expect(page.locator("#list-empty")).to_be_visible()


def test_presence_shows_who_is_here_and_on_which_field_and_forgets_a_closed_tab(stack, browse, customer):
    page = browse(stack.people.alice, f"/customers/{customer.pk}/")
    other = browse(stack.people.bob, f"/customers/{customer.pk}/")
    here = page.locator(f".head [data-presence='{customer.topic}'] .av")
    expect(here).to_have_attribute("title", "Bob Stone")
    begin_edit(other, "phones")
    ringed = field(page, "phones")
    expect(ringed).to_have_class(re.compile(r"\btheirs\b"))
    expect(ringed).to_have_attribute("data-who", "Bob")
    other.close()
    expect(here).to_have_count(0, timeout=10_000)
    expect(page.locator(".theirs")).to_have_count(0)


def test_a_person_s_new_name_is_everywhere_on_the_page(stack, browse, city):
    owner = make_user(f"p{uuid.uuid4().hex[:8]}", team=stack.people.alice.team, first_name="Olive", last_name="Old")
    customer = make_customer(owner, city=city)
    listed = browse(stack.people.alice, f"/customers/?q={city}")
    page = browse(stack.people.alice, f"/customers/{customer.pk}/")
    expect(field(page, "owner").locator(".name")).to_have_text("Olive Old")
    staff.change_user(owner.pk, version=owner.version, changes={"last_name": "New"})
    expect(row(listed, customer).locator("[data-field=owner] .name")).to_have_text("Olive New")
    expect(field(page, "owner").locator(".name")).to_have_text("Olive New")


def test_the_page_of_a_record_that_one_may_no_longer_see_says_so(stack, browse, customer):
    page = browse(stack.people.bob, f"/customers/{customer.pk}/")
    observe(page)
    change(customer, stack.people.alice, owner=stack.people.charlie.pk)
    expect(page.get_by_role("alert")).to_contain_text("no longer yours to see", timeout=2_000)
    assert is_the_same(page)


def test_the_drawer_and_the_row_of_a_lost_record_go_and_the_next_drawer_is_as_usual(stack, browse, customer, city):
    other = make_customer(stack.people.alice, name="Bea Other", city=city)
    page = browse(stack.people.bob, f"/customers/?q={city}")
    row(page, customer).locator("[data-field=stage]").click()
    expect(page.locator("#drawer h2[data-field=name]")).to_have_text("Marta Lindqvist")
    services.trash_customer(customer.pk, actor=stack.people.alice, version=1)
    expect(page.locator("#drawer .record-lost")).to_be_visible()
    expect(row(page, customer)).to_have_count(0)
    row(page, other).locator("[data-field=stage]").click()
    expect(page.locator("#drawer h2[data-field=name]")).to_have_text("Bea Other")
    expect(page.locator("#drawer .record-lost")).to_be_hidden()
