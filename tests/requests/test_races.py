"""Two at one customer's line at the same moment: who comes second waits, and nobody is in the way for good."""

import threading

import pytest
from django.db import connection

from crm.requests import engine, leases, services
from crm.requests.kinds import Attempt
from crm.requests.models import Request
from tests.factories import make_customer
from tests.requests.handling import at_once, claim

# Ends are slowed between their row and the line, where PostgreSQL may stop anybody at any time.
SLOW_ENDS = """
CREATE FUNCTION slow_end() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END';
CREATE TRIGGER a_slow_end AFTER UPDATE ON requests_request FOR EACH ROW
WHEN (OLD.state <> NEW.state AND NEW.finished_at IS NOT NULL) EXECUTE FUNCTION slow_end()"""


@pytest.fixture
def slow_ends(transactional_db):
    with connection.cursor() as cursor:
        cursor.execute(SLOW_ENDS)
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION slow_end CASCADE")


@pytest.fixture
def line(everybody):
    """Three probes of one customer, of which the first is running: the attempt at it, and the rows."""
    customer = make_customer(everybody.alice)
    rows = [
        services.accept_request("probe", customer.pk, {"ms": 0, "key": str(number)}, actor=everybody.admin)
        for number in range(3)
    ]
    return claim(), rows


def states(rows):
    return list(Request.objects.filter(pk__in=[row.pk for row in rows]).order_by("pk").values_list("state", "is_ready"))


def test_the_end_of_one_and_the_cancelling_of_the_next_do_not_lock_each_other(everybody, line, slow_ends):
    attempt, rows = line

    raised = at_once(
        lambda: engine.finish(attempt, {}), lambda: services.cancel_request(rows[1].pk, actor=everybody.admin)
    )

    assert raised == []
    assert states(rows) == [("done", False), ("cancelled", False), ("queued", True)]


def test_of_an_end_and_a_cancelling_of_the_same_one_is_first(everybody, line, slow_ends):
    attempt, rows = line

    (raised,) = at_once(
        lambda: engine.finish(attempt, {}), lambda: services.cancel_request(rows[0].pk, actor=everybody.admin)
    )

    first = {engine.Lost: "cancelled", services.WrongState: "done"}[raised]
    assert states(rows) == [(first, False), ("queued", True), ("queued", False)]


def test_the_end_of_one_and_the_erasing_of_all_do_not_lock_each_other(everybody, line, slow_ends):
    attempt, rows = line

    def erase():
        with connection.cursor() as cursor:  # as they lie in the table, where a claimed one lies behind the others
            cursor.execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off")
        services.erase_requests(attempt.customer_id, but=rows[2].pk)

    raised = at_once(lambda: engine.finish(attempt, {}), erase)

    assert raised in ([], [engine.Lost])
    assert states(rows)[1:] == [("cancelled", False), ("queued", True)]


def test_what_passes_the_door_just_before_an_erasing_goes_with_it(everybody, monkeypatch, transactional_db):
    customer = make_customer(everybody.alice)
    erasing = threading.Thread(target=at_once, args=[lambda: services.erase_requests(customer.pk, but=0)])

    def erase_meanwhile(_customer_id):
        erasing.start()
        wait_until_it_waits_or_is_over(erasing)

    monkeypatch.setattr(services, "check_room", erase_meanwhile)
    request = services.accept_request("probe", customer.pk, {"ms": 0, "key": "hers"}, actor=everybody.admin)
    erasing.join()

    request.refresh_from_db()
    assert (request.state, request.payload) == ("cancelled", {})


def wait_until_it_waits_or_is_over(thread):
    waits = False
    while thread.is_alive() and not waits:
        with connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)")
            (waits,) = cursor.fetchone()


@pytest.mark.django_db
@pytest.mark.parametrize("gone", [0, 1], ids=["running", "waiting"])
def test_what_is_deleted_holds_up_nobody(line, gone):
    attempt, rows = line

    Request.objects.filter(pk=rows[gone].pk).delete()
    if gone:
        engine.finish(attempt, {})

    assert claim().request_id == rows[1 + gone].pk


def test_an_attempt_that_was_lost_leaves_the_lease_of_the_next_one_alone(monkeypatch):
    monkeypatch.setattr(leases, "RENEW_EVERY", 0)
    lost, newer = (Attempt(7, "probe", 1, {}, number, number, "") for number in (1, 2))
    held = leases.Leases()
    monkeypatch.setattr(held, "run", lambda: None)

    held.take(lost)
    held.take(newer)
    held.release(lost)

    assert held.due() == [(7, 2)]
