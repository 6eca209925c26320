"""`make bench-painted`: from a commit to the paint that shows it, in Chromium, on a list of 100 rows; and a burst.

Beside it a bare page, whose socket sets one text node.
"""

import argparse
import itertools
import json
import os
import random
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import redis

from bench.live import bare
from bench.live.driver import Driver, Key, Sent
from bench.product import product
from bench.report import Figure, Report, distribution, quantile
from tests.browser.chromium import CHROMIUM, FLAGS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.stack import Stack

METHOD = """\
Headless Chromium without a GPU shows a customer list of 100 rows that sorts by last change: each change patches a row
and moves it to the top. A script in the page notes when a text came into the page and, in the task after that frame's
rendering, the time; the clock is the machine's. Changes go through the service function at random moments, about 5/s.
The control is a bare page whose socket sets one text node, published at once, seen by the same script, in turns. In a
burst product, generator and browser want more than the two cores: beside what a task of the page lasted stands what it
computed, by Chromium's own trace."""

ROWS = 100
CITY = "Benchbury"
EVERY = 0.2  # seconds between two changes, by chance up to half more or less
BURST = 200  # changes in a second
PAINTED, BLOCKED = 50.0, 50.0  # ms, at the most
TASK = "ThreadControllerImpl::RunTask"  # as Chromium's trace calls one

# Notes for each text when it was painted, in the task after the rendering of the frame that shows it: this frame, for
# what a frame's callback puts into the page, the next for all else.
WATCH = """(place) => {
    window.painted = {};
    window.tasks = [];
    const request = window.requestAnimationFrame;
    let isInFrame = false;
    const afterRendering = (then) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = then;
        port2.postMessage(null);
    };
    window.requestAnimationFrame = (draw) => request((time) => {
        isInFrame = true;
        afterRendering(() => { isInFrame = false; });
        draw(time);
    });
    const note = (texts) => afterRendering(() => {
        for (const text of texts) window.painted[text] ??= performance.timeOrigin + performance.now();
    });
    const changed = ({ target, addedNodes }) => (target.nodeType === Node.TEXT_NODE ? [target] : [...addedNodes]);
    new MutationObserver((records) => {
        const names = records.flatMap(changed).map((node) => /Painted \\d+/.exec(node.textContent)?.[0]);
        const texts = names.filter(Boolean);
        if (isInFrame) note(texts);
        else if (texts.length) request(() => note(texts));
    }).observe(place, { childList: true, subtree: true, characterData: true });
    new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map(({ duration }) => duration)))
        .observe({ type: "longtask" });
}"""


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--runs", type=int, default=3)
    wanted.add_argument("--changes", type=int, default=60)
    wanted.add_argument("--dry", action="store_true", help="keep no results")
    chosen = wanted.parse_args()
    report = Report("painted", "Live: from commit to paint", METHOD)
    numbers = itertools.count(1)
    with product() as stack, bare.running("daphne", stack.redis_url) as bare_url, chromium() as browser:
        ours, plain = List(stack, browser), Plain(stack.redis_url, bare_url, browser)
        mine, theirs = [], []
        for _ in range(chosen.runs):
            mine.append(painted(ours, chosen.changes, numbers))
            theirs.append(painted(plain, chosen.changes, numbers))
        add_painted(report, mine, theirs)
        blocked = [burst(ours, numbers) for _ in range(chosen.runs)]
        usual = [burst(plain, numbers) for _ in range(chosen.runs)]
        add_blocked(report, blocked, usual)
    if not chosen.dry:
        report.finish()


def add_painted(report: Report, mine: list[list[float]], theirs: list[list[float]]) -> None:
    for share, target in ((0.5, None), (0.95, PAINTED)):
        runs = tuple(round(quantile(each, share), 1) for each in mine)
        control = statistics.median(round(quantile(each, share), 1) for each in theirs)
        report.add(
            Figure(f"commit to paint, {ROWS} rows: p{share * 100:.0f}", statistics.median(runs), "ms", target,
                   control=control, control_name="bare page", runs=runs)
        )  # fmt: skip
    curves = [distribution("list of 100 rows", flat(mine)), distribution("bare page", flat(theirs))]
    report.plot("Commit to paint", "% of changes", "ms", curves)


def add_blocked(report: Report, mine: list["Blocked"], theirs: list["Blocked"]) -> None:
    def add(what: str, target: float | None, runs: list[float], control: float) -> None:
        name = f"{BURST} changes in 1 s: longest block of the page{what}"
        report.add(Figure(name, max(runs), "ms", target, control=control, control_name="bare page", runs=tuple(runs)))

    add("", BLOCKED, [each.lasted for each in mine], max(each.lasted for each in theirs))
    computed = max(each.computed for each in theirs)
    add(", the page's own work, without waiting for a core", None, [each.computed for each in mine], computed)


def flat(runs: list[list[float]]) -> list[float]:
    return [each for run in runs for each in run]


class Screen(Protocol):
    """A page under the script that watches it, and how to change what it shows."""

    page: "Page"
    driver: Driver

    def change(self, number: int) -> tuple[Key, float]: ...


def painted(screen: Screen, changes: int, numbers: Iterator[int]) -> list[float]:
    """ms from each acknowledgement to the paint that shows it; raises KeyError for one that is never shown."""
    screen.page.evaluate("window.painted = {}")
    committed = {}
    for _ in range(changes):
        screen.page.wait_for_timeout(1000 * EVERY * random.uniform(0.5, 1.5))
        sent = act(screen, 1, next(numbers))[0]
        committed[f"Painted {sent.key[1]}"] = wall(sent.done)
    screen.page.wait_for_timeout(1000)
    shown = screen.page.evaluate("window.painted")
    return [shown[text] - at * 1000 for text, at in committed.items()]


class Blocked(NamedTuple):
    """The longest tasks of a page in ms; of those that lasted less than 50 Chromium tells nothing: 0."""

    lasted: float
    computed: float  # by the processor's clock, which stands still while others have the cores


def burst(screen: Screen, numbers: Iterator[int]) -> Blocked:
    """While so many changes come in a second."""
    screen.page.evaluate("window.tasks = []")
    browser = screen.page.context.browser
    assert browser is not None
    browser.start_tracing(page=screen.page, categories=["toplevel"])
    act(screen, BURST, next(itertools.islice(numbers, BURST, None)))
    screen.page.wait_for_timeout(3000)
    computed = longest_computation(json.loads(browser.stop_tracing())["traceEvents"])
    return Blocked(float(max(screen.page.evaluate("window.tasks"), default=0.0)), computed)


def longest_computation(events: list[dict[str, Any]]) -> float:
    """In ms, of the tasks in the main threads of pages."""
    named = [each for each in events if each["name"] == "thread_name" and each["args"]["name"] == "CrRendererMain"]
    threads = {(each["pid"], each["tid"]) for each in named}
    tasks = (each for each in events if (each["pid"], each["tid"]) in threads and each["name"] == TASK)
    return round(max(float(each.get("tdur", 0)) for each in tasks) / 1000, 1)


def act(screen: Screen, rate: int, number: int) -> list[Sent]:
    """So many changes in a second, numbered up to `number`."""
    return screen.driver.drive(rate, 1, lambda index: screen.change(number - index))


def wall(steady: float) -> float:
    """A reading of the steady clock by the clock that browsers have too."""
    return time.time() - time.perf_counter() + steady


@contextmanager
def chromium() -> "Iterator[Browser]":
    from playwright.sync_api import sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop runs in this thread
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class List:
    """The product's list, full, at its top and without a pointer on it."""

    def __init__(self, stack: "Stack", browser: "Browser") -> None:
        from django.db import connection

        from tests.factories import make_customer

        self.actor = stack.people.bob
        self.driver = Driver(prepare=connection.ensure_connection)
        customers = [make_customer(stack.people.alice, name=f"Row {n}", city=CITY) for n in range(ROWS + ROWS // 2)]
        self.ids = [each.pk for each in customers]
        context = browser.new_context(base_url=stack.url, viewport={"width": 1440, "height": 900})
        context.add_cookies([{"name": "sessionid", "value": stack.sign_in(stack.people.dana), "url": stack.url}])
        self.page = context.new_page()
        self.page.goto(f"/customers/?q={CITY}")
        self.page.wait_for_selector("html[data-live=live]", state="attached")
        self.page.mouse.move(5, 5)
        for number in range(len(self.ids)):  # what changes comes to the top, until the list is full
            self.change(-number)
        self.page.locator("#customer-rows > tr").nth(ROWS - 1).wait_for(state="attached")
        self.page.wait_for_timeout(2000)
        self.page.locator("#customer-rows").evaluate(WATCH)

    def change(self, number: int) -> tuple[Key, float]:
        from customers.models import Customer
        from customers.services import update_customer

        customer_id = self.ids[number % ROWS]
        version = Customer.objects.values_list("version", flat=True).get(pk=customer_id)
        update_customer(customer_id, actor=self.actor, version=version, changes={"name": f"Painted {number}"})
        return ("", number), time.perf_counter()


class Plain:
    """A page whose socket sets one text node."""

    def __init__(self, redis_url: str, url: str, browser: "Browser") -> None:
        self.valkey = redis.Redis.from_url(redis_url)
        self.driver = Driver()
        self.page = browser.new_page()
        self.page.goto(url.replace("ws:", "http:"))
        self.page.wait_for_selector("html[data-live=live]", state="attached")
        self.page.locator("#place").evaluate(WATCH)

    def change(self, number: int) -> tuple[Key, float]:
        called = time.perf_counter()
        text = bare.change("customer:1", number).replace("Buyer", "Painted")
        self.valkey.publish(bare.CHANNEL, f"customer:1 {text}")
        return ("", number), called


if __name__ == "__main__":
    main()
