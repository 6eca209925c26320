"""A page or list that is fetched again while it goes on living: as often as it takes, and with nothing lost between."""

import json
import uuid

import pytest
from playwright.sync_api import expect

from crm.records.models import Change
from tests.browser.test_live_gaps import BACK, city, customer, expect_live
from tests.factories import change, make_customer, make_user, set_role

__all__ = ["city", "customer"]

pytestmark = pytest.mark.browser


def test_a_list_that_is_told_twenty_times_to_fetch_itself_does_so_once(stack, browse, customer, city):
    page = browse(stack.people.alice, f"/customers/?q={city}")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "x-requested-with" in request.headers else None)
    flood = """() => {
        let told = 0;
        const rows = document.getElementById("customer-rows");
        const telling = setInterval(() => {
            rows.dispatchEvent(new CustomEvent("pulse:flood", { bubbles: true }));
            if (++told === 20) clearInterval(telling);
        }, 20);
    }"""
    with page.expect_request(lambda request: "x-requested-with" in request.headers, timeout=BACK):
        page.evaluate(flood)
    change(customer, stack.people.bob, stage="vip")
    expect(page.locator("#customer-rows")).to_contain_text("VIP", timeout=BACK)
    with page.expect_request(lambda request: "x-requested-with" in request.headers, timeout=BACK):
        page.evaluate(
            "document.getElementById('customer-rows').dispatchEvent(new CustomEvent('pulse:flood', { bubbles: true }))"
        )
    assert len(asked) == 2  # the twenty, and the one afterwards


def test_a_page_that_is_told_to_renew_itself_while_it_does_is_fetched_once_more(stack, browse, customer):
    page = browse(stack.people.alice, f"/customers/{customer.pk}/")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "x-requested-with" in request.headers else None)
    renew = """() => new Promise((done) => {
        const list = document.getElementById("entries-page");
        let renewed = 0;
        list.addEventListener("pulse:renewed", () => { if (++renewed) done(); });
        for (let told = 0; told < 20; told += 1) list.dispatchEvent(new CustomEvent("pulse:renew", { bubbles: true }));
    })"""
    page.evaluate(renew)
    assert len(asked) == 2


def hold_renewal(page, meanwhile, address="**/customers/**"):
    """What happens between the moment at which the server draws the page anew and that at which it arrives."""

    def hold(route):
        if "x-requested-with" not in route.request.headers:
            return route.continue_()
        answer = route.fetch()
        meanwhile()
        return route.fulfill(response=answer)

    page.route(address, hold)


def renewed(page, region):
    renew = """(region) => new Promise((done) => {
        const node = document.querySelector(region);
        node.addEventListener("pulse:renewed", done, { once: true });
        node.dispatchEvent(new CustomEvent("pulse:renew", { bubbles: true }));
    })"""
    page.evaluate(f"({renew})('{region}').then(() => true)")


def test_a_change_that_comes_while_its_list_is_fetched_again_stays(stack, browse, customer, city):
    page = browse(stack.people.alice, f"/customers/?q={city}&sort=name")
    row = page.locator(f"tr[data-record='{customer.topic}']")

    def meanwhile():
        change(customer, stack.people.bob, stage="vip")
        expect(row).to_contain_text("VIP")

    hold_renewal(page, meanwhile)
    renewed(page, "#customer-rows")
    expect(row).to_contain_text("VIP")


def test_what_a_resync_was_drawn_before_comes_after_it_though_the_head_is_further(stack, browse, customer, city):
    """Rights that change take the views from a socket: nothing tells of a row that comes while the page is fetched."""
    ada = make_user(f"p{uuid.uuid4().hex[:8]}", role="agent", team=stack.people.alice.team)
    page = browse(ada, f"/customers/?q={city}&sort=name")
    sockets = []
    page.on("websocket", lambda socket: sockets.append(socket))
    page.reload()
    expect_live(page)
    added = []

    def meanwhile():
        with sockets[-1].expect_event("framereceived", lambda text: says_head_after(text, added)):
            added.append(make_customer(stack.people.alice, name="Zoe New", city=city))

    hold_renewal(page, meanwhile)
    page.mouse.move(5, 5)
    set_role(ada, "manager")
    expect(page.locator(f"tr[data-record='{customer.topic}']")).to_be_visible()
    expect(page.locator("#customer-rows tr")).to_have_count(2, timeout=BACK)


def says_head_after(text, added):
    """A head at which the customer that was added is in the log."""
    head = json.loads(text).get("head", 0)
    return bool(added) and Change.objects.filter(root=added[0].topic, seq__lte=head).exists()


def test_a_list_that_is_filtered_while_it_is_fetched_again_shows_what_was_asked_for_last(stack, browse, customer, city):
    lost = make_customer(stack.people.alice, name="Lea Lost", city=city, stage="lost")
    page = browse(stack.people.alice, f"/customers/?q={city}")
    rows = page.locator("#customer-rows > tr")

    def filter_by_stage():
        page.locator("#chip-stage").click()
        page.get_by_label("Lost", exact=True).check()
        expect(rows).to_have_count(1)

    hold_renewal(page, filter_by_stage, "**/customers/?q=*")
    renewed(page, "#customer-rows")
    expect(rows).to_have_count(1)
    expect(rows.first).to_have_attribute("data-record", lost.topic)


def test_a_drawer_that_is_fetched_again_is_not_put_over_the_next_one(stack, browse, customer, city):
    other = make_customer(stack.people.alice, name="Zoe New", city=city)
    page = browse(stack.people.alice, f"/customers/?q={city}")
    name = page.locator("#drawer h2[data-field=name]")

    def open_beside(each):
        page.locator(f"tr[data-record='{each.topic}'] [data-field=stage]").click()
        expect(name).to_have_text(each.name)

    open_beside(customer)
    hold_renewal(page, lambda: open_beside(other), f"**/customers/{customer.pk}/drawer/")
    page.evaluate("import('/static/js/live-resync.js').then(({ resync }) => resync(null))")
    expect(name).to_have_text(other.name)
