"""A list under the keyboard: moving, opening beside and as a page, selecting; and the drawer that goes with it."""

import re

import pytest
from playwright.sync_api import expect

from customers.models import Customer, Stage, Tag
from tests.factories import make_customer, people

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def page(signed_in):
    alice = people().alice
    for name in ("Aisha Rahman", "Bo Ek", "王芳"):
        make_customer(alice, name=name)
    return signed_in(alice, "/customers/?sort=name")


def rows(page):
    return page.locator("[data-behaviour~=rows] > [data-record]")


def test_keys_move_open_beside_and_close(page):
    drawer = page.locator("#drawer")
    page.keyboard.press("j")
    expect(rows(page).nth(0)).to_have_class(re.compile(r"\bon\b"))
    page.keyboard.press(" ")
    expect(drawer).to_contain_text(rows(page).nth(0).locator("[data-open]").inner_text())

    page.keyboard.press("j")
    expect(rows(page).nth(1)).to_have_class(re.compile(r"\bon\b"))
    expect(drawer).to_contain_text(rows(page).nth(1).locator("[data-open]").inner_text())
    page.keyboard.press("k")
    expect(rows(page).nth(0)).to_have_class(re.compile(r"\bon\b"))

    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()


def test_a_row_says_how_many_more_tags_there_are_and_shows_them_to_pointer_and_keys(page):
    aisha, tags = Customer.objects.get(name="Aisha Rahman"), [Tag.objects.create(name=f"tag {n}") for n in range(3)]
    Customer.objects.filter(pk=aisha.pk).update(tags=[each.pk for each in tags])
    page.reload()
    cell = rows(page).nth(0).locator("td[data-column=tags]")
    first, last = cell.locator(".tag").first, cell.locator(".tag").last

    def shown():
        return [round(each.bounding_box()["width"]) > 20 for each in (first, last)]

    assert (
        cell.evaluate("node => getComputedStyle(node.firstElementChild, '::after').content") == '"+" counter(more) / ""'
    )
    assert shown() == [True, False]
    cell.hover()
    assert shown() == [True, True]
    page.mouse.move(0, 0)
    assert shown() == [True, False]
    page.keyboard.press("j")
    assert shown() == [True, True]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_enter_opens_the_page(page):
    page.keyboard.press("j")
    address = rows(page).nth(0).locator("[data-open]").get_attribute("href")

    with page.expect_navigation(url=re.compile(re.escape(address) + "$")):
        page.keyboard.press("Enter")


def test_selection_is_counted(page):
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator("[data-selection]")).to_be_visible()
    expect(page.locator("[data-selected-count]").first).to_have_text("2")

    page.keyboard.press("x")
    expect(page.locator("[data-selected-count]").first).to_have_text("1")
    page.locator("[data-select-all]").check()
    expect(page.locator("[data-selected-count]").first).to_have_text("3")


def test_click_opens_beside_and_the_rest_of_the_row_stays_itself(page):
    row = rows(page).nth(1)
    row.locator("input[type=checkbox]").check()
    expect(page.locator("#drawer")).to_be_hidden()
    row.locator("[data-field=stage]").click()
    expect(page.locator("#drawer")).to_contain_text(row.locator("[data-open]").inner_text())
    page.locator("#drawer [data-close=drawer]").click()
    expect(page.locator("#drawer")).to_be_hidden()


def test_new_name_reaches_every_place_that_shows_it(page):
    """As the socket tells it: a frame of the directory, with only what changed."""
    tell = "frame => document.dispatchEvent(new CustomEvent('pulse:frame', {detail: {version: 2, op: 'u', ...frame}}))"
    owner = page.evaluate("Number(document.querySelector('meta[name=pulse-live]').dataset.user)")
    page.evaluate(tell, {"record": f"user:{owner}", "fields": {"first_name": "Alicia"}})
    expect(rows(page).nth(0).locator("[data-field=owner]")).to_contain_text("Alicia Moreau")

    lead = Stage.objects.get(code="lead")
    page.evaluate(tell, {"record": f"stage:{lead.pk}", "fields": {"name": "New one"}})
    expect(rows(page).nth(0).locator("[data-field=stage]")).to_have_text("New one")
