"""A write with a key has one effect and one answer, however often and however close together it is sent."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from crm.api import tasks
from crm.api.models import KeptAnswer
from crm.records.models import ChangeNew
from crm.staff.models import Role, User
from customers.models import Customer, Note
from tests.api.asking import Program, is_problem
from tests.factories import make_customer, make_user

NEW = {"kind": "person", "name": "Aisha Rahman"}
POINTS = {"emails": ["aisha@example.org"], "phones": ["+441134960199"]}
CONSENT = {"channel": "email", "is_given": True}

pytestmark = pytest.mark.django_db


def test_the_same_write_again_is_answered_alike_and_done_once(programs):
    first = programs.alice.post("/customers", NEW, Idempotency_Key="k1")
    again = programs.alice.post("/customers", NEW, Idempotency_Key="k1")

    assert (again.status_code, again.json(), again["Location"]) == (201, first.json(), first["Location"])
    assert (first.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")
    assert again["Content-Type"] == first["Content-Type"]
    assert Customer.objects.count() == 1


def test_another_key_another_person_or_no_key_is_another_write(programs):
    programs.alice.post("/customers", NEW, Idempotency_Key="k1")
    programs.alice.post("/customers", NEW, Idempotency_Key="k2")
    programs.bob.post("/customers", NEW, Idempotency_Key="k1")
    programs.alice.post("/customers", NEW)

    assert Customer.objects.count() == 4


def test_a_key_holds_for_one_request_only(programs, everybody):
    programs.alice.post("/customers", NEW, Idempotency_Key="k1")
    before = ChangeNew.objects.count()

    other_body = programs.alice.post("/customers", NEW | {"name": "Olu"}, Idempotency_Key="k1")
    other_path = programs.alice.post(f"/customers/{Customer.objects.get().pk}/restore", NEW, Idempotency_Key="k1")

    assert is_problem(other_body, 422)
    assert is_problem(other_path, 422)
    assert other_body.json()["type"] == "/api/docs#key-reused"
    assert ChangeNew.objects.count() == before


def test_a_change_is_done_once(programs, everybody):
    path = f"/customers/{make_customer(everybody.alice).pk}"
    change = {"version": 1, "city": "Leeds"}

    answers = [programs.alice.patch(path, change, Idempotency_Key="k1").json()["version"] for _ in range(3)]

    assert answers == [2, 2, 2]


def test_a_deletion_is_done_once(programs, everybody):
    path = f"/customers/{make_customer(everybody.alice).pk}?version=1"

    assert programs.alice.delete(path, Idempotency_Key="k1").status_code == 204
    again = programs.alice.delete(path, Idempotency_Key="k1")
    assert (again.status_code, again.content, again["Idempotency-Replayed"]) == (204, b"", "true")


def test_a_refusal_is_kept_as_well(programs, everybody):
    path = f"/customers/{make_customer(everybody.alice).pk}"
    programs.bob.patch(path, {"version": 1, "city": "Leeds"})

    first = programs.alice.patch(path, {"version": 1, "city": "York"}, Idempotency_Key="k1")
    programs.bob.patch(path, {"version": 2, "city": ""})
    again = programs.alice.patch(path, {"version": 1, "city": "York"}, Idempotency_Key="k1")

    assert is_problem(first, 409)
    assert is_problem(again, 409)
    assert again.json() == first.json()


def repeated_after(program, write, lose):
    """The first answer, and the same write's again after the right to see is lost."""
    first = write(program)
    lose()
    return first, write(program)


def test_contact_details_that_are_masked_by_now_are_masked_in_the_repeated_answer(programs, everybody):
    def write(program):
        return program.post("/customers", NEW | POINTS, Idempotency_Key="k1")

    def lose():
        Role.objects.filter(code="agent").update(sees_contacts=False)

    first, again = repeated_after(programs.alice, write, lose)

    assert first.json()["emails"] == POINTS["emails"]
    assert (again.status_code, again["Location"]) == (201, first["Location"])
    assert again.json() == first.json() | {"emails": ["a•••@e•••.org"], "phones": ["•••99"]}


def test_a_conflict_does_not_quote_what_is_masked_by_now(programs, everybody):
    path = f"/customers/{make_customer(everybody.alice).pk}"
    programs.bob.patch(path, {"version": 1, "emails": ["her@kestrel.example"]})

    def write(program):
        return program.patch(path, {"version": 1} | POINTS, Idempotency_Key="k1")

    first, again = repeated_after(
        programs.alice, write, lambda: Role.objects.filter(code="agent").update(sees_contacts=False)
    )

    assert is_problem(first, 409)
    assert is_problem(again, 409)
    assert again.json()["conflicts"]["emails"]["theirs"] == ["h•••@k•••.example"]


def test_who_has_contact_details_masked_gets_the_same_answer_byte_for_byte(programs, everybody):
    Role.objects.filter(code="agent").update(sees_contacts=False)
    first, again = (programs.alice.post("/customers", NEW | POINTS, Idempotency_Key="k1") for _ in range(2))

    assert first.json()["phones"] == ["•••99"]
    assert again.content == first.content


@pytest.mark.parametrize(
    ("below", "change"),
    [
        ("/notes", {"body": "She called."}),
        ("/follow-ups", {"title": "Call her", "due_at": "2030-01-01T09:00:00Z"}),
        ("/restore", {}),
    ],
)
def test_what_has_gone_out_of_sight_since_is_not_told_again(programs, everybody, below, change):
    customer = make_customer(everybody.alice)

    def write(program):
        return program.post(f"/customers/{customer.pk}{below}", change, Idempotency_Key="k1")

    first, again = repeated_after(
        programs.bob, write, lambda: User.objects.filter(pk=everybody.bob.pk).update(team=everybody.charlie.team)
    )

    assert first.status_code < 300
    assert is_problem(again, 404)


def test_what_was_done_to_a_request_is_not_told_again_out_of_sight(programs, everybody):
    asked = {"kind": "consent", "customer": make_customer(everybody.alice).pk, "payload": CONSENT}
    address = f"/requests/{programs.alice.post('/requests', asked).json()['id']}/cancel"

    first, again = repeated_after(
        programs.bob,
        lambda program: program.post(address, Idempotency_Key="k1"),
        lambda: Customer.objects.update(owner=everybody.charlie, team=everybody.charlie.team),
    )

    assert first.status_code == 200
    assert is_problem(again, 404)


def test_who_hands_a_customer_over_is_answered_alike_again(programs, everybody):
    path = f"/customers/{make_customer(everybody.alice).pk}"
    handed = {"version": 1, "owner": everybody.charlie.pk}

    first, again = (programs.alice.patch(path, handed, Idempotency_Key="k1") for _ in range(2))

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content


def test_an_answer_about_what_is_in_the_trash_by_now_is_repeated(programs):
    first = programs.alice.post("/customers", NEW, Idempotency_Key="k1")
    programs.alice.delete(f"/customers/{first.json()['id']}?version=1")

    assert programs.alice.post("/customers", NEW, Idempotency_Key="k1").content == first.content


def test_a_failure_is_not_kept_and_leaves_nothing(programs, monkeypatch):
    def fail(*args: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr("customers.api.as_read", fail)  # after the service has written
        assert is_problem(programs.alice.post("/customers", NEW, Idempotency_Key="k1"), 500)
    assert not Customer.objects.exists()

    assert programs.alice.post("/customers", NEW, Idempotency_Key="k1").status_code == 201
    assert Customer.objects.count() == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_a_key_that_cannot_be_is_refused(programs, key):
    assert is_problem(programs.alice.post("/customers", NEW, Idempotency_Key=key), 422)
    assert not Customer.objects.exists()


def test_a_key_is_free_again_after_a_day(programs):
    programs.alice.post("/customers", NEW, Idempotency_Key="k1")
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))

    assert programs.alice.post("/customers", NEW, Idempotency_Key="k1").status_code == 201
    assert Customer.objects.count() == 2


def test_the_clock_forgets_old_answers_alone(programs):
    programs.alice.post("/customers", NEW, Idempotency_Key="old")
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))
    programs.alice.post("/customers", NEW, Idempotency_Key="new")

    tasks.forget_old_answers()

    assert [kept.key for kept in KeptAnswer.objects.all()] == ["new"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", ["k1", None])
def test_many_at_once_with_one_key_have_one_effect(key):
    alice = make_user("alice")
    customer, program = make_customer(alice), Program(alice)
    headers = {"Idempotency_Key": key} if key else {}

    def ask(_number: int) -> tuple[int, int]:
        try:
            answered = program.post(f"/customers/{customer.pk}/notes", {"body": "called"}, **headers)
            return answered.status_code, answered.json()["id"]
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, range(6)))

    assert {status for status, _ in answers} == {201}
    assert Note.objects.count() == len({note for _, note in answers}) == (1 if key else 6)


@pytest.mark.django_db(transaction=True)
def test_many_refused_at_once_with_one_key_are_answered_alike():
    alice = make_user("alice")
    customer, program = make_customer(alice), Program(alice)
    address = f"/customers/{customer.pk}"
    program.patch(address, {"version": 1, "city": "Leeds"})

    def ask(_number: int) -> tuple[int, bytes]:
        try:
            answered = program.patch(address, {"version": 1, "city": "York"}, Idempotency_Key="k1")
            return answered.status_code, answered.content
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        answers = set(pool.map(ask, range(6)))

    assert [status for status, _ in answers] == [409]
    assert KeptAnswer.objects.count() == 1
