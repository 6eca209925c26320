"""An import in the browser, with a real worker: seen while it runs, survives its worker, and its errors come back."""

import uuid
from contextlib import contextmanager, suppress

import psutil
import psycopg
import pytest
from celery import Celery
from django.utils import timezone
from playwright.sync_api import expect

from customers.imports.models import Import
from customers.models import Customer

pytestmark = pytest.mark.browser


@pytest.fixture
def people(tmp_path):
    """A file of people with a name that no other test has; one row in it is wrong."""
    mark = uuid.uuid4().hex[:8]

    def write(count):
        rows = "".join(f"Person {number} {mark},{mark}-{number}\n" for number in range(count - 1))
        path = tmp_path / f"{mark}.csv"
        path.write_text(f"Full Name,Customer ID\n{rows},wrong\n")
        return path, mark

    return write


def kill_whole(name, stack):
    """The process and its children: an orphan would finish what it has begun."""
    (child,) = stack.named(name)
    orphans = psutil.Process(child.process.pid).children(recursive=True)
    stack.kill(name)
    for orphan in orphans:
        with suppress(psutil.NoSuchProcess):
            orphan.kill()
    psutil.wait_procs(orphans, timeout=5)


def upload(page, path):
    page.set_input_files("input[type=file]", path)
    page.click("text=Upload")
    expect(page.locator("select").first).to_have_value("name")


def begin(page, path):
    """Hands the file over and has it checked."""
    upload(page, path)
    page.click("form[action$='/plan/'] button.primary")
    expect(page.locator("#import")).to_have_attribute("data-state", "checked", timeout=60_000)
    return Import.objects.get(file_name=path.name)


def test_an_import_is_seen_from_its_columns_to_its_list(stack, browse, people):
    path, mark = people(40)
    page = browse(stack.people.alice, "/customers/import/")
    begin(page, path)
    page.evaluate("window.isTheSame = true")
    expect(page.locator("[data-field=created_count]")).to_have_text("39")
    expect(page.locator("table.problems")).to_contain_text("Name: Give a name.")
    assert not Customer.objects.filter(name__contains=mark).exists()
    page.click("button[value=running]")
    expect(page.locator("#import")).to_have_attribute("data-state", "done", timeout=60_000)
    with page.expect_download() as download:
        page.click("text=Rows with errors (CSV)")
    assert download.value.path().read_text("utf-8-sig").splitlines()[1] == ",wrong,Name: Give a name."
    page.click("text=Show them in the list")
    expect(page.locator("tr[data-record]").first).to_contain_text(mark)
    assert Customer.objects.filter(name__contains=mark, owner=stack.people.alice).count() == 39


def test_the_last_state_is_shown_though_the_one_before_is_drawn_late(stack, browse, people):
    path, _ = people(2)
    page = browse(stack.people.alice, "/customers/import/")
    upload(page, path)
    batch = Import.objects.filter(file_name=path.name)

    def fail_meanwhile(route):
        response = route.fetch()
        batch.update(state="failed")
        expect(page.locator("#import")).to_have_attribute("data-version", str(batch.get().version))
        route.fulfill(response=response)

    page.route(page.url, fail_meanwhile, times=1)
    batch.update(state="stopped")
    expect(page.locator("#import")).to_have_attribute("data-state", "failed")


@contextmanager
def stopped_at(number, batch, stack):
    """A line of that row is about to be written by somebody else: whoever imports waits for what becomes of it."""
    insert = "INSERT INTO customers_importline (batch_id, number, outcome, reason) VALUES (%s, %s, 'failed', '')"
    with psycopg.connect(stack.database_url) as other:
        other.execute(insert, [batch.pk, number])
        yield
        other.rollback()


def test_a_killed_worker_loses_and_doubles_no_row(stack, browse, people):
    path, mark = people(2500)
    page = browse(stack.people.alice, "/customers/import/")
    batch = begin(page, path)
    with stopped_at(1200, batch, stack):
        page.click("button[value=running]")
        expect(page.locator("[data-field=position]")).to_have_text("1,000", timeout=60_000)
        kill_whole("worker", stack)
    held = Import.objects.get(pk=batch.pk)
    assert (held.state, held.position) == (Import.State.RUNNING, 1000)
    assert Customer.objects.filter(name__contains=mark).count() == 1000
    # The lease would run out in 20 seconds, and the clock would then ask for this.
    Import.objects.filter(pk=batch.pk).update(leased_until=timezone.now())
    stack.start("worker")
    broker = stack.environment["REDIS_URL"].replace("unix://", "redis+socket://").replace("db=0", "virtual_host=1")
    Celery(broker=broker).send_task("customers.tasks.resume_imports")
    expect(page.locator("#import")).to_have_attribute("data-state", "done", timeout=60_000)
    expect(page.locator("[data-field=created_count]")).to_have_text("2,499")
    assert Customer.objects.filter(name__contains=mark).count() == 2499
