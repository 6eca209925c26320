"""Notes and follow-ups through the API: seen and written by whoever sees and may change their customer."""

import pytest

from crm.records.models import ChangeNew
from customers.models import FollowUp, Note
from customers.services import trash_note
from tests.api.asking import is_problem
from tests.factories import make_customer

pytestmark = pytest.mark.django_db

NOTE = {"body": "Called; wants an offer."}
FOLLOW_UP = {"title": "Send the offer", "due_at": "2026-12-01T09:00:00+01:00"}


@pytest.fixture
def path(everybody):
    return f"/customers/{make_customer(everybody.alice).pk}"


def test_a_note_is_written_and_read(programs, everybody, path):
    made = programs.bob.post(f"{path}/notes", NOTE)

    assert made.status_code == 201
    assert NOTE.items() <= made.json().items()
    assert (made.json()["author"], made.json()["version"]) == (everybody.bob.pk, 1)
    assert programs.alice.get(f"{path}/notes").json() == {"items": [made.json()], "next": None}


def test_notes_come_newest_first_a_page_at_a_time(programs, path):
    made = [programs.alice.post(f"{path}/notes", {"body": f"{number}"}).json()["id"] for number in range(3)]

    first = programs.alice.get(f"{path}/notes?limit=2").json()
    second = programs.alice.get(f"{path}/notes?limit=2&after={first['next']}").json()

    assert [note["id"] for note in first["items"] + second["items"]] == made[::-1]
    assert second["next"] is None


def test_a_note_in_the_trash_is_not_listed(programs, everybody, path):
    note = programs.alice.post(f"{path}/notes", NOTE).json()["id"]
    trash_note(note, actor=everybody.alice)

    assert programs.alice.get(f"{path}/notes").json()["items"] == []


def test_a_follow_up_is_written_and_read(programs, everybody, path):
    mine = programs.alice.post(f"{path}/follow-ups", FOLLOW_UP).json()
    bobs = programs.alice.post(
        f"{path}/follow-ups", FOLLOW_UP | {"due_at": "2026-11-30T09:00:00Z", "assignee": everybody.bob.pk}
    ).json()

    assert (mine["assignee"], mine["due_at"], mine["done_at"]) == (
        everybody.alice.pk, "2026-12-01T08:00:00.000000+00:00", None,
    )  # fmt: skip
    assert programs.alice.get(f"{path}/follow-ups").json()["items"] == [bobs, mine]


@pytest.mark.parametrize(("name", "body", "model"), [("notes", NOTE, Note), ("follow-ups", FOLLOW_UP, FollowUp)])
def test_outsiders_viewers_and_nobody_write_nothing(programs, path, name, body, model):
    before = ChangeNew.objects.count()

    assert is_problem(programs.charlie.post(f"{path}/{name}", body), 404)
    assert is_problem(programs.vera.post(f"{path}/{name}", body), 403)
    assert is_problem(programs.nobody.post(f"{path}/{name}", body), 401)
    assert is_problem(programs.alice.ask("DELETE", f"{path}/{name}"), 405)
    assert not model.objects.exists()
    assert ChangeNew.objects.count() == before


@pytest.mark.parametrize("name", ["notes", "follow-ups"])
def test_outsiders_read_nothing(programs, path, name):
    assert is_problem(programs.charlie.get(f"{path}/{name}"), 404)
    assert is_problem(programs.nobody.get(f"{path}/{name}"), 401)
    assert programs.vera.get(f"{path}/{name}").status_code == 200


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("notes", {}, "body"),
        ("notes", {"body": " "}, "body"),
        ("notes", {"body": "x" * 10_001}, "body"),
        ("notes", {"body": "x", "author": 1}, "author"),
        ("follow-ups", {"title": "Call"}, "due_at"),
        ("follow-ups", FOLLOW_UP | {"due_at": "soon"}, "due_at"),
        ("follow-ups", FOLLOW_UP | {"due_at": "2026-12-01T09:00:00"}, "due_at"),
        ("follow-ups", FOLLOW_UP | {"title": ""}, "title"),
        ("follow-ups", FOLLOW_UP | {"assignee": 2**62}, "assignee"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_made(programs, path, name, body, field):
    refused = programs.alice.post(f"{path}/{name}", body)

    assert is_problem(refused, 422)
    assert list(refused.json()["errors"]) == [field]
    assert not Note.objects.exists()
    assert not FollowUp.objects.exists()


@pytest.fixture
def follow_up(programs, path):
    return programs.alice.post(f"{path}/follow-ups", FOLLOW_UP).json()


def address(follow_up, part=""):
    return f"/customers/follow-ups/{follow_up['id']}{part}"


def test_a_follow_up_is_edited_at_the_version_that_was_seen(programs, everybody, follow_up):
    changes = {"title": "Send both offers", "due_at": "2026-12-02T09:00:00+23:59", "assignee": everybody.bob.pk}

    edited = programs.bob.patch(address(follow_up), changes | {"version": 1}).json()
    late = programs.alice.patch(address(follow_up), {"version": 1, "title": "Call"})

    assert (edited["title"], edited["assignee"], edited["version"]) == ("Send both offers", everybody.bob.pk, 2)
    assert edited["due_at"] == "2026-12-01T09:01:00.000000+00:00"
    assert is_problem(late, 409)
    assert late.json()["conflicts"] == {"title": {"yours": "Call", "theirs": "Send both offers"}}
    assert late.json()["version"] == 2


def test_a_follow_up_is_done_and_open_again_and_twice_does_no_harm(programs, follow_up):
    done = [programs.bob.post(address(follow_up, "/completion")).json() for _ in range(2)]
    opened = [programs.bob.delete(address(follow_up, "/completion")).json() for _ in range(2)]

    assert done[0]["done_at"] is not None
    assert done[0] == done[1]
    assert (opened[0]["done_at"], opened[0]["version"]) == (None, 3)
    assert opened[0] == opened[1]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": "x"}, "version"),
        ({"version": 1, "title": " "}, "title"),
        ({"version": 1, "due_at": None}, "due_at"),
        ({"version": 1, "due_at": "0001-01-01T00:00:00+10:00"}, "due_at"),
        ({"version": 1, "assignee": None}, "assignee"),
        ({"version": 1, "assignee": 2**62}, "assignee"),
        ({"version": 1, "customer": 1}, "customer"),
    ],
)
def test_what_is_wrong_with_an_edit_is_named_and_nothing_changes(programs, follow_up, body, field):
    refused = programs.alice.patch(address(follow_up), body)

    assert is_problem(refused, 422)
    assert list(refused.json()["errors"]) == [field]
    assert FollowUp.objects.get().version == 1


def test_a_follow_up_is_not_changed_by_who_may_not(programs, follow_up):
    for name, status in {"charlie": 404, "vera": 403, "nobody": 401}.items():
        program = getattr(programs, name)
        assert is_problem(program.patch(address(follow_up), {"version": 1, "title": "x"}), status)
        assert is_problem(program.post(address(follow_up, "/completion")), status)
    assert FollowUp.objects.get().version == 1
