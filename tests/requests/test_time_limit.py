"""A handler that takes longer than its kind may: its attempt fails, its slot is free, and nothing of it is left."""

import threading
from itertools import count

import pytest
from django.db import connection, transaction
from django.utils import timezone

from crm.requests import engine, overtime, probe, services, waking, worker
from crm.requests.kinds import Kind, register
from crm.requests.models import ProbeEffect, Request
from customers.models import Customer
from tests.factories import make_customer

pytestmark = pytest.mark.django_db(transaction=True)
names = (f"hangs {number}" for number in count())


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch):
    monkeypatch.setattr(overtime, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(overtime, "GRACE", 0.05)
    monkeypatch.setattr(waking, "wake", lambda _queue: None)


@pytest.fixture
def stuck():
    """What handlers hang at until the test is over; their threads have ended then."""
    until = threading.Event()
    yield until
    until.set()
    for thread in hands():
        thread.join()


def hands():
    return [thread for thread in threading.enumerate() if thread.name == "hand"]


@pytest.fixture
def ask(everybody):
    """`ask(apply, wait=…)`: a request of a kind that is handled so, and may take 50 ms."""

    def send(apply=probe.apply, **parts):
        kind = Kind(next(names), "Hangs", probe.Probe, **{"apply": apply, "attempts": 2, "time_limit": 0.05} | parts)
        register(kind)
        customer = make_customer(everybody.alice)
        return services.accept_request(kind.name, customer.pk, {"ms": 0, "key": "k"}, actor=everybody.admin)

    return send


def drain():
    worker.drain("requests", "here")


def seen(request):
    request.refresh_from_db()
    return request.state, request.reason


def test_one_that_hangs_is_tried_again_later_and_given_up_in_the_end(ask, stuck):
    request = ask(wait=lambda _attempt: stuck.wait())

    drain()
    assert seen(request) == ("queued", "took longer than 0.05 s")
    assert request.retry_at > timezone.now()
    assert not request.is_ready
    Request.objects.update(retry_at=timezone.now())
    engine.sweep()
    drain()

    assert seen(request) == ("dead", "took longer than 0.05 s")
    assert len(hands()) == 2


def test_one_that_comes_back_late_writes_nothing_and_claims_nothing(ask, stuck):
    hanging = ask(wait=lambda _attempt: stuck.wait())
    drain()
    behind = ask()

    stuck.set()
    for thread in hands():
        thread.join()

    assert seen(hanging)[0] == seen(behind)[0] == "queued"
    assert not ProbeEffect.objects.exists()


def test_what_it_holds_in_the_database_is_free(ask, stuck):
    def take_and_hang(attempt):
        Customer.objects.filter(pk=attempt.customer_id).update(name="Taken")
        stuck.wait()

    request = ask(take_and_hang)
    drain()

    assert seen(request)[0] == "queued"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '10s'")
        assert Customer.objects.filter(pk=request.customer_id).exclude(name="Taken").update(name="Free") == 1


def test_one_that_waits_for_the_database_is_stopped_and_its_thread_goes_on(ask, monkeypatch):
    monkeypatch.setattr(overtime, "GRACE", 30)
    hanging, next_one = ask(sleep_in_database), ask(time_limit=30)

    drain()

    assert seen(hanging) == ("queued", "took longer than 0.05 s")
    assert seen(next_one)[0] == "done"
    assert hands() == []


def sleep_in_database(_attempt):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(60)")


def test_a_slot_is_free_of_one_that_was_cancelled_and_hangs(ask, stuck, everybody):
    def be_cancelled_and_hang(attempt):
        services.cancel_request(attempt.request_id, actor=everybody.admin)
        stuck.wait()

    request = ask(wait=be_cancelled_and_hang)
    drain()

    assert seen(request) == ("cancelled", "")


def test_who_hangs_takes_no_place_from_others_in_the_pool_of_connections(ask, stuck):
    many = connection.pool.max_size + 1
    hanging = [ask(wait=lambda _attempt: stuck.wait(), attempts=1) for _ in range(many)]
    for _ in hanging:
        drain()

    assert {seen(each)[0] for each in hanging} == {"dead"}
    assert len(hands()) == many
