"""How many slots a queue wants: by what comes, how long that takes, and what waits."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.requests import load, services
from crm.requests.models import Request
from tests.factories import make_customer
from tests.requests.handling import handle_next


@pytest.mark.parametrize(
    ("came", "waiting", "work", "backlog", "wanted"),
    [
        (0, 0, 0, 0, 0),
        (300, 0, 2100, 0, 10),  # 7 slots at work of 10
        (0, 60, 0, 600, 10),  # ten minutes of work within one
        (1, 0, 0.1, 0, 1),
    ],
)
def test_slots_for_what_comes_and_for_what_waits(came, waiting, work, backlog, wanted):
    found = load.load("requests", came, waiting, work, backlog, window=300)
    assert (found.wanted, found.waiting) == (wanted, waiting)


@pytest.mark.django_db
def test_loads_are_those_of_the_rows(everybody):
    for _ in range(3):
        customer = make_customer(everybody.alice).pk
        services.accept_request("probe", customer, {"ms": 0, "key": "k"}, actor=everybody.admin)
    handle_next()
    Request.objects.filter(state="done").update(received_at=timezone.now() - timedelta(hours=1))

    (found,) = load.loads(10)

    assert (found.queue, found.waiting, found.rate, found.seconds) == ("requests", 2, 0.2, pytest.approx(0.1))
    assert found.wanted == 1


@pytest.mark.django_db
def test_metrics_tell_them(everybody, client, settings):
    settings.METRICS_TOKEN = "a token"
    services.accept_request("probe", make_customer(everybody.alice).pk, {"ms": 0, "key": "k"}, actor=everybody.admin)

    told = client.get("/metrics", headers={"Authorization": "Bearer a token"}).content.decode()

    assert 'pulse_queue_wanted{queue="requests"} 1.0' in told
    assert 'pulse_queue_waiting{queue="requests"} 1.0' in told
