"""Probes and metrics: what they say when all is well, and when one of the servers is away."""

import psycopg
import pytest
import redis
from django.db import connection
from django.test import Client
from django.utils import timezone

from crm import health
from crm.live.relay import LOCK
from crm.records import valkey
from crm.timings.models import RollupState
from tests.databases import address_of
from tests.factories import make_customer, number_changes


@pytest.fixture
def relay(db):
    """Somebody who holds the lock that the leading relay holds."""
    with psycopg.connect(address_of(connection), autocommit=True) as leader:
        leader.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        yield


@pytest.fixture
def no_valkey(monkeypatch):
    monkeypatch.setattr(valkey, "client", lambda: redis.Redis(unix_socket_path="/nowhere"))


@pytest.fixture
def no_database(monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")


def ready() -> tuple[int, dict]:
    answered = Client().get("/readyz")
    return answered.status_code, answered.json()


def test_a_process_that_lives_says_so_without_asking_anybody(no_database, no_valkey):
    answered = Client().get("/healthz", headers={"host": "10.0.0.7"})

    assert (answered.status_code, answered.content) == (200, b"ok\n")


@pytest.mark.django_db(transaction=True)
def test_readiness_names_every_dependency(relay):
    RollupState.objects.update_or_create(pk=1, defaults={"rolled_to": timezone.now()})
    number_changes()
    status, told = ready()

    assert (status, told["status"]) == (200, "ready")
    assert {name: each["ok"] for name, each in told["dependencies"].items()} == {
        "database": True, "valkey": True, "relay": True, "worker": True,
    }  # fmt: skip
    assert told["dependencies"]["database"]["ms"] > 0
    assert told["dependencies"]["relay"] == {"ok": True, "leading": True, "oldest_waiting_seconds": 0}


@pytest.mark.django_db(transaction=True)
def test_without_relay_and_worker_it_is_degraded(everybody):
    make_customer(everybody.alice)
    status, told = ready()

    assert (status, told["status"]) == (200, "degraded")
    assert told["dependencies"]["database"]["ok"]
    assert not told["dependencies"]["worker"]["ok"]
    assert not told["dependencies"]["relay"]["leading"]
    assert told["dependencies"]["relay"]["oldest_waiting_seconds"] > 0


def test_a_relay_that_leads_but_does_not_work_is_found():
    assert not health.relay_finding(leading=True, waiting=6)["ok"]
    assert health.relay_finding(leading=True, waiting=1)["ok"]


def test_without_valkey_it_is_degraded(relay, no_valkey):
    status, told = ready()

    assert (status, told["status"]) == (200, "degraded")
    assert not told["dependencies"]["valkey"]["ok"]


def test_without_the_database_it_is_not_ready(no_database):
    status, told = ready()

    assert (status, told["status"]) == (503, "down")
    assert told["dependencies"]["database"]["error"] == "OperationalError"
    assert not told["dependencies"]["relay"]["ok"]


# Metrics


def scrape(token: str = "") -> tuple[int, dict[str, float]]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answered = Client().get("/metrics", headers=headers)
    lines = answered.content.decode().splitlines()
    samples = dict(line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
    return answered.status_code, {name: float(value) for name, value in samples.items()}


def test_metrics_are_for_the_metrics_token_and_administrators(programs, settings):
    settings.METRICS_TOKEN = "scraper"

    def status(name: str) -> int:
        return scrape(getattr(programs, name).headers["Authorization"].removeprefix("Bearer "))[0]

    assert [scrape("scraper")[0], status("admin")] == [200, 200]
    assert [status("dana"), scrape("wrong")[0], scrape()[0]] == [401, 401, 401]


@pytest.mark.django_db
def test_no_metrics_token_lets_nobody_in(settings):
    settings.METRICS_TOKEN = ""

    assert scrape("")[0] == 401


def test_metrics_tell_of_the_product(everybody, settings):
    settings.METRICS_TOKEN = "scraper"
    make_customer(everybody.alice)
    head = number_changes()[-1]["seq"]
    make_customer(everybody.alice, name="Olu Adeyemi")

    told = scrape("scraper")[1]

    assert told['pulse_records{record="customer"}'] == 1
    assert (told["pulse_changes_total"], told["pulse_inbox_changes"]) == (head, 1)
    assert (told["pulse_database_up"], told["pulse_valkey_up"], told["pulse_relay_up"]) == (1, 1, 0)
    assert {"pulse_screens_sockets", "pulse_update_n", "pulse_update_late", "pulse_response_n"} <= told.keys()
    assert told["process_start_time_seconds"] > 0


@pytest.mark.django_db
def test_metrics_of_this_process_outlive_the_database(settings, no_database):
    settings.METRICS_TOKEN = "scraper"
    told = scrape("scraper")[1]

    assert told["pulse_database_up"] == 0
