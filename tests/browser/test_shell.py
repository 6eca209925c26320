"""The frame of every page, as only a browser shows it: keys, theme, phone, contrast, and patched values."""

import re
from datetime import timedelta
from pathlib import Path
from time import sleep

import pytest
from django.template import engines
from django.utils import timezone
from playwright.sync_api import expect

from crm.records.directory import directory
from tests.factories import make_customer, people

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

PHONE = {"width": 390, "height": 844}

CONTRAST = Path(__file__).with_name("contrast.js").read_text()


@pytest.fixture
def staff(transactional_db):
    return people()


@pytest.fixture
def page(signed_in, staff):
    return signed_in(staff.alice, "/me/")


def test_palette_opens_by_key_and_goes_where_it_says_and_keeps_what_is_chosen_when_nobody_is_called_so(page):
    page.keyboard.press("Control+k")
    page.keyboard.type("go to")
    chosen = page.locator("#palette .hit[aria-selected=true]")
    expect(chosen).to_have_text(re.compile("Go to"))
    expect(page.locator("#palette .none")).to_be_visible()
    expect(chosen).to_have_text(re.compile("Go to"))
    address = chosen.get_attribute("href")

    with page.expect_navigation(url=re.compile(re.escape(address) + "$")):
        page.keyboard.press("Enter")


def test_enter_before_the_answer_goes_to_the_customer_who_is_found(page, staff):
    customer = make_customer(staff.alice, name="Marta Lindqvist")
    page.route("**/search/?q=marta", lambda route: sleep(0.5) or route.continue_())
    page.keyboard.press("Control+k")
    page.keyboard.type("marta")

    with page.expect_navigation(url=re.compile(f"/customers/{customer.pk}/$")):
        page.keyboard.press("Enter")


def test_palette_moves_with_arrows_and_gives_the_focus_back(page):
    find = page.locator(".find")
    find.focus()
    page.keyboard.press("/")
    hits = page.locator("#palette .hit:visible")
    expect(hits.nth(0)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(hits.nth(1)).to_have_attribute("aria-selected", "true")
    assert page.locator("#palette input").get_attribute("aria-activedescendant") == hits.nth(1).get_attribute("id")

    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    expect(find).to_be_focused()


def test_palette_is_closed_by_hand(page):
    page.set_viewport_size(PHONE)
    page.locator(".bottom [data-behaviour=palette]").click()
    expect(page.locator("#palette")).to_be_visible()
    page.locator("#palette .close").click()
    expect(page.locator("#palette")).to_be_hidden()


def test_sheet_lists_every_key_of_the_page(page):
    page.keyboard.press("?")
    sheet = page.locator("#shortcuts")
    expect(sheet).to_be_visible()
    for element in page.locator("[data-hotkey]:not([hidden])").all():
        for key in element.get_attribute("data-hotkey").split():
            expect(sheet.locator("kbd", has_text=re.compile(f"^{re.escape(key)}$")).first).to_be_visible()


def test_two_keys_go_to_a_page_and_typing_is_left_alone(page):
    page.locator("main input[type=text]").first.focus()
    page.keyboard.type("g,?")
    expect(page.locator("#shortcuts")).to_be_hidden()

    page.locator("main input[type=text]").first.blur()
    with page.expect_navigation():
        page.keyboard.press("g")
        page.keyboard.press(",")


def test_theme_is_kept_and_there_from_the_first_paint(page, staff):
    page.locator(".top summary.av").click()
    with page.expect_response("**/me/theme/"):
        page.locator("[data-theme-choice=dark]").first.click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    staff.alice.refresh_from_db()
    assert staff.alice.theme == "dark"

    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => window.first = document.documentElement.dataset.bsTheme)"
    )
    page.reload()
    assert page.evaluate("window.first") == "dark"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_text_has_the_contrast_that_everybody_can_read(page, theme):
    page.emulate_media(reduced_motion="reduce")  # else a button may be met on its way from one theme to the other
    page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme }", theme)
    page.locator(".top summary.av").click()

    assert page.evaluate(CONTRAST) == []


def test_modules_are_reached_on_a_phone(page):
    page.set_viewport_size(PHONE)
    side = page.locator("#side")
    expect(side).to_be_hidden()
    page.locator(".bottom [popovertarget=side]").click()
    expect(side).to_be_visible()
    expect(side.locator("a", has_text="Settings")).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(side).to_be_hidden()

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_health_says_offline_without_a_socket(page):
    expect(page.locator("html")).to_have_attribute("data-live", "offline")
    expect(page.locator(".health")).to_contain_text("offline, as of")


def test_toast_offers_undo_and_z_takes_it(page):
    page.evaluate(
        """document.dispatchEvent(new CustomEvent("pulse:toast", {detail: {text: "Moved", undo: "/me/theme/"}}))"""
    )
    expect(page.locator(".toast-line .text", has_text="Moved")).to_be_visible()

    with page.expect_request(lambda request: request.method == "POST" and request.url.endswith("/me/theme/")):
        page.keyboard.press("z")
    expect(page.locator(".toast-line .text", has_text="Moved")).to_have_count(0)


def test_menu_closes_on_escape_and_outside(page):
    menu, panel = page.locator(".top summary.av"), page.locator(".top .menu .panel", has_text="Sign out")
    menu.click()
    expect(panel).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(panel.locator("button").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(menu).to_be_focused()

    menu.click()
    page.locator("main").click(position={"x": 5, "y": 300})
    expect(panel).to_be_hidden()


def test_patched_value_has_the_markup_of_the_drawn_one(page, staff):
    """Both halves of a value: the template tag and values.js, on one page with one directory."""
    now = timezone.now()
    cases = [
        ("user", staff.bob.pk),
        ("user", 99),
        ("user", None),
        ("team", staff.bob.team_id),
        ("stage", "at_risk"),
        ("tags", []),
        ("relative", (now - timedelta(days=100)).isoformat()),
        ("relative", (now - timedelta(minutes=30, seconds=30)).isoformat()),
        ("time", now.isoformat()),
        ("date", "1975-03-12"),
        ("list", ["a@b.se", "<b>"]),
        ("text", "<b>"),
        ("number", 12480),
    ]
    template = engines["django"].from_string("{% value canonical kind %}")
    for kind, canonical in cases:
        context = {"shell": {"directory": directory()}, "canonical": canonical, "kind": kind}
        assert patched(page, kind, canonical) == template.render(context).strip(), (kind, canonical)


def patched(page, kind, canonical):
    return page.evaluate(
        """async ([kind, canonical]) => {
            const { fill } = await import("/static/js/values.js");
            const place = document.createElement("td");
            place.dataset.format = kind;
            fill(place, canonical);
            return place.innerHTML;
        }""",
        [kind, canonical],
    )
