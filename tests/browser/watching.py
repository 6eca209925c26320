"""What tests of live pages ask of a browser; scripts given to `evaluate` run outside of the page's policy."""

from playwright.sync_api import expect

# Marks the page, so that a reload would be noticed, notes when it ceases to be live, and counts what moves without the
# reader's doing.
OBSERVE = """() => {
    window.isTheSame = true;
    window.leftLiveAt = null;
    new MutationObserver(() => {
        if (document.documentElement.dataset.live !== "live") window.leftLiveAt ??= Date.now() / 1000;
    }).observe(document.documentElement, { attributeFilter: ["data-live"] });
    window.shifts = [];
    window.longTasks = [];
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
            const moved = entry.sources.map(({ node, previousRect, currentRect }) =>
                `${(node?.outerHTML ?? node?.parentElement?.outerHTML ?? "").slice(0, 120)} ` +
                `${[previousRect.x, previousRect.y]} to ${[currentRect.x, currentRect.y]}`);
            if (!entry.hadRecentInput) window.shifts.push(...moved);
        }
    }).observe({ type: "layout-shift" });
    new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map(({ duration }) => duration)))
        .observe({ type: "longtask" });
}"""


def observe(page):
    page.evaluate(OBSERVE)


def shifts(page):
    """What has moved since `observe`, after two more frames."""
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"
    )
    return page.evaluate("window.shifts")


def is_the_same(page):
    """Whether the page was neither loaded again nor left since `observe`."""
    return page.evaluate("window.isTheSame === true")


NOTE_WASHES = """() => {
    window.washed = [];
    new MutationObserver((changes) => {
        for (const { target } of changes) if (target.matches(".washed")) window.washed.push(target.dataset.field);
    }).observe(document.body, { subtree: true, attributeFilter: ["class"] });
}"""


def note_washes(page):
    page.evaluate(NOTE_WASHES)


def washed(page):
    """The fields that were washed since `note_washes`: a wash is over sooner than a busy machine may look."""
    return page.evaluate("window.washed")


def field(page, name):
    """A field of the record's page, by the name that it is edited under."""
    return page.locator(f".page [data-presence-field={name}]")


def begin_edit(page, name):
    """Opens the field; its input, ready to be typed into."""
    field(page, name).click()
    control = field(page, name).locator("input:not([type=hidden]), select").first
    expect(control).to_be_focused()
    return control
