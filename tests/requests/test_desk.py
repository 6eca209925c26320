"""Requests that a person answers: taken by one alone, answered, shown on the desk."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from crm.outbox.models import Dispatch
from crm.records.errors import NotEditable, NotVisible
from crm.records.models import ChangeNew
from crm.requests import services
from crm.requests.desk import desk
from crm.requests.desk import services as people
from crm.requests.models import Request
from tests.factories import make_customer
from tests.requests.handling import claim, handle_next
from tests.requests.questions import answered, ask, customer, here

__all__ = ["ask", "customer", "here"]

pytestmark = pytest.mark.django_db


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
