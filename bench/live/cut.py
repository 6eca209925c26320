"""The network is cut without a word: how soon a page in Chromium says that it is not live."""

import itertools
import random
import socket
import statistics
import threading
import time
from typing import TYPE_CHECKING

from bench.painted import chromium
from bench.report import Figure, Report

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from bench.live.stage import Stage

PAGES = 10  # at the same time
SEEN = 3.0  # seconds in which it must be shown
BACK = 30_000  # ms until a page must be live again, with the network back
# Notes when the page ceased to be live, by the clock that this process shares.
WATCH = """() => new MutationObserver(() => {
    if (document.documentElement.dataset.live !== "live") window.ceased ??= performance.timeOrigin + performance.now();
}).observe(document.documentElement, { attributeFilter: ["data-live"] })"""


def measure(report: Report, stage: "Stage", trials: int) -> None:
    delays: list[float] = []
    with chromium() as browser:
        screens = [Screen(stage, browser) for _ in range(min(PAGES, trials))]
        while len(delays) < trials:
            for screen in screens:
                time.sleep(random.uniform(0, 0.2))  # at any moment between two heartbeats
                screen.cut()
            delays += [screen.ceased() for screen in screens]
            for screen in screens:
                screen.proxy.forwards.set()
            for screen in screens:
                screen.wait_for_live()
    name = f"{stage.server}: network cut without a word: until the page says that it is not live"
    report.add(Figure(f"{name}, the longest of {len(delays)}", round(max(delays), 2), "s", SEEN))
    report.add(Figure(f"{name}, median", round(statistics.median(delays), 2), "s"))
    late = sum(delay > SEEN for delay in delays)
    report.add(Figure(f"{name}: trials of {len(delays)} in which it took longer than {SEEN:g} s", late, "", 0))


class Screen:
    """A page whose whole traffic goes through a proxy of its own."""

    def __init__(self, stage: "Stage", browser: "Browser") -> None:
        self.proxy = Proxy(stage.stack.port)
        url = f"http://127.0.0.1:{self.proxy.port}"
        context = browser.new_context(base_url=url)
        context.add_cookies([{"name": "sessionid", "value": stage.stack.sign_in(stage.people[0]), "url": url}])
        self.page: Page = context.new_page()
        self.page.goto("/customers/")
        self.wait_for_live()
        self.page.evaluate(WATCH)

    def wait_for_live(self) -> None:
        self.page.wait_for_selector("html[data-live=live]", state="attached", timeout=BACK)

    def cut(self) -> None:
        self.page.evaluate("() => { delete window.ceased; }")
        self.cut_at = time.time()
        self.proxy.forwards.clear()

    def ceased(self) -> float:
        """Seconds from the cut until the page ceased to be live."""
        self.page.wait_for_selector("html:not([data-live=live])", state="attached", timeout=BACK)
        return float(self.page.evaluate("window.ceased") / 1000 - self.cut_at)


class Proxy:
    """Forwards TCP while `forwards` is set; otherwise it takes nothing, says nothing and closes nothing."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.forwards = threading.Event()
        self.forwards.set()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            near, _ = self.listening.accept()
            far = socket.create_connection(("127.0.0.1", self.target))
            for one, other in itertools.permutations((near, far)):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self.pass_on, args=(one, other), daemon=True).start()

    def pass_on(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                self.forwards.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            source.close()
            target.close()
