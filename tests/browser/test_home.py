"""The dashboard in a browser: a change elsewhere moves its figures and enters its feed, and what is lost leaves it."""

import re

import pytest
from playwright.sync_api import expect

from customers import services
from reporting.home import figures
from tests.factories import make_customer

pytestmark = pytest.mark.browser

PATIENCE = 10_000


@pytest.fixture
def home(stack, context):
    """Opens the dashboard of the running product as somebody."""

    def open_as(user, path="/"):
        context.add_cookies([{"name": "sessionid", "value": stack.sign_in(user), "url": stack.url}])
        page = context.new_page()
        page.goto(stack.url + path)
        expect(page.locator("html[data-live=live]")).to_be_attached(timeout=PATIENCE)
        return page

    return open_as


def entry_of(page, customer):
    return page.locator(f"#feed > [data-root='customer:{customer.pk}']")


def test_an_age_is_the_server_s_whatever_the_browser_s_clock_says(stack, home, context):
    context.add_init_script("const now = Date.now; Date.now = () => now() - 3_600_000")
    page = home(stack.people.alice)
    make_customer(stack.people.bob)
    expect(page.locator("#feed time").first).to_have_text("just now", timeout=PATIENCE)
    before = page.locator("#home").get_attribute("data-at")
    make_customer(stack.people.bob)
    expect(page.locator("#home")).not_to_have_attribute("data-at", before, timeout=PATIENCE)
    expect(page.locator("#home .age").first).to_have_text(re.compile(r"^[1-9][\d.]* (ms|s) ago$"))  # not held at zero


def test_a_new_customer_is_counted_and_told_and_leads_to_its_rows(stack, home):
    bob = stack.people.bob
    earlier = make_customer(bob, name="Somebody Earlier")
    page = home(stack.people.alice)
    expect(entry_of(page, earlier)).to_be_visible(timeout=PATIENCE)
    held = figures(stack.people.alice.access)
    before, changes = held["count"], held["changes"]["hour"]
    expect(page.locator("#home [data-figure='count']")).to_have_text(f"{before:,}", timeout=PATIENCE)
    expect(page.locator("[data-figure='changes.hour']")).to_have_text(f"{changes:,}", timeout=PATIENCE)
    customer = make_customer(bob, name="Noor Haddad", stage="vip")
    expect(page.locator("#home [data-figure='count']")).to_have_text(f"{before + 1:,}", timeout=PATIENCE)
    expect(page.locator("[data-figure='changes.hour']")).to_have_text(f"{changes + 1:,}", timeout=PATIENCE)
    expect(entry_of(page, customer)).to_contain_text("Noor Haddad", timeout=PATIENCE)
    expect(page.locator("#home .tile:visible > h2 > .age").nth(3)).to_have_text(re.compile(r"\d (ms|s) ago$"))
    page.locator("[data-key=vip] a").click()
    expect(page.locator("tbody tr", has_text="Noor Haddad")).to_be_visible()


def test_a_note_is_named_and_a_customer_that_moves_away_leaves(stack, home):
    people = stack.people
    customer = make_customer(people.alice, name="Ivy Okoro")
    page = home(people.bob)
    services.add_note(customer.pk, actor=people.alice, body="Hinges on delivery dates")
    note = entry_of(page, customer).filter(has_text="Hinges on delivery dates")
    expect(note.locator("[data-name-of]")).to_have_text("Ivy Okoro", timeout=PATIENCE)
    services.update_customer(customer.pk, actor=people.dana, version=1, changes={"owner": people.charlie.pk})
    expect(entry_of(page, customer)).to_have_count(0, timeout=PATIENCE)


def test_a_renamed_customer_is_renamed_in_every_entry(stack, home):
    people = stack.people
    customer = make_customer(people.alice, name="Sam Petit")
    page = home(people.bob)
    expect(entry_of(page, customer)).to_contain_text("Sam Petit", timeout=PATIENCE)
    services.update_customer(customer.pk, actor=people.alice, version=1, changes={"name": "Sam Grand"})
    expect(entry_of(page, customer).locator("[data-name-of]")).to_have_text(["Sam Grand"] * 2, timeout=PATIENCE)


def test_who_is_online_stands_there_and_leaves_with_the_last_tab(stack, home, new_context):
    page = home(stack.people.dana)
    online = page.locator("#online")
    expect(online).to_contain_text("Dana Wu", timeout=PATIENCE)
    other = new_context()
    other.add_cookies([{"name": "sessionid", "value": stack.sign_in(stack.people.charlie), "url": stack.url}])
    other.new_page().goto(stack.url + "/me/")
    expect(online).to_contain_text("Charlie Reed", timeout=PATIENCE)
    other.close()
    expect(online).not_to_contain_text("Charlie Reed", timeout=12_000)


# All at once: the next figures may come at any time.
READ = """() => {
    const plotted = (name) => Chart.getChart(document.querySelector(`[data-plot=${name}]`)).data.datasets[0].data;
    const number = ({ textContent }) => Number(textContent.replaceAll(",", ""));
    const numbers = (places) => [...document.querySelectorAll(places)].map(number);
    const [month] = numbers("[data-figure='new.month']");
    return [plotted("days"), plotted("minutes"), month, numbers("[data-numbers=days] td.num")];
}"""


def test_plots_hold_the_figures_and_so_do_the_tables_behind_them(stack, home):
    make_customer(stack.people.alice)
    page = home(stack.people.dana)
    expect(page.locator("[data-plot=days]")).to_be_visible(timeout=PATIENCE)
    page.locator("details.numbers summary").first.click()
    expect(page.locator("[data-numbers=days] tr")).to_have_count(30)
    days, minutes, month, table = page.evaluate(READ)
    assert (len(days), sum(days), len(minutes)) == (30, month, 60)
    assert table == days[::-1]


def test_plots_are_drawn_anew_when_the_theme_changes(stack, home):
    make_customer(stack.people.alice)
    page = home(stack.people.dana)
    axis = "Chart.getChart(document.querySelector('[data-plot=days]')).options.scales.y.grid.color"
    expect(page.locator("[data-plot=days]")).to_be_visible(timeout=PATIENCE)
    light = page.evaluate(axis)
    page.locator(".top summary.av").click()
    page.locator(".menu [data-theme-choice=dark]").click()
    expect(page.locator("html[data-bs-theme=dark]")).to_be_attached()
    assert page.evaluate(axis) != light


def test_older_entries_follow_without_a_hole_although_newer_ones_came(stack, home):
    people = stack.people
    for number in range(70):
        make_customer(people.alice, name=f"Feed {number}")
    page = home(people.dana)
    expect(page.locator("#feed > li").first).to_contain_text("Feed 69", timeout=PATIENCE)
    for number in range(70, 95):
        make_customer(people.alice, name=f"Feed {number}")
    expect(page.locator("#feed > li").first).to_contain_text("Feed 94", timeout=PATIENCE)
    expect(page.locator("#feed > li")).to_have_count(50)
    page.locator("#feed-older a").click()
    expect(page.locator("#feed > li")).to_have_count(80, timeout=PATIENCE)
    names = page.locator("#feed > li [data-name-of]").all_inner_texts()
    assert names == [f"Feed {number}" for number in range(94, 14, -1)]


def test_older_entries_follow_without_a_hole_although_newer_ones_come_meanwhile(stack, home):
    people = stack.people
    for number in range(70):
        make_customer(people.alice, name=f"Feed {number}")
    page = home(people.dana)
    names = page.locator("#feed > li [data-name-of]")
    expect(names.first).to_have_text("Feed 69", timeout=PATIENCE)

    def add_meanwhile(route):
        response = route.fetch()
        for number in range(70, 95):
            make_customer(people.alice, name=f"Feed {number}")
        expect(names.first).to_have_text("Feed 94", timeout=PATIENCE)
        route.fulfill(response=response)

    page.route("**/feed/*", add_meanwhile)
    page.locator("#feed-older a").click()
    expect(names).to_have_text([f"Feed {number}" for number in range(94, 9, -1)], timeout=PATIENCE)


def test_a_flood_is_said_and_read_when_it_is_over(stack, home):
    people = stack.people
    page = home(people.dana)
    rows = "SELECT 'Bulk ' || i, 'person', 'lead', %s FROM generate_series(1, 300) i"
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO customers_customer (name, kind, stage_id, owner_id) {rows}", [people.alice.pk])
    expect(page.locator("#feed-flood")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#feed-flood")).to_be_hidden(timeout=PATIENCE)
    names = page.locator("#feed > li [data-name-of]").all_inner_texts()
    assert names == [f"Bulk {number}" for number in range(300, 270, -1)]
