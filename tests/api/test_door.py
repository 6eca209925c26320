"""Who comes in, how often, and how every refusal reads."""

import time

import pytest
from django.test import Client

from crm.api import limits
from crm.records import valkey
from crm.records.models import ChangeNew
from crm.staff.models import ApiToken
from crm.staff.services import revoke_token
from customers.models import Customer
from tests.api.asking import is_problem
from tests.factories import deactivate_user, make_customer

pytestmark = pytest.mark.django_db

WRITES = [("POST", "/customers"), ("PATCH", "/customers/1"), ("DELETE", "/customers/1?version=1")]
READS = [
    ("GET", path) for path in ("/customers", "/customers/1", "/customers/1/notes", "/changes", "/directory", "/timings")
]


@pytest.mark.parametrize(("method", "path"), [*READS, *WRITES])
def test_without_a_token_nothing_is_told(programs, method, path):
    refused = programs.nobody.ask(method, path)

    assert is_problem(refused, 401)
    assert refused["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer pulse_", "Basic YTpi", "Bearer \x00"])
def test_a_wrong_token_is_refused(programs, header):
    assert is_problem(programs.nobody.get("/customers", Authorization=header), 401)


def test_a_wrong_token_is_refused_even_with_a_session(everybody):
    client = Client()
    client.force_login(everybody.alice)

    assert is_problem(client.get("/api/customers", headers={"Authorization": "Bearer pulse_no"}), 401)


def test_a_revoked_token_and_one_of_who_left_are_refused(programs, everybody):
    revoke_token(ApiToken.objects.get(user=everybody.alice).pk, actor=everybody.alice)
    deactivate_user(everybody.bob)

    assert is_problem(programs.alice.get("/customers"), 401)
    assert is_problem(programs.bob.get("/customers"), 401)


def test_our_own_pages_ask_with_their_session(everybody):
    client = Client()
    client.force_login(everybody.alice)

    made = client.post("/api/customers", {"kind": "person", "name": "Aisha"}, content_type="application/json")

    assert made.status_code == 201
    assert client.get("/api/customers").json()["items"] == [made.json()]


def test_other_sites_cannot_write_with_our_session(everybody):
    client = Client(enforce_csrf_checks=True)
    client.force_login(everybody.alice)

    refused = client.post("/api/customers", {"kind": "person", "name": "Aisha"}, content_type="application/json")

    assert is_problem(refused, 403)
    assert not Customer.objects.exists()


@pytest.mark.parametrize("path", ["/nothing", "/customers/x", "/customers/1/nothing", "/", "/customers/1/"])
def test_unknown_addresses_are_problems(programs, path):
    assert is_problem(programs.alice.get(path), 404)


def test_an_unknown_method_names_the_known_ones(programs):
    refused = programs.alice.ask("PUT", "/customers/1")

    assert is_problem(refused, 405)
    assert set(refused["Allow"].split(", ")) == {"GET", "PATCH", "DELETE"}


def test_a_body_that_is_no_json_is_a_problem(programs):
    assert is_problem(programs.alice.post("/customers", b"{"), 400)
    assert is_problem(programs.alice.post("/customers", b"\xff"), 400)
    assert is_problem(programs.alice.post("/customers", b"[]"), 422)
    assert is_problem(programs.alice.post("/customers", b""), 422)
    assert is_problem(programs.alice.post("/customers", b"[" * 100_000), 400)


def test_too_large_a_body_is_a_problem(programs, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

    assert is_problem(programs.alice.post("/customers", {"kind": "person", "name": "A" * 2000}), 413)
    assert not Customer.objects.exists()


def test_a_fault_of_ours_is_a_problem_without_particulars(programs, monkeypatch):
    def fail(*args: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("customers.api.read_customer", fail)
    failed = programs.alice.get("/customers/1")

    assert is_problem(failed, 500)
    assert b"secret" not in failed.content


# The rate


def test_every_answer_says_what_is_left(programs, settings):
    settings.API_RATE = 90

    left = [programs.alice.get("/customers")["RateLimit"] for _ in range(2)]

    assert left == ['"token";r=2;t=1', '"token";r=1;t=2']
    assert programs.alice.get("/customers/1")["RateLimit-Policy"] == '"token";q=3;w=2'


@pytest.mark.parametrize("valkey_answers", [True, False])
def test_a_token_that_asks_too_often_waits(programs, everybody, settings, monkeypatch, valkey_answers):
    if not valkey_answers:
        monkeypatch.setattr(valkey, "attempt", lambda _work: None)
    settings.API_RATE = 60
    customer = make_customer(everybody.alice)
    before = ChangeNew.objects.count()

    allowed = [programs.alice.get("/customers").status_code for _ in range(2)]
    refused = programs.alice.patch(f"/customers/{customer.pk}", {"version": 1, "city": "Leeds"})

    assert allowed == [200, 200]
    assert is_problem(refused, 429)
    assert refused["Retry-After"] == "1"
    token = programs.alice.headers["Authorization"].removeprefix("Bearer ")
    assert limits.door.refusal(token).is_exceeded
    assert refused["RateLimit"] == '"token";r=0;t=2'
    assert ChangeNew.objects.count() == before
    assert programs.bob.get("/customers").status_code == 200


def test_the_door_is_shut_by_the_last_that_is_let_in(programs, settings):
    settings.API_RATE = 1

    programs.alice.get("/customers")

    token = programs.alice.headers["Authorization"].removeprefix("Bearer ")
    assert 59 < limits.door.refusal(token).next_in <= 60


def test_who_may_come_again_comes_alone_until_it_is_known_what_is_left(monkeypatch):
    """Else all that wait would come in, each to be told that the first was the last."""
    clock, door = Clock("process", monkeypatch), limits.Door()
    door.note("asker", "site:1", limits.Rate(600, limits.BURST, is_exceeded=False))
    clock.advance(0.1)

    came_in = [door.enter("asker") is None for _ in range(3)]
    door.note("asker", "site:1", limits.Rate(600, limits.BURST // 2, is_exceeded=False))

    assert came_in == [True, False, False]
    assert door.enter("asker") is None


@pytest.mark.parametrize(("was_beaten", "shut_for"), [(False, 0.1), (True, 0.2)])
def test_a_process_that_another_was_quicker_than_stays_shut_a_little_longer(monkeypatch, was_beaten, shut_for):
    clock, door = Clock("process", monkeypatch), limits.Door()
    door.note("asker", "site:1", limits.Rate(600, limits.BURST, is_exceeded=was_beaten))

    assert door.refusal("asker").next_in == pytest.approx(shut_for)
    clock.advance(shut_for)
    assert door.refusal("asker") is None


@pytest.mark.parametrize("counted_in", ["valkey", "process"])
def test_a_minute_lets_in_its_number_and_one_burst(monkeypatch, counted_in):
    limit, clock = 600, Clock(counted_in, monkeypatch)
    begun = time.monotonic()

    let_in = 0
    for _ in range(1201):
        let_in += not limits.take("asker", limit).is_exceeded
        clock.advance(0.05)

    assert 620 <= let_in <= 620 + (time.monotonic() - begun) * 10


@pytest.mark.parametrize("counted_in", ["valkey", "process"])
def test_who_waits_as_long_as_told_is_let_in_and_not_before(monkeypatch, counted_in):
    limit, clock = 12, Clock(counted_in, monkeypatch)
    limits.take("asker", limit)
    refused = limits.take("asker", limit)

    assert refused.is_exceeded
    assert 4 < refused.next_in <= 5
    clock.advance(refused.next_in - 2)
    assert limits.take("asker", limit).is_exceeded
    clock.advance(2)
    assert not limits.take("asker", limit).is_exceeded


def test_a_clock_that_is_set_back_keeps_nobody_out_for_longer_than_a_burst():
    valkey.client().set("rate:asker", 2**52)

    assert limits.take("asker", 600).next_in == pytest.approx(0.1)


def test_a_process_forgets_whose_bucket_is_whole_again(monkeypatch):
    monkeypatch.setattr(limits, "MOST_KEPT", 10)
    clock, rates = Clock("process", monkeypatch), limits.LocalRates()
    for number in range(11):
        rates.take(str(number), 600)
    clock.advance(1)
    rates.take("next", 600)

    assert list(rates.due) == ["next"]


class Clock:
    """Time as the limits have it, which passes when it is told to: Valkey's by what it keeps."""

    def __init__(self, counted_in: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0
        self.is_valkeys = counted_in == "valkey"
        valkey.client().delete("rate:asker")
        if not self.is_valkeys:
            monkeypatch.setattr(valkey, "attempt", lambda _work: None)
            monkeypatch.setattr(limits, "local", limits.LocalRates())
            monkeypatch.setattr(limits, "microseconds", lambda: self.now)

    def advance(self, seconds: float) -> None:
        self.now += int(seconds * limits.SECOND)
        if self.is_valkeys and (due := valkey.client().get("rate:asker")):
            valkey.client().set("rate:asker", int(due) - int(seconds * limits.SECOND))
