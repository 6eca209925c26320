"""Cut off, left behind, flooded: the page says that it is not live, and is right again by itself, without a reload."""

import os
import re
import signal
import time
import uuid

import pytest
import redis
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection, transaction
from playwright.sync_api import expect

from crm.records import valkey
from customers import services
from customers.models import Customer
from tests.browser.watching import begin_edit, field, is_the_same, observe
from tests.factories import change, make_customer

pytestmark = pytest.mark.browser

SEEN = 3  # seconds in which a page must have noticed that it is not live
BACK = 30_000  # ms for a machine that is busy with other tests


@pytest.fixture
def city():
    return f"C{uuid.uuid4().hex[:10]}"


@pytest.fixture
def customer(stack, city):
    return make_customer(stack.people.alice, name="Marta Lindqvist", city=city, title="Before")


@pytest.fixture
def page(browse, stack, customer):
    page = browse(stack.people.alice, f"/customers/{customer.pk}/")
    observe(page)
    return page


def expect_offline(page, cut_at):
    """Noticed in time by the page's own clock, which this process shares, however late this process looks."""
    expect(page.locator("html:not([data-live=live])")).to_be_attached(timeout=BACK)
    assert page.evaluate("window.leftLiveAt") - cut_at < SEEN
    expect(page.locator(".health")).to_have_text(re.compile(r"offline, as of\s+\d\d:\d\d"))


def expect_live(page):
    expect(page.locator("html[data-live=live]")).to_be_attached(timeout=BACK)


def test_a_killed_server_is_noticed_and_what_was_missed_comes_without_a_reload(stack, page, customer):
    stack.kill("web")
    expect_offline(page, time.time())
    change(customer, stack.people.bob, title="While it was down")
    stack.start("web")
    stack.wait_for_web()
    expect_live(page)
    expect(field(page, "title")).to_contain_text("While it was down")
    assert is_the_same(page)


def test_a_silent_connection_is_noticed_and_what_was_missed_comes_without_a_reload(stack, page, customer):
    """The worst of cuts: nothing closes, nothing is said any more."""
    pids = [child.process.pid for child in stack.named("web")]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        expect_offline(page, time.time())
        change(customer, stack.people.bob, title="While it was silent")
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    expect_live(page)
    expect(field(page, "title")).to_contain_text("While it was silent")
    assert is_the_same(page)


def test_a_browser_without_a_network_says_so_and_comes_back_with_what_it_missed(stack, page, customer):
    page.context.set_offline(True)
    expect_offline(page, time.time())
    change(customer, stack.people.bob, title="Meanwhile")
    page.context.set_offline(False)
    expect_live(page)
    expect(field(page, "title")).to_contain_text("Meanwhile")
    assert is_the_same(page)


def test_a_page_whose_session_ended_while_it_was_cut_off_asks_to_sign_in(page):
    page.context.set_offline(True)
    expect_offline(page, time.time())
    (session,) = [each["value"] for each in page.context.cookies() if each["name"] == "sessionid"]
    Session.objects.filter(pk=session).delete()
    page.context.set_offline(False)
    expect(page).to_have_url(re.compile(r"/accounts/login/\?next=%2Fcustomers%2F\d+%2F$"), timeout=BACK)
    expect(page.get_by_label("Password", exact=True)).to_be_visible()


def restore_backup(stack, customer, **columns):
    """As when an older state was put back: other contents under the same versions."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # no triggers
        Customer.objects.filter(pk=customer.pk).update(**columns)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(valkey, "client", lambda: redis.Redis.from_url(stack.redis_url))
        call_command("after_restore")
    stack.restart("relay")


def test_with_another_log_the_page_is_fetched_and_what_is_typed_stays(stack, page, customer):
    note = page.locator(".compose textarea").first
    note.fill("Half a sentence")
    typing = begin_edit(page, "title")
    typing.fill("Half a word")
    restore_backup(stack, customer, city="Restored")
    expect(field(page, "city")).to_have_text("Restored", timeout=BACK)
    expect_live(page)
    expect(typing).to_have_value("Half a word")
    expect(typing).to_be_focused()
    expect(note).to_have_value("Half a sentence")
    assert is_the_same(page)
    change(customer, stack.people.bob, stage="vip")
    expect(field(page, "stage").locator(".stage")).to_have_text("VIP")


def test_with_another_log_a_list_and_its_drawer_are_as_in_the_database(stack, browse, customer, city):
    page = browse(stack.people.alice, f"/customers/?q={city}")
    page.locator(f"tr[data-record='{customer.topic}'] [data-field=stage]").click()
    note = page.locator("#drawer .compose textarea")
    note.fill("Half a sentence")
    observe(page)
    restore_backup(stack, customer, stage_id="lost", title="Restored")
    expect(page.locator("#customer-rows .stage")).to_have_text("Lost", timeout=BACK)
    expect(page.locator("#drawer [data-field=title]")).to_have_text("Restored")
    expect(note).to_have_value("Half a sentence")
    added = make_customer(stack.people.alice, name="Zoe New", city=city)
    page.mouse.move(5, 5)
    expect(page.locator(f"tr[data-record='{added.topic}']")).to_be_visible()
    assert is_the_same(page)


def test_a_customer_that_came_back_from_the_trash_is_live_again(stack, browse, customer, city):
    page = browse(stack.people.alice, f"/customers/?q={city}&sort=name")
    row = page.locator(f"tr[data-record='{customer.topic}']")
    services.trash_customer(customer.pk, actor=stack.people.bob, version=1)
    expect(row).to_have_count(0)
    services.restore_customer(customer.pk, actor=stack.people.bob)
    expect(row).to_have_count(1)
    change(customer, stack.people.bob, stage="vip")
    expect(row).to_contain_text("VIP")


def test_a_page_that_is_come_back_to_has_one_socket(stack, browse, customer):
    """As the browser's way back shows it: kept as it was left, and perhaps before the end of its socket is told."""
    page = browse(stack.people.alice, f"/customers/{customer.pk}/")
    opened = []
    page.on("websocket", lambda socket: opened.append(socket))
    left = """() => {
        window.dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
        window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
    }"""
    page.evaluate(left)
    change(customer, stack.people.bob, title="After the way back")
    expect(field(page, "title")).to_contain_text("After the way back")
    assert len(opened) == 1
