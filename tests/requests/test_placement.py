"""Whom a question is offered: who is there, knows such questions and has time; and who is next."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from crm.live import online
from crm.records.errors import NotEditable, NotVisible
from crm.requests import services, upkeep, waking
from crm.requests.desk import desk, placement, wording
from crm.requests.desk import services as people
from crm.requests.models import Request
from tests.factories import change, make_customer, make_user
from tests.requests.handling import claim, handle
from tests.requests.questions import answered, ask, customer, here

__all__ = ["ask", "customer", "here"]

pytestmark = pytest.mark.django_db


def overdue(request):
    Request.objects.filter(pk=request.pk).update(take_by=timezone.now() - timedelta(seconds=1))
    placement.offer_anew()
    request.refresh_from_db()
    return request


def test_who_is_online_is_asked_before_who_owns_the_customer(everybody, ask, here):
    here.add(everybody.bob.pk)

    request = ask()

    assert request.person_id == everybody.bob.pk
    best, *others = wording.considered(request)
    assert best["why"] == "is online · of the customer’s team · nothing open"
    assert best["percent"] > max(each["percent"] for each in others)
    assert request.take_by < timezone.now() + timedelta(seconds=601)


def test_who_knows_the_topic_is_asked_before_who_does_not(everybody, ask):
    for _ in range(3):
        answered(ask(), everybody.bob, "billing")
    answered(ask(), everybody.dana, "billing", within=False)

    request = ask()
    found = placement.offer(Request.objects.get(pk=request.pk), topic="billing").desk["placed"]

    assert {each["user"]: each["skill"] for each in found}[everybody.bob.pk] == 3
    assert {each["user"]: each["skill"] for each in found}[everybody.dana.pk] == 0
    assert found[0]["user"] == everybody.bob.pk


def test_who_has_less_open_is_asked_first(everybody, ask):
    eve = make_user("eve", team=everybody.bob.team)
    waiting = ask()
    people.take_request(waiting.pk, actor=everybody.bob)
    others = make_customer(everybody.dana, owner=None, team=everybody.bob.team_id)
    people.take_request(ask().pk, actor=everybody.alice)

    assert ask(on=others).person_id == eve.pk


def test_an_owner_with_much_to_do_is_spared(everybody, ask):
    for _ in range(3):
        people.take_request(ask().pk, actor=everybody.alice)

    request = ask()

    assert request.person_id == everybody.bob.pk
    assert wording.considered(request)[1]["why"].endswith("3 open requests")


@pytest.mark.django_db(transaction=True)
def test_of_many_that_come_together_each_goes_to_who_has_less(everybody, monkeypatch):
    monkeypatch.setattr(online, "users", lambda: time.sleep(0.1) or set())  # each would count before another has one
    eve = make_user("eve", team=everybody.bob.team)
    type(everybody.dana).objects.exclude(pk__in=[everybody.bob.pk, eve.pk]).update(is_active=False)
    for _ in range(4):
        customer = make_customer(everybody.dana, owner=None, team=everybody.bob.team_id)
        services.accept_request("ask", customer.pk, {"subject": "Where is my order?"}, actor=everybody.dana)
    together, attempts = threading.Barrier(4), [claim() for _ in range(4)]

    def work(attempt):
        together.wait()
        try:
            handle(attempt)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(attempt,)) for attempt in attempts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    offered = list(Request.objects.values_list("person_id", flat=True))
    assert sorted(offered) == sorted([everybody.bob.pk, eve.pk] * 2)


def test_only_those_who_may_change_the_customer_are_asked(everybody, ask):
    offered = ask().desk["placed"]

    named = {each["user"] for each in offered}
    assert everybody.charlie.pk not in named
    assert everybody.vera.pk not in named
    assert everybody.bob.pk in named


def test_who_cannot_read_what_was_asked_is_not_asked(everybody, ask):
    type(everybody.alice.role).objects.filter(code="agent").update(sees_contacts=False)

    request = ask()

    assert {each["user"] for each in request.desk["placed"]} == {everybody.dana.pk, everybody.admin.pk}
    everybody.alice.role.refresh_from_db()
    with pytest.raises(NotEditable):
        people.take_request(request.pk, actor=everybody.alice)
    everybody.charlie.role.refresh_from_db()
    with pytest.raises(NotVisible):
        people.take_request(request.pk, actor=everybody.charlie)


def test_what_somebody_has_who_may_not_answer_any_more_is_offered_to_others(everybody, ask, customer):
    without_bob, out_of_reach, kept = ask(), ask(), ask()
    people.take_request(without_bob.pk, actor=everybody.bob)
    for request in (out_of_reach, kept):
        people.take_request(request.pk, actor=everybody.alice)
    type(everybody.bob).objects.filter(pk=everybody.bob.pk).update(is_active=False)

    assert placement.offer_anew() == 1
    without_bob.refresh_from_db()
    assert without_bob.waits_for_person
    assert without_bob.person_id not in (None, everybody.bob.pk)

    change(customer, everybody.dana, owner=everybody.charlie.pk, team=everybody.charlie.team_id)
    Request.objects.filter(pk=kept.pk).update(customer=make_customer(everybody.alice))
    assert placement.offer_anew() == 1
    assert not Request.objects.get(pk=out_of_reach.pk).is_taken
    assert Request.objects.get(pk=kept.pk).person_id == everybody.alice.pk


def test_what_is_not_taken_in_time_is_offered_to_the_next_until_all_were_asked(everybody, ask):
    request = ask()
    offered = [request.person_id]
    able = len(placement.able(request.customer))

    offered += [overdue(request).person_id for _ in range(able)]

    assert len(set(offered[:able])) == able
    assert offered[able] in offered[:able]
    assert request.waits_for_person


def test_the_clock_leaves_alone_what_is_in_time_and_what_is_taken(everybody, ask, monkeypatch):
    monkeypatch.setattr(waking, "wake", lambda *_: None)
    in_time, taken = ask(), ask()
    people.take_request(taken.pk, actor=everybody.bob)
    Request.objects.filter(pk=taken.pk).update(take_by=timezone.now() - timedelta(seconds=1))

    upkeep.sweep()

    assert Request.objects.get(pk=in_time.pk).person_id == in_time.person_id
    assert Request.objects.get(pk=taken.pk).person_id == everybody.bob.pk


def test_handed_back_it_goes_to_somebody_else(everybody, ask):
    request = ask()
    people.take_request(request.pk, actor=everybody.alice)

    back = people.hand_back_request(request.pk, actor=everybody.alice)

    assert back.waits_for_person
    assert back.person_id not in (None, everybody.alice.pk)
    assert back.desk["passed"] == [everybody.alice.pk]


def test_where_nobody_could_answer_it_waits_for_anybody(everybody, ask, customer):
    for name in ("admin", "dana", "alice", "bob"):
        user = getattr(everybody, name)
        type(user).objects.filter(pk=user.pk).update(is_active=False)

    found = placement.offer(Request(customer=customer))

    assert found.person_id is None
    assert found.desk["placed"] == []


def test_one_tried_again_is_placed_again_and_no_worker_is_woken_for_it(everybody, ask):
    request = ask()
    services.cancel_request(request.pk, actor=everybody.alice)

    services.retry_request(request.pk, actor=everybody.alice)

    assert claim() is None
    assert overdue(request).waits_for_person


def test_who_loses_sight_of_the_customer_loses_the_request(everybody, ask, customer):
    request = ask()
    assert list(desk.mine(everybody.alice)) == [request]

    change(customer, everybody.dana, owner=everybody.charlie.pk, team=everybody.charlie.team_id)

    assert not desk.mine(everybody.alice).exists()
    with pytest.raises(NotVisible):
        people.take_request(request.pk, actor=everybody.alice)
