"""Whatever fails, every watching client ends up with the database's values, without a reload and nothing twice.

The first test is the short form of `make faults`; the others are what that does not do.
"""

import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack, closing
from http.cookiejar import CookieJar
from urllib.parse import urlencode

import psycopg
import pytest
from django.db import connection

from crm.environment import CHECKOUT
from crm.records import log
from crm.records.models import ChangeNew
from crm.staff import services as staff
from customers import services
from customers.models import Customer
from tests.factories import make_customer
from tests.live.client import Follower

SOON = 2.0  # seconds in which updates arrive while Valkey is down
PATIENCE = 30.0  # seconds for a process to be there again, on a machine that is busy with other tests
BULK_PATIENCE = 90.0  # seconds for 30,000 changes: 4 on a fresh stack, 30 were seen on one that is minutes old
# Whose schedule has a kill of the relay, Valkey, a web process and PostgreSQL, a pause of the other web process, and
# broken connections to PostgreSQL.
SEED = "8789"


@pytest.mark.timeout(300)
def test_under_faults_nothing_is_lost_doubled_or_stale():
    options = ["--seed", SEED, "--minutes", "0.47", "--every", "4", "--clients", "40", "--writes", "30"]
    options += ["--brief", "--within", str(PATIENCE)]
    command = [sys.executable, "-m", "bench.faults", *options]
    run = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.fixture
def customers(stack):
    return [make_customer(stack.people.alice, name=f"Customer {number}") for number in range(5)]


@pytest.fixture
def followers(stack, customers):
    """Three people's screens, spread over the web processes."""
    with ExitStack() as opened:
        found = []
        epoch, head = log.position()
        for user in (stack.people.alice, stack.people.bob, stack.people.dana):
            _, token = staff.create_token(user, name="faults")
            topics = [customer.topic for customer in customers]
            found.append(opened.enter_context(closing(Follower(stack.ws_url, token, topics, epoch, head))))
        change_all(customers, stack.people.alice, "begin")
        all_current(found, customers)
        yield found


def change_all(customers, actor, title):
    for customer in customers:
        version = Customer.objects.values_list("version", flat=True).get(pk=customer.pk)
        services.update_customer(customer.pk, actor=actor, version=version, changes={"title": title})


def held(customers):
    rows = Customer.objects.filter(pk__in=[customer.pk for customer in customers])
    return {f"customer:{pk}": version for pk, version in rows.values_list("pk", "version")}


def all_current(followers, customers, patience=PATIENCE):
    versions = held(customers)
    for follower in followers:
        follower.wait_for(versions, patience)
        assert len(set(follower.applied)) == len(follower.applied)
        assert follower.resyncs == 0


def test_valkey_stopped_writes_pages_and_sign_in_go_on_and_updates_arrive(stack, customers, followers):
    stack.stop_valkey()
    change_all(customers, stack.people.alice, "while it was down")
    all_current(followers, customers, SOON)
    staff.set_password(stack.people.vera, "a password for this test")
    assert sign_in(stack, "vera", "a password for this test") == "/customers/"
    stack.start_valkey()
    change_all(customers, stack.people.bob, "when it was up again")
    all_current(followers, customers)


def sign_in(stack, username, password):
    """By the form, as a person does; the path of the page that one lands on."""
    jar = CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    login = f"{stack.url}/accounts/login/?next=/customers/"
    browser.open(login).close()
    token = next(cookie.value for cookie in jar if cookie.name == "csrftoken")
    form = urlencode({"login": username, "password": password, "csrfmiddlewaretoken": token}).encode()
    with browser.open(urllib.request.Request(login, form, {"Referer": login})) as page:
        return page.url.removeprefix(stack.url)


@pytest.mark.timeout(180)
def test_a_held_snapshot_and_a_transaction_of_30_seconds_delay_nobody_else(stack, customers, followers):
    """A cursor on ids would lose the slow row; a queue read from its beginning would slow down under the snapshot."""
    slow_customer, others = customers[0], customers[1:]
    with psycopg.connect(stack.database_url) as reader, psycopg.connect(stack.database_url) as slow:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM change_new")
        slow.execute("UPDATE customers_customer SET title = 'slow' WHERE id = %s", [slow_customer.pk])
        ends = time.monotonic() + 30
        rounds = 0
        while time.monotonic() < ends:
            rounds += 1
            change_all(others, stack.people.alice, f"round {rounds}")
            all_current(followers, others, 5)
        slow.commit()
    all_current(followers, customers)
    assert rounds > 10


def test_a_bulk_change_by_plain_sql_reaches_every_watcher(stack, customers, followers):
    """On a connection that wrote single rows before, whose kept plans must serve thousands as well."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_customer (name, kind, stage_id, owner_id, team_id)"
            " SELECT 'Bulk ' || i, 'person', 'lead', %s, %s FROM generate_series(1, 10000) i",
            [stack.people.alice.pk, stack.people.alice.team_id],
        )
        cursor.execute("UPDATE customers_customer SET source = 'bulk'")
        all_current(followers, customers, BULK_PATIENCE)
        cursor.execute("DELETE FROM customers_search WHERE open_text LIKE 'bulk %'")
        cursor.execute("DELETE FROM customers_customer WHERE name LIKE 'Bulk %'")
    deadline = time.monotonic() + BULK_PATIENCE
    while ChangeNew.objects.exists():  # what the relay is left with would be in the way of the tests that follow
        assert time.monotonic() < deadline
        time.sleep(0.1)
