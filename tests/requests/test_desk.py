"""Requests that a person answers: offered to the best placed, taken by one alone, answered or handed on."""

import threading
import time
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from crm.live import online
from crm.outbox.models import Dispatch
from crm.records.errors import NotEditable, NotVisible
from crm.records.models import ChangeNew
from crm.requests import services, upkeep, waking
from crm.requests.desk import desk, placement, wording
from crm.requests.desk import services as people
from crm.requests.models import Request
from tests.factories import change, make_customer, make_user
from tests.requests.handling import claim, handle, handle_next, handled

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def here(monkeypatch):
    """Who is online; nobody until a test says so."""
    found = set()
    monkeypatch.setattr(online, "users", lambda: found)
    return found


@pytest.fixture
def customer(everybody):
    return make_customer(everybody.alice)


@pytest.fixture
def ask(everybody, customer):
    """`ask("Where is my order?")` sends it for alice's customer and lets a worker place it."""

    def send(subject="Where is my order?", on=None, text=""):
        payload = {"subject": subject, "text": text}
        return handled(services.accept_request("ask", (on or customer).pk, payload, actor=everybody.dana))

    return send


def answered(request, user, topic="", within=True):
    people.take_request(request.pk, actor=user)
    people.answer_request(request.pk, actor=user, answer="So it is.", topic=topic, priority=2)
    if not within:
        Request.objects.filter(pk=request.pk).update(deadline_at=request.received_at)


def overdue(request):
    Request.objects.filter(pk=request.pk).update(take_by=timezone.now() - timedelta(seconds=1))
    placement.offer_anew()
    request.refresh_from_db()
    return request


def test_a_question_waits_for_the_owner_and_no_worker_has_it(everybody, ask):
    request = ask()

    assert (request.state, request.queue, request.person_id) == ("queued", "people", everybody.alice.pk)
    assert request.waits_for_person
    assert not request.is_ready
    assert claim() is None


def test_it_holds_up_nothing_else_of_the_customer(everybody, customer):
    question = services.accept_request("ask", customer.pk, {"subject": "Why?"}, actor=everybody.dana)
    behind = services.accept_request("probe", customer.pk, {"ms": 0, "key": "k"}, actor=everybody.admin)
    after = services.accept_request("probe", customer.pk, {"ms": 0, "key": "k"}, actor=everybody.admin)

    for _ in range(3):
        handle_next()

    assert list(Request.objects.order_by("pk").values_list("state", flat=True)) == ["queued", "done", "done"]
    assert question.pk < behind.pk < after.pk


def test_whoever_takes_it_answers_it(everybody, ask):
    request = ask()

    people.take_request(request.pk, actor=everybody.alice)
    done = people.answer_request(request.pk, actor=everybody.alice, answer=" Soon. ", topic=" Late  Order", priority=3)

    assert (done.state, done.result, done.topic, done.priority) == ("done", {"answer": "Soon."}, "late order", 3)
    assert done.received_at < done.started_at < done.finished_at
    rows = ChangeNew.objects.filter(record="request", record_id=request.pk).order_by("id")
    assert [(row.data["state"], row.data["person_id"]) for row in rows] == [
        ("queued", None), ("running", None), ("queued", everybody.alice.pk),
        ("running", everybody.alice.pk), ("done", everybody.alice.pk),
    ]  # fmt: skip
    assert not any("answer" in str(row.data) or "Where" in str(row.data) for row in rows)


def test_the_customer_is_mailed_the_answer(everybody, ask):
    request = ask("Where is it?", on=make_customer(everybody.alice, emails=["aisha@kestrel.example"]))

    answered(request, everybody.alice)

    (mail,) = Dispatch.objects.all()
    assert (mail.recipient, mail.content["subject"]) == ("aisha@kestrel.example", "Your question: Where is it?")
    assert "So it is." in mail.content["body"]


def test_a_colleague_may_be_quicker_and_then_has_it_alone(everybody, ask):
    request = ask()

    people.take_request(request.pk, actor=everybody.bob)

    for verb in (people.take_request, people.hand_back_request):
        with pytest.raises(services.WrongState):
            verb(request.pk, actor=everybody.alice)
    with pytest.raises(services.WrongState):
        people.answer_request(request.pk, actor=everybody.alice, answer="Mine", topic="", priority=2)
    request.refresh_from_db()
    assert (request.person_id, request.state, request.result) == (everybody.bob.pk, "running", None)


def test_the_database_refuses_one_that_is_taken_by_nobody(ask):
    request = ask()

    with pytest.raises(IntegrityError), transaction.atomic():
        Request.objects.filter(pk=request.pk).update(state="running", person=None)


def test_outsiders_and_viewers_neither_take_nor_answer(everybody, ask):
    request = ask()
    said = {"answer": "x", "topic": "", "priority": 2}

    for user, refusal in ((everybody.charlie, NotVisible), (everybody.vera, NotEditable)):
        for verb, more in ((people.take_request, {}), (people.hand_back_request, {}), (people.answer_request, said)):
            with pytest.raises(refusal):
                verb(request.pk, actor=user, **more)
    request.refresh_from_db()
    assert request.waits_for_person


def test_what_does_not_wait_for_a_person_is_nobodys_to_take(everybody, customer):
    request = services.accept_request("probe", customer.pk, {"ms": 0, "key": "k"}, actor=everybody.admin)

    with pytest.raises(services.WrongState):
        people.take_request(request.pk, actor=everybody.alice)


@pytest.mark.parametrize(
    ("field", "said"),
    [("answer", {"answer": "\x00 "}), ("topic", {"topic": "x" * 41}), ("priority", {"priority": 9})],
)
def test_an_answer_that_does_not_hold_is_refused(everybody, ask, field, said):
    request = ask()
    people.take_request(request.pk, actor=everybody.alice)

    with pytest.raises(ValidationError) as refused:
        people.answer_request(
            request.pk, actor=everybody.alice, **({"answer": "Yes", "topic": "", "priority": 2} | said)
        )

    assert list(refused.value.message_dict) == [field]


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


@pytest.mark.django_db(transaction=True)
def test_of_many_who_take_it_at_once_one_has_it(everybody, ask):
    request, won = ask(), []
    together = threading.Barrier(4)

    def take(user):
        together.wait()
        try:
            people.take_request(request.pk, actor=user)
            won.append(user.pk)
        except services.WrongState:
            pass
        finally:
            connection.close()

    threads = [
        threading.Thread(target=take, args=(each,))
        for each in (everybody.alice, everybody.bob, everybody.dana, everybody.admin)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert won == [Request.objects.get(pk=request.pk).person_id]


def test_the_desk_shows_what_is_mine_and_what_others_have(everybody, ask, client):
    mine, others = ask("Is it mine?"), ask("Is it theirs?")
    people.take_request(others.pk, actor=everybody.bob)
    ask("Not to be seen", on=make_customer(everybody.charlie))
    client.force_login(everybody.alice)

    found = desk.desk_of(everybody.alice.access)
    page = client.get("/requests/mine/").content.decode()

    assert [row["request"].pk for row in found["mine"]["rows"]] == [mine.pk]
    assert [row["request"].pk for row in found["others"]["rows"]] == [others.pk]
    assert "Is it mine?" in page
    assert "Not to be seen" not in page


def test_the_desk_says_how_many_more_there_are(everybody, ask, client, monkeypatch):
    monkeypatch.setattr(desk, "SHOWN", 1)
    shown = ask("Is it shown?")
    client.force_login(everybody.alice)
    assert "more" not in client.get("/requests/mine/").content.decode().split("<main")[1]
    assert [ask("One more?").person_id for _ in range(2)] == [shown.person_id] * 2

    page = client.get("/requests/mine/").content.decode()

    assert "and 2 more" in page
    assert page.count("One more?") == 0
    assert "One more?" not in client.get("/requests/all/?by=workers").content.decode()
    listed = client.get("/requests/all/?by=people&state=queued").content.decode()
    assert listed.count("/requests/") >= 3


def test_by_page_it_is_taken_sorted_and_answered(everybody, ask, client):
    request = ask("Where is it?", text="I wait for weeks.")
    client.force_login(everybody.bob)
    address, htmx = f"/requests/{request.pk}/", {"HX-Request": "true"}

    shown = client.get(address).content.decode()
    assert "I wait for weeks." in shown
    assert "Offered to" in shown
    sorted_ = client.post(f"{address}reply/", {"topic": "Delivery", "priority": "3"}, headers=htmx)
    assert "delivery" in sorted_.content.decode()
    assert client.post(f"{address}reply/", {"answer": "x", "priority": "2"}, headers=htmx).status_code == 409
    assert 'name="answer"' in client.post(f"{address}taking/", headers=htmx).content.decode()
    wrong = client.post(f"{address}reply/", {"answer": "Soon", "priority": "7"}, headers=htmx)
    assert (wrong.status_code, "Soon" in wrong.content.decode()) == (422, True)
    assert client.post(f"{address}reply/", {"answer": "Soon", "priority": "3", "topic": "delivery"}).status_code == 302

    request.refresh_from_db()
    assert (request.state, request.topic, request.priority) == ("done", "delivery", 3)
