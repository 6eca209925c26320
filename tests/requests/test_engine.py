"""The queue's own rules, statement by statement: line of a customer, fences, leases, retries, order."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from crm.records.errors import NotEditable, NotVisible
from crm.records.models import ChangeNew
from crm.requests import engine, probe, services, turns, waking, worker
from crm.requests.kinds import Kind, Refused, register
from crm.requests.models import ProbeEffect, Request
from tests.factories import make_customer
from tests.requests.handling import claim, handle, handle_next

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(everybody):
    return make_customer(everybody.alice)


@pytest.fixture
def ask(everybody, customer):
    """`ask(key="a")` accepts a probe for the customer (or another one) and gives its row."""

    def accept(name="a", on=None, ms=0, **more):
        return services.accept_request(
            "probe", (on or customer).pk, {"ms": ms, "key": name}, actor=everybody.admin, **more
        )

    return accept


def state(request):
    request.refresh_from_db()
    return request.state


def test_a_claimed_request_runs_and_its_end_keeps_result_and_effects(ask):
    request = ask("k")

    handle_next()

    assert state(request) == "done"
    assert request.result == {"key": "k", "attempt": 1}
    assert probe.effects("k") == [request.pk]
    assert claim() is None


def test_requests_of_one_customer_never_overlap_and_keep_their_order(ask, everybody):
    first, second = ask("1"), ask("2")
    other = ask("3", on=make_customer(everybody.alice, name="Other"))

    running = {claim().request_id, claim().request_id}

    assert running == {first.pk, other.pk}
    assert claim() is None
    engine.finish(attempt_of(first), {})
    assert claim().request_id == second.pk


def attempt_of(request):
    request.refresh_from_db()
    return engine.Attempt(request.pk, request.kind, request.customer_id, request.payload, request.attempt, 1, "")


def test_one_that_waits_behind_its_customer_s_other_wakes_nobody(ask, everybody, monkeypatch):
    woken = []
    monkeypatch.setattr(services, "wake_after_commit", woken.append)

    ask("1"), ask("2")
    assert woken == ["requests"]
    ask("3", on=make_customer(everybody.alice, name="Other"))
    assert woken == ["requests", "requests"]


def test_who_lost_its_lease_can_no_longer_finish(ask):
    request = ask("k")
    stale = claim()
    Request.objects.filter(pk=request.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    engine.sweep()
    newer = claim()

    handle(stale)
    assert probe.effects("k") == []
    handle(newer)

    assert newer.number == 2
    assert probe.effects("k") == [request.pk]


def test_a_lease_that_holds_is_left_alone(ask):
    ask()
    claim()

    assert engine.sweep() == 0


def test_a_failing_handler_is_tried_again_after_a_pause_and_then_given_up(everybody, customer):
    register(Kind("fails", "Fails", probe.Probe, apply=fail, attempts=2))
    request = services.accept_request("fails", customer.pk, {"ms": 0, "key": "k"}, actor=everybody.admin)

    handle_next()
    assert (state(request), request.reason) == ("queued", "RuntimeError: no luck")
    assert claim() is None
    Request.objects.update(retry_at=timezone.now())
    engine.sweep()
    handle_next()

    assert (state(request), request.attempt) == ("dead", 2)
    assert not ProbeEffect.objects.exists()


def test_a_reason_quotes_no_row(everybody, customer):
    register(Kind("clashes", "Clashes", probe.Probe, apply=clash))
    request = services.accept_request("clashes", customer.pk, {"ms": 0, "key": "of hers"}, actor=everybody.alice)

    handle_next()

    request.refresh_from_db()
    assert request.reason.startswith('IntegrityError: new row for relation "requests_request" violates')
    assert "of hers" not in request.reason


def clash(attempt):
    Request.objects.filter(pk=attempt.request_id).update(state="lost")


def fail(attempt):
    probe.apply(attempt)
    raise RuntimeError("no luck")


def test_a_refusal_is_the_end_and_leaves_nothing(everybody, customer):
    register(Kind("refuses", "Refuses", probe.Probe, apply=refuse))
    request = services.accept_request("refuses", customer.pk, {"ms": 0, "key": "k"}, actor=everybody.admin)

    handle_next()

    assert (state(request), request.reason) == ("failed", "sold out")
    assert not ProbeEffect.objects.exists()


def refuse(attempt):
    probe.apply(attempt)
    raise Refused("sold out")


def test_one_that_pauses_holds_up_its_customer_alone(ask, everybody, customer):
    register(Kind("fails", "Fails", probe.Probe, apply=fail))
    services.accept_request("fails", customer.pk, {"ms": 0, "key": "k"}, actor=everybody.admin)
    ask("behind")
    free = ask("free", on=make_customer(everybody.alice, name="Other"))
    failing = next(each for each in (claim(), claim()) if each.kind == "fails")

    handle(failing)

    assert claim() is None
    assert state(free) == "running"


def test_a_cancelled_request_lets_the_next_go_and_its_worker_write_nothing(ask, everybody):
    request, behind = ask("1"), ask("2")
    attempt = claim()

    services.cancel_request(request.pk, actor=everybody.admin)
    handle(attempt)

    assert state(request) == "cancelled"
    assert not ProbeEffect.objects.exists()
    assert claim().request_id == behind.pk


def test_the_next_of_one_cancelled_is_not_left_to_a_worker_that_is_still_busy(
    ask, everybody, monkeypatch, django_capture_on_commit_callbacks
):
    request, _ = ask("1"), ask("2")
    claim()
    woken = []
    monkeypatch.setattr(waking, "wake", lambda queue, *_: woken.append(queue))

    with django_capture_on_commit_callbacks(execute=True):
        services.cancel_request(request.pk, actor=everybody.admin)

    assert woken == ["requests"]


def test_one_given_up_can_be_retried_and_an_attempt_of_before_stays_fenced_off(ask, everybody):
    request = ask("k")
    stale = claim()
    engine.end(stale, engine.NOBODY, state="dead", result=None, reason="")

    services.retry_request(request.pk, actor=everybody.admin)
    newer = claim()

    assert (newer.number, newer.tries) == (2, 1)
    with pytest.raises(engine.Lost):
        engine.finish(stale, {})
    with pytest.raises(services.WrongState):
        services.retry_request(request.pk, actor=everybody.admin)


def test_the_same_key_gives_the_same_request_and_another_payload_is_refused(ask):
    first = ask("k", key="once")

    assert ask("k", key="once").pk == first.pk
    with pytest.raises(services.KeyReused):
        ask("other", key="once")
    assert Request.objects.count() == 1


def test_a_customer_with_too_many_open_is_refused_more_but_told_of_each_again(ask, everybody, monkeypatch):
    monkeypatch.setattr(services, "MOST_WAITING", 2)
    ask("1")
    last = ask("2", key="once")

    with pytest.raises(ValidationError) as refused:
        ask("3")

    assert list(refused.value.message_dict) == ["customer"]
    assert ask("2", key="once").pk == last.pk
    assert ask("3", on=make_customer(everybody.alice, name="Other")).state == "queued"


def test_what_is_asked_is_checked_at_the_door(everybody, customer):
    for kind, payload, field in [
        ("unknown", {}, "kind"),
        ("probe", {"ms": -1, "key": "k"}, "payload.ms"),
        ("probe", {"ms": 1}, "payload.key"),
        ("probe", {"ms": 1, "key": "k", "more": 1}, "payload.more"),
        ("probe", {"ms": 1, "key": "k" * 70_000}, "payload"),
    ]:
        with pytest.raises(ValidationError) as refused:
            services.accept_request(kind, customer.pk, payload, actor=everybody.admin)
        assert list(refused.value.message_dict) == [field]
    with pytest.raises(NotEditable):
        services.accept_request("probe", customer.pk, {"ms": 1, "key": "k"}, actor=everybody.alice)
    with pytest.raises(NotVisible):
        services.accept_request("probe", 10**12, {"ms": 1, "key": "k"}, actor=everybody.admin)
    assert not Request.objects.exists()


def test_outsiders_neither_see_nor_cancel(ask, everybody):
    request = ask()

    assert not Request.objects.visible_to(everybody.charlie).exists()
    with pytest.raises(NotVisible):
        services.cancel_request(request.pk, actor=everybody.charlie)
    with pytest.raises(NotEditable):
        services.cancel_request(request.pk, actor=everybody.vera)
    assert state(request) == "queued"


def test_the_end_of_one_claims_the_next_with_it(ask, everybody):
    first, second = ask("1"), ask("2", on=make_customer(everybody.alice, name="Other"))
    attempt = claim()

    following = engine.finish(attempt, {}, engine.Slot("requests", "here:1"))

    assert (following.request_id, following.payload) == (second.pk, {"ms": 0, "key": "2"})
    assert (state(first), state(second)) == ("done", "running")
    logged = ChangeNew.objects.filter(record="request", op="u").order_by("id")
    assert [(row.record_id, row.data["state"], row.way) for row in logged] == [
        (first.pk, "running", "request"), (first.pk, "done", "request"), (second.pk, "running", "request"),
    ]  # fmt: skip


def test_an_end_that_is_no_longer_ours_claims_nothing(ask, everybody):
    first, second = ask("1"), ask("2", on=make_customer(everybody.alice, name="Other"))
    attempt = claim()
    services.cancel_request(first.pk, actor=everybody.admin)

    for end in (engine.finish, engine.refuse):
        with pytest.raises(engine.Lost):
            end(attempt, "", engine.Slot("requests", "here:1"))

    assert state(second) == "queued"


def test_a_slot_drains_the_queue_the_customers_lines_included(ask, everybody):
    other = make_customer(everybody.alice, name="Other")
    requests = [ask("1"), ask("2"), ask("3", on=other), ask("4", on=other)]

    worker.work(turns.Turn("requests", "here"))

    assert [state(each) for each in requests] == ["done"] * 4
    assert Request.objects.filter(attempt=1).count() == 4
