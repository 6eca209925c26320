"""The door: what it takes, what it says, and to whom."""

from datetime import timedelta

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.utils import timezone

from crm.requests import services
from crm.requests.models import Request
from crm.timings.middleware import ARRIVED
from customers.models import Customer
from tests.api.asking import is_problem
from tests.factories import make_customer
from tests.requests.handling import at_once, handle_next

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(everybody):
    return make_customer(everybody.alice)


@pytest.fixture
def asked(customer):
    return {"kind": "probe", "customer": customer.pk, "payload": {"ms": 0, "key": "k"}, "idempotency_key": "once"}


def test_a_request_is_accepted_handled_and_told(programs, asked, customer):
    answer = programs.admin.post("/requests", asked)
    request_id = answer.json()["id"]

    assert (answer.status_code, answer.json()) == (202, {"id": request_id, "state": "queued"})
    assert answer["Location"] == f"/api/requests/{request_id}"
    handle_next()
    told = programs.admin.get(f"/requests/{request_id}").json()
    times = [told.pop(name) for name in ("received_at", "started_at", "finished_at")]
    assert times == sorted(times)
    assert told == {
        "id": request_id, "kind": "probe", "customer": customer.pk, "state": "done", "attempt": 1,
        "result": {"key": "k", "attempt": 1}, "reason": None,
    }  # fmt: skip
    assert programs.admin.get("/requests/probes?key=k").json() == {"effects": 1, "order": [request_id]}


def test_the_same_key_is_answered_alike_and_another_payload_refused(programs, asked):
    first = programs.admin.post("/requests", asked)
    handle_next()

    assert programs.admin.post("/requests", asked).json() == first.json()
    other = programs.admin.post("/requests", asked | {"payload": {"ms": 1, "key": "other"}})
    assert is_problem(other, 422)
    assert Request.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": "k1"}])
@pytest.mark.parametrize("key", [None, "once"])
def test_a_customer_deleted_for_good_meanwhile_is_not_there(programs, asked, customer, monkeypatch, key, headers):
    check = services.check_customer

    def check_before_it_goes(*given: object) -> None:
        check(*given)
        at_once(lambda: Customer.objects.filter(pk=customer.pk).delete())

    monkeypatch.setattr(services, "check_customer", check_before_it_goes)

    assert is_problem(programs.admin.post("/requests", asked | {"idempotency_key": key}, **headers), 404)
    assert not Request.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "unknown"}, "kind"),
        ({"payload": {"ms": "soon", "key": "k"}}, "payload.ms"),
        ({"payload": []}, "payload"),
        ({"customer": "me"}, "customer"),
        ({"idempotency_key": ""}, "idempotency_key"),
        ({"more": 1}, "more"),
    ],
)
def test_what_is_wrong_is_said_by_field_and_nothing_is_queued(programs, asked, wrong, field):
    answer = programs.admin.post("/requests", asked | wrong)

    assert is_problem(answer, 422)
    assert list(answer.json()["errors"]) == [field]
    assert not Request.objects.exists()


def test_giant_and_deep_payloads_are_refused(programs, asked):
    deep = {}
    for _ in range(500):
        deep = {"deeper": deep}

    assert is_problem(programs.admin.post("/requests", asked | {"payload": deep}), 422)
    assert is_problem(programs.admin.post("/requests", asked | {"payload": {"ms": 1, "key": "k" * 100_000}}), 422)
    assert not Request.objects.exists()


def test_probes_are_for_administrators_and_customers_for_who_may_edit_them(programs, asked, customer):
    assert is_problem(programs.alice.post("/requests", asked), 403)
    assert is_problem(programs.alice.get("/requests/probes?key=k"), 403)
    assert is_problem(programs.nobody.post("/requests", asked), 401)
    assert is_problem(programs.admin.post("/requests", asked | {"customer": 10**12}), 404)
    assert not Request.objects.exists()


def test_a_request_is_seen_by_whoever_sees_the_customer(programs, asked):
    path = f"/requests/{programs.admin.post('/requests', asked).json()['id']}"

    assert programs.bob.get(path).status_code == 200
    assert is_problem(programs.charlie.get(path), 404)
    assert len(programs.alice.get("/requests?state=queued").json()["items"]) == 1
    assert programs.charlie.get("/requests").json() == {"items": [], "next": None}
    assert is_problem(programs.charlie.post(f"{path}/cancel", {}), 404)
    assert is_problem(programs.vera.post(f"{path}/cancel", {}), 403)


def test_what_came_of_it_may_quote_contacts_and_is_kept_from_who_does_not_see_them(programs, asked):
    path = f"/requests/{programs.admin.post('/requests', asked).json()['id']}"
    handle_next()

    assert programs.bob.get(path).json()["result"] == {"key": "k", "attempt": 1}
    for told in (programs.vera.get(path).json(), programs.vera.get("/requests").json()["items"][0]):
        assert (told["state"], told["result"]) == ("done", None)


def test_cancelled_then_retried(programs, asked):
    path = f"/requests/{programs.admin.post('/requests', asked).json()['id']}"

    assert programs.alice.post(f"{path}/cancel", {}).json()["state"] == "cancelled"
    assert is_problem(programs.alice.post(f"{path}/cancel", {}), 409)
    assert programs.alice.post(f"{path}/retry", {}).json()["state"] == "queued"


def test_a_request_was_received_when_it_came_to_the_door(programs, asked, monkeypatch):
    came = timezone.now() - timedelta(milliseconds=200)
    monkeypatch.setattr(WSGIRequest, "scope", {ARRIVED: came}, raising=False)

    programs.admin.post("/requests", asked)

    assert Request.objects.get().received_at == came


HEAD = b'{"kind": "probe", "customer": 1, "payload": '


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (HEAD + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}", 400),
        (HEAD + b"[" * 100_000, 400),
        (HEAD + b'{"ms": ' + b"9" * 10_000 + b', "key": "k"}}', 400),
        (HEAD + b'{"ms": 1e400, "key": "k"}}', 422),
        (HEAD + b'{"ms": 1, "key": "\\ud800"}}', 422),
        (HEAD + b'{"ms": 1, "key": "' + b"k" * 6_000_000 + b'"}}', 413),
        (b"\xff\xfe", 400),
    ],
)
def test_what_no_parser_likes_is_refused_all_the_same(programs, asked, body, status):
    assert is_problem(programs.admin.post("/requests", body), status)
    assert not Request.objects.exists()
