"""Browser tests run in Debian's Chromium: skipped where there is none, a failure where CI must have it.

Every page of every test is watched: a report of the content security policy, or an error in a script, fails the test.
"""

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

from tests.browser.chromium import CHROMIUM, FLAGS
from tests.stack import Stack

if TYPE_CHECKING:
    from crm.staff.models import User

MISSING = "No Chromium for browser tests. Get it with: apt-get install chromium"
REPORT_POLICY = """
    document.addEventListener("securitypolicyviolation", (event) =>
        console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile ?? ""}`));
"""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    if CHROMIUM is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(MISSING)
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": FLAGS}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[Any]:
    """Playwright's loop runs in this thread, which Django takes for a call from asynchronous code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        return (yield)


@pytest.fixture
def new_context(new_context: Callable[..., BrowserContext]) -> Iterator[Callable[..., BrowserContext]]:
    """Every browser of every test is made here, that of `context` and `page` too, so that all are watched."""
    faults: list[str] = []
    opened: list[BrowserContext] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and "policy" in message.text.lower():
            faults.append(message.text)

    def open_watched(**arguments: Any) -> BrowserContext:
        context = new_context(**arguments)
        context.add_init_script(REPORT_POLICY)
        context.on("console", hear)
        context.on("weberror", lambda error: faults.append(str(error.error)))
        opened.append(context)
        return context

    yield open_watched
    for context in opened:
        if context.pages:  # one that the test has closed has said all it will
            context.cookies()  # what was said until now is heard before this is answered
    assert faults == []


@pytest.fixture(autouse=True)
def _watched(context: BrowserContext) -> None:
    """Also for tests that ask for nothing here: without Chromium they are skipped."""


@pytest.fixture
def browse(stack: Stack, new_context: Callable[..., BrowserContext]) -> Callable[["User", str], Page]:
    """A browser of that user's own, on a page of the running product that is live: `browse(alice, "/customers/")`."""

    def open_page(user: "User", path: str) -> Page:
        context = new_context(base_url=stack.url)
        context.add_cookies([{"name": "sessionid", "value": stack.sign_in(user), "url": stack.url}])
        page = context.new_page()
        page.goto(path)
        expect(page.locator("html[data-live=live]")).to_be_attached(timeout=15_000)
        return page

    return open_page


@pytest.fixture
def signed_in(live_server: Any, context: BrowserContext, page: Page) -> Any:
    """Signs a user in and opens a page: `signed_in(alice, "/me/")`."""

    def open_page(user: Any, path: str) -> Page:
        client = Client()
        client.force_login(user)
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
        page.goto(live_server.url + path)
        return page

    return open_page
