"""T_response is timed by the relay: from the door until the end of a request is published, whoever ended it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.live.announcing import announce
from crm.live.mover import Mover, connect
from crm.live.relay import Relay
from crm.requests import engine, services
from crm.requests.kinds import PEOPLE
from crm.requests.models import Request
from crm.timings import clock, recorder
from tests.factories import make_customer
from tests.requests.handling import claim, handle_next

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def publish(empty_log):
    """Does the relay's work on what waits, and gives the responses that it has timed."""
    with connect() as own:
        mover = Mover(own, Relay().constants, Relay().clock)

        def publish():
            timed = recorder._recorder.buffers["responses"].rows
            timed.clear()
            while rows := mover.move():
                announce(mover.epoch, rows)
            return [recorder.ResponseRow(*row) for row in timed]

        yield publish


@pytest.fixture
def ask(everybody):
    customer = make_customer(everybody.alice)

    def accept():
        return services.accept_request("probe", customer.pk, {"ms": 0, "key": "k"}, actor=everybody.admin)

    return accept


def test_a_response_ends_when_it_is_published(ask, publish):
    request = ask()
    handle_next()
    before = clock.now()

    (timed,) = publish()

    request.refresh_from_db()
    assert (timed.kind, timed.module, timed.status, timed.user_id) == ("request probe", "requests", 200, None)
    assert before <= timed.ended_at <= clock.now()
    assert timed.seconds == (timed.ended_at - request.received_at).total_seconds()
    assert timed.waited == request.waited
    assert publish() == []


def test_what_is_given_up_with_its_worker_is_timed_as_well(ask, publish, monkeypatch):
    monkeypatch.setattr(engine, "MOST_LOST", 1)
    request = ask()
    claim()
    Request.objects.filter(pk=request.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert publish() == []

    engine.sweep()

    assert [timed.status for timed in publish()] == [500]


def test_what_is_cancelled_or_answered_by_a_person_is_not(ask, publish, everybody):
    services.cancel_request(ask().pk, actor=everybody.admin)
    Request.objects.filter(pk=ask().pk).update(queue=PEOPLE, state="running", person=everybody.alice)
    Request.objects.filter(queue=PEOPLE).update(state="done", finished_at=timezone.now())

    assert publish() == []


def test_what_changes_about_one_that_has_ended_is_no_second_response(ask, publish):
    request = ask()
    handle_next()
    assert len(publish()) == 1

    Request.objects.filter(pk=request.pk).update(topic="billing")

    assert publish() == []
