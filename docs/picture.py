"""Takes docs/picture.png: runs the product with demo data in a temporary folder, and two people who work in it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect, sync_playwright

DOCS = Path(__file__).resolve().parent
SIZE = ViewportSize(width=1440, height=900)
FLAGS = ["--no-sandbox", "--disable-background-networking"]
PATIENCE = 120  # seconds for the first start, which makes the demo data


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with product() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        take(browser, url)
        browser.close()


@contextmanager
def product() -> Iterator[str]:
    """The address of a product of its own, in which staff have already been at work for a few seconds."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        environment = os.environ | {"PULSE_DATA": folder, "PORT": str(port), "WEB_PROCESSES": "1"}
        starter = [sys.executable, "-m", "crm.starter"]
        process = subprocess.Popen([*starter, "--with-parent"], cwd=DOCS.parent, env=environment)
        try:
            wait_for(f"http://localhost:{port}/healthz")
            simulation = [*starter, "simulate", "--rate", "4", "--seconds", "8"]
            subprocess.run(simulation, cwd=DOCS.parent, env=environment, check=True)
            yield f"http://localhost:{port}"
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(address: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(OSError):
            urllib.request.urlopen(address, timeout=5).close()  # noqa: S310  our own address
            return
        time.sleep(0.2)
    raise TimeoutError(address)


def take(browser: Browser, url: str) -> None:
    """Alice reads a customer beside the list, on whom Bob is at work in a browser of his own."""
    alice, bob = sign_in(browser, url, "alice"), sign_in(browser, url, "bob")
    alice.goto(f"{url}/customers/?sort=name")
    row = alice.locator("#customer-rows > tr:has(.av:not(.square) + .cut)").nth(4)
    row.locator("[data-field=stage]").click()
    alice.mouse.move(700, 20)
    record = row.get_attribute("data-record") or ""
    bob.goto(f"{url}/customers/{record.removeprefix('customer:')}/")
    edit(bob, "title").fill("Head of purchasing")
    bob.keyboard.press("Enter")
    expect(bob.locator("dd [data-field=title]")).to_have_text("Head of purchasing")
    edit(bob, "stage").select_option("at_risk")
    expect(bob.locator("dd [data-field=stage]")).to_have_text("At risk")
    edit(bob, "phones")
    expect(alice.locator("#drawer [data-presence-field=phones].theirs")).to_be_visible()
    expect(alice.locator("#drawer [data-field=stage] .by")).to_be_visible()
    alice.screenshot(path=DOCS / "picture.png")


def sign_in(browser: Browser, url: str, username: str) -> Page:
    page = browser.new_context(viewport=SIZE, color_scheme="light").new_page()
    page.goto(f"{url}/accounts/login/?next=/me/")
    page.locator("input[name=login]").fill(username)
    page.locator("input[name=password]").fill("demo")
    page.keyboard.press("Enter")
    expect(page.locator("html[data-live=live]")).to_be_attached(timeout=20_000)
    return page


def edit(page: Page, name: str) -> Locator:
    page.locator(f".page [data-presence-field={name}]").click()
    return page.locator(f".page [data-presence-field={name}] :is(input:not([type=hidden]), select)").first


if __name__ == "__main__":
    main()
