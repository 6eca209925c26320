"""The change log for programs: in order, without a gap or a double, and nothing that is not theirs to see."""

import pytest

from crm.api import feed
from crm.records import log
from customers.models import Customer, Tag
from customers.services import add_note, trash_customer
from tests.api.asking import is_problem
from tests.factories import make_customer, number_changes

pytestmark = pytest.mark.django_db


@pytest.fixture
def start(programs):
    """A position after everything that made the people of the test."""
    number_changes()
    return log.position().head


def records(program, after: int) -> list[str]:
    number_changes()
    return [item["record"] for item in program.get(f"/changes?after={after}&limit=1000").json()["items"]]


def test_a_change_says_what_who_how_and_when(programs, everybody, start):
    made = programs.alice.post("/customers", {"kind": "person", "name": "Aisha", "city": "York"}).json()
    programs.bob.patch(f"/customers/{made['id']}", {"version": 1, "city": "Leeds"})
    number_changes()

    told = programs.alice.get(f"/changes?after={start}").json()

    created, changed = told["items"]
    topic = f"customer:{made['id']}"
    assert created["fields"] == made
    assert (created["op"], changed["op"]) == ("c", "u")
    assert changed.pop("at") > created["at"]
    assert changed["fields"].pop("updated_at") > made["updated_at"]
    assert changed == {
        "seq": start + 2, "record": topic, "root": topic, "version": 2, "op": "u", "gone": False,
        "fields": {"city": "Leeds"}, "by": {"id": everybody.bob.pk, "name": "Bob Stone"}, "way": "api",
    }  # fmt: skip
    assert told | {"items": []} == {"epoch": log.position().epoch, "items": [], "next": None, "head": start + 2}


def test_every_change_is_read_once_in_order_however_small_the_pages(programs, everybody, start, monkeypatch):
    monkeypatch.setattr(feed, "CHUNK", 3)
    for number in range(5):
        make_customer(everybody.alice, name=f"Customer {number}")
        make_customer(everybody.charlie, name=f"Other {number}")
    number_changes()
    seen, after = [], start
    while after is not None:
        told = programs.alice.get(f"/changes?after={after}&limit=2").json()
        seen += told["items"]
        after = told["next"]

    assert [item["fields"]["name"] for item in seen] == [f"Customer {number}" for number in range(5)]
    assert [item["seq"] for item in seen] == sorted(item["seq"] for item in seen)
    assert programs.alice.get(f"/changes?after={told['head']}").json()["items"] == []


def test_an_answer_looks_at_no_more_rows_than_it_may(programs, everybody, start, monkeypatch):
    monkeypatch.setattr(feed, "MOST_SCANNED", 4)
    for number in range(6):
        make_customer(everybody.charlie, name=f"Other {number}")
    number_changes()

    told = programs.alice.get(f"/changes?after={start}").json()

    assert (told["items"], told["next"]) == ([], start + 4)


def test_what_concerns_others_customers_is_not_told(programs, everybody, start):
    customer = make_customer(everybody.alice)
    add_note(customer.pk, actor=everybody.alice, body="called")
    both = [customer.topic, customer.notes.get().topic]

    assert records(programs.bob, start) == both
    assert records(programs.dana, start) == both
    assert records(programs.vera, start) == both
    assert records(programs.charlie, start) == []
    assert is_problem(programs.nobody.get("/changes"), 401)


def test_who_may_see_now_decides_about_the_past_too(programs, everybody, start):
    customer = make_customer(everybody.alice)
    Customer.objects.filter(pk=customer.pk).update(owner=everybody.charlie, team=everybody.charlie.team_id)

    assert records(programs.alice, start) == []
    assert records(programs.charlie, start) == [customer.topic, customer.topic]


def test_what_is_in_the_trash_is_told_as_gone(programs, everybody, start):
    customer = make_customer(everybody.alice)
    trash_customer(customer.pk, actor=everybody.alice, version=1)
    number_changes()

    told = programs.bob.get(f"/changes?after={start}").json()["items"]

    assert [item["gone"] for item in told] == [False, True]


def test_what_is_deleted_for_good_is_told_to_who_sees_everything(programs, everybody, start):
    customer = make_customer(everybody.alice)
    topic = customer.topic
    customer.delete()

    assert records(programs.dana, start) == [topic, topic]
    assert records(programs.alice, start) == []


def test_contact_details_are_masked(programs, everybody, start):
    make_customer(everybody.alice, emails=["aisha@example.org"])
    number_changes()

    def emails(program) -> list[str]:
        return program.get(f"/changes?after={start}").json()["items"][0]["fields"]["emails"]

    assert emails(programs.vera) == ["a•••@e•••.org"]
    assert emails(programs.bob) == ["aisha@example.org"]


def test_names_are_for_everybody_and_rights_for_administrators(programs, everybody):
    Tag.objects.create(name="Golf")
    kinds = {
        name: {record.partition(":")[0] for record in records(getattr(programs, name), 0)}
        for name in ("alice", "admin")
    }

    assert {"user", "team", "stage", "tag"} <= kinds["alice"]
    assert kinds["admin"] - kinds["alice"] == {"role", "apitoken"}


def test_reading_costs_the_same_for_many_changes_as_for_few(programs, everybody, start, django_assert_num_queries):
    customers = [make_customer(everybody.alice, name=f"Customer {number}") for number in range(20)]
    for customer in customers:
        add_note(customer.pk, actor=everybody.alice, body="called")
    number_changes()
    programs.alice.get("/changes")

    # Who asks, where the log is, its rows, which of their customers she may see.
    with django_assert_num_queries(4):
        assert len(programs.alice.get(f"/changes?after={start}").json()["items"]) == 40


@pytest.mark.parametrize("query", ["after=-1", "after=x", "limit=0", "limit=1001", f"after={2**63}"])
def test_a_position_that_cannot_be_is_refused(programs, query):
    assert is_problem(programs.alice.get(f"/changes?{query}"), 422)


def test_the_directory_names_what_records_refer_to(programs, everybody):
    tag = Tag.objects.create(name="Golf")
    number_changes()

    told = programs.vera.get("/directory").json()

    assert told["users"][str(everybody.bob.pk)]["name"] == "Bob Stone"
    assert told["teams"][str(everybody.bob.team_id)] == {"name": "North"}
    assert told["tags"] == {str(tag.pk): {"name": "Golf"}}
    assert told["stages"]["vip"]["name"]
    assert (told["epoch"], told["head"]) == log.position()
