"""The real pool: requests come by HTTP, Celery wakes workers, sockets tell, and workers die."""

import json
import threading
import time
import urllib.request
from collections import Counter

import pytest
import redis
from django.utils import timezone

from bench import kills
from bench.probes import Probes
from bench.requests import make_customers
from crm.celery import app
from crm.requests import waking
from crm.requests.models import Request, Worker
from crm.requests.probe import effects as probe_effects
from crm.staff import services as staff_services
from tests.factories import make_customer
from tests.live.conftest import listen

__all__ = ["listen"]

PATIENCE = 30.0  # seconds, on a machine that is busy with other tests


@pytest.fixture
def door(stack):
    """`door(path, body)` asks the API as the administrator and gives the answer's JSON."""
    _, token = staff_services.create_token(stack.people.admin, name="test")

    def ask(path, body=None):
        request = urllib.request.Request(
            f"{stack.url}/api{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    return ask


@pytest.fixture
def probe(stack, door):
    """`probe(key, ms)` sends a probe for a customer of its own (or `customer`) and gives its id."""

    def send(key, ms=0, customer=None):
        customer = customer or make_customer(stack.people.alice).pk
        return door("/requests", {"kind": "probe", "customer": customer, "payload": {"ms": ms, "key": key}})["id"]

    return send


@pytest.fixture
def clock(stack):
    """Celery's clock, which wakes the pool when the broker has forgotten to."""
    stack.clock.launch()
    yield
    stack.clock.stop()


def wait_for(met, showing=lambda: ""):
    over = time.monotonic() + PATIENCE
    while not (found := met()):
        assert time.monotonic() < over, f"waited in vain {showing()}"
        time.sleep(0.02)
    return found


def states(ids):
    return list(Request.objects.filter(pk__in=ids).order_by("pk").values_list("state", flat=True))


def test_a_request_is_handled_at_once_and_its_state_is_live(stack, door, probe, listen):
    customer = make_customer(stack.people.alice).pk
    reader = listen(stack.people.alice)
    reader.watch(f"customer:{customer}")

    request_id = probe("live", ms=50, customer=customer)

    wait_for(lambda: states([request_id]) == ["done"])
    reader.wait_for_version(f"request:{request_id}", 3)
    assert [frame["fields"]["state"] for frame in reader.frames(f"request:{request_id}")] == [
        "queued", "running", "done",
    ]  # fmt: skip
    assert door("/requests/probes?key=live")["effects"] == 1


def test_the_pool_says_that_it_is_there(stack):
    pool = wait_for(lambda: Worker.objects.filter(seen_at__gt=timezone.now() - waking.STALE).first())

    assert pool.slots == 10
    assert pool.name.startswith("requests-1@")
    assert "requests" in pool.queues.split()


def test_requests_of_one_customer_come_in_order_those_of_many_at_the_same_time(stack, door, probe):
    customer = make_customer(stack.people.alice).pk

    in_line = [probe("line", ms=30, customer=customer) for _ in range(5)]
    beside = [probe("beside", ms=300) for _ in range(4)]

    wait_for(lambda: set(states(in_line + beside)) == {"done"})
    assert door("/requests/probes?key=line")["order"] == in_line
    assert door("/requests/probes?key=beside")["effects"] == 4
    spans = Request.objects.filter(pk__in=beside).values_list("started_at", "finished_at")
    assert any(one[0] < other[1] and other[0] < one[1] for one in spans for other in spans if one != other)


def test_one_queue_is_woken_although_the_broker_broke_at_another(monkeypatch):
    woken = threading.Event()

    def send_wakes(queue, _count):
        if queue == "broken":
            raise redis.exceptions.TimeoutError("Timeout reading from socket")
        woken.set()

    monkeypatch.setattr(waking, "send_wakes", send_wakes)
    waker = waking.Waker()
    for queue in ("broken", "requests"):
        waker.due.put((queue, 1))
    waker.start()

    assert woken.wait(PATIENCE)


class FarTooOften(Exception):
    pass


@pytest.mark.parametrize("address", ["redis+socket:///nobody.here", "amqp://127.0.0.1:1"])
def test_a_broker_that_is_away_for_long_is_asked_for_as_often_as_at_first(monkeypatch, address):
    pauses = []

    def note(_error, pause):
        pauses.append(pause)
        if len(pauses) > 200:
            raise FarTooOften

    monkeypatch.setattr("kombu.utils.functional.sleep", lambda _seconds: None)
    with pytest.raises(FarTooOften):  # as Celery's consumers and clock do
        app.connection_for_read(address).ensure_connection(note, app.conf.broker_connection_max_retries)

    assert max(pauses) <= 2.0


def everybody_listens(stack):
    """Worker and pool: each for its tasks, and for commands."""
    with redis.Redis.from_url(stack.redis_url) as broker:
        clients = [each for each in broker.client_list() if each["db"] == "1"]
    for_tasks, for_commands = [each["cmd"] == "brpop" for each in clients], [each["psub"] != "0" for each in clients]
    return sum(for_tasks) == sum(for_commands) == 2


def test_a_pool_that_is_at_work_outlives_its_broker(stack, probe, clock):
    process = stack.children["requests-1"].process
    for _ in range(3):  # which of its connections it misses first is chance
        wait_for(lambda: everybody_listens(stack), showing=lambda: stack.log("requests"))
        at_work = [probe("outlives", ms=1000) for _ in range(3)]
        wait_for(lambda ids=at_work: set(states(ids)) == {"running"})
        stack.valkey.kill()
        stack.valkey.start()
        wait_for(lambda ids=at_work: set(states(ids)) == {"done"})

    wait_for(lambda: everybody_listens(stack), showing=lambda: stack.log("requests"))
    assert process.poll() is None


@pytest.mark.timeout(180)
def test_under_kills_of_worker_and_broker_each_request_is_done_once(stack, clock):
    """The short form of `python -m bench kills`."""
    with Probes(stack.people.admin, make_customers(stack, 400), "kills", rate=40, ms=50).sent():
        for targets in kills.TARGETS:
            kills.kill(stack, stack.valkey, targets, every=2.0)

    asked = set(Request.objects.filter(payload__key="kills").values_list("pk", flat=True))
    wait_for(lambda: set(states(asked)) == {"done"}, showing=lambda: Counter(states(asked)))
    assert sorted(probe_effects("kills")) == sorted(asked)
    assert len(asked) > 100
