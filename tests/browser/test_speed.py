"""The speed board in a browser: a change made on one screen is timed, shown on another, and opens its rows."""

import re

import pytest
from django.db import connection
from playwright.sync_api import expect

from crm.records.models import Change
from crm.timings.models import DeliveryTiming
from customers.services import update_customer
from tests.factories import make_customer

pytestmark = pytest.mark.browser


@pytest.fixture
def pages(stack, context, page):
    """Two pages of the running product, alice's."""
    session = stack.sign_in(stack.people.alice)
    context.add_cookies([{"name": "sessionid", "value": session, "url": stack.url}])
    return page, context.new_page()


def open_live(page, address):
    page.goto(address)
    expect(page.locator("html[data-live=live]")).to_be_attached(timeout=15_000)


def delivery_of(customer, page):
    """Of the customer's update, as soon as the hub has written it down: at the latest when a watcher is given up."""
    updates = Change.objects.filter(record="customer", record_id=customer.pk, op="u")
    for _ in range(100):
        if found := DeliveryTiming.objects.filter(seq__in=updates.values("seq")).first():
            return found
        page.wait_for_timeout(100)
    raise AssertionError("no delivery was timed")


def test_a_change_is_timed_up_to_the_paint_and_its_figures_open_its_rows(stack, pages):
    board, watcher = pages
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM timings_change")  # the slowest come first, and other tests were slow on purpose
    customer = make_customer(stack.people.alice, name="Marta Lindqvist")
    open_live(board, f"{stack.url}/reports/speed/")
    open_live(watcher, f"{stack.url}/customers/{customer.pk}/")
    update_customer(customer.pk, actor=stack.people.alice, version=customer.version, changes={"city": "Malmö"})
    expect(watcher.get_by_text("Malmö").first).to_be_visible(timeout=10_000)
    expect(board.locator("[data-figure='update.mean']")).to_have_text(re.compile(r"\d (ms|s)$"), timeout=15_000)
    expect(board.locator("[data-figure='screens.sockets']")).to_have_text("2", timeout=10_000)
    delivery = delivery_of(customer, board)
    assert (delivery.watchers, delivery.acked, delivery.late) == (1, 1, 0)
    assert delivery.acked_at >= delivery.sent_at
    assert board.evaluate("Chart.getChart(document.querySelector('[data-plot=stages]')).data.datasets.length") == 4
    board.locator("a[data-figure='update.changes']").click()
    expect(board.locator("tbody tr").first).to_contain_text("Marta Lindqvist")
