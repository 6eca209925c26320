"""The customers' API: who may do what, what it says, and how little it asks of the database."""

import pytest

from crm.records.models import ChangeNew
from customers.models import Customer
from tests.api.asking import is_problem
from tests.factories import make_customer

pytestmark = pytest.mark.django_db


def written() -> int:
    return ChangeNew.objects.count()


def test_a_customer_is_what_the_issue_says(programs, everybody, aisha):
    found = programs.alice.get(f"/customers/{aisha.pk}").json()

    assert found | {"updated_at": "", "created_at": ""} == {
        "id": aisha.pk, "version": 1, "kind": "person", "name": "Aisha Rahman", "stage": "active",
        "owner": everybody.alice.pk, "team": everybody.alice.team_id, "title": "", "company": None, "company_name": "",
        "emails": ["aisha@example.org"], "phones": ["+441134960199"], "street": "", "postcode": "", "city": "",
        "region": "", "country": "", "born_on": None, "language": "", "source": "", "reference": "", "tags": [],
        "created_at": "", "updated_at": "",
    }  # fmt: skip


def test_a_customer_is_seen_by_owner_team_and_managers_alone(programs, aisha):
    path = f"/customers/{aisha.pk}"

    assert programs.alice.get(path).status_code == 200
    assert programs.bob.get(path).status_code == 200
    assert programs.dana.get(path).status_code == 200
    assert is_problem(programs.charlie.get(path), 404)
    assert is_problem(programs.nobody.get(path), 401)


def test_a_read_is_never_older_than_the_last_write(programs, everybody, aisha):
    path = f"/customers/{aisha.pk}"
    programs.alice.get(path)
    Customer.objects.filter(pk=aisha.pk).update(city="Leeds")

    assert programs.alice.get(path).json()["city"] == "Leeds"


# Creating


def test_kind_and_name_are_enough_for_a_customer(programs, everybody):
    made = programs.alice.post("/customers", {"kind": "company", "name": "Nordvik"})

    assert made.status_code == 201
    assert made.headers["Location"] == f"/api/customers/{made.json()['id']}"
    assert programs.bob.get(made.headers["Location"].removeprefix("/api")).json() == made.json()
    assert (made.json()["stage"], made.json()["owner"]) == ("lead", everybody.alice.pk)


def test_creating_takes_every_fact(programs, everybody):
    facts = {
        "kind": "person", "name": "Aisha Rahman", "stage": "vip", "owner": everybody.bob.pk, "title": "Buyer",
        "emails": ["a@example.org"], "phones": ["+441134960199"], "street": "1 Mill Lane", "postcode": "LS1 4AP",
        "city": "Leeds", "region": "Yorkshire", "country": "GB", "born_on": "1980-02-29", "language": "en",
        "source": "fair", "reference": "X-1",
    }  # fmt: skip

    made = programs.alice.post("/customers", facts | {"tags": ["Golf"]}).json()

    assert facts.items() <= made.items()
    assert len(made["tags"]) == 1


def test_creating_is_logged_as_the_askers_by_way_of_the_api(programs, everybody):
    made = programs.alice.post("/customers", {"kind": "person", "name": "Aisha Rahman", "tags": ["Golf"]}).json()

    rows = ChangeNew.objects.filter(record__in=["customer", "tag"]).values_list("record", "actor_id", "way")
    assert list(rows.order_by("record")) == [
        ("customer", everybody.alice.pk, "api"), ("tag", everybody.alice.pk, "api"),
    ]  # fmt: skip
    assert made["version"] == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "person"}, "name"),
        ({"name": "Aisha"}, "kind"),
        ({"kind": "robot", "name": "Aisha"}, "kind"),
        ({"kind": "person", "name": " "}, "name"),
        ({"kind": "person", "name": 7}, "name"),
        ({"kind": "person", "name": "A\x00"}, "name"),
        ({"kind": "person", "name": "A", "nickname": "B"}, "nickname"),
        ({"kind": "person", "name": "A", "stage": "gone"}, "stage"),
        ({"kind": "person", "name": "A", "emails": ["nobody"]}, "emails"),
        ({"kind": "person", "name": "A", "emails": [7]}, "emails.0"),
        ({"kind": "person", "name": "A", "owner": 0}, "owner"),
        ({"kind": "person", "name": "A", "owner": 2**62}, "owner"),
        ({"kind": "person", "name": "A", "born_on": "yesterday"}, "born_on"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_made(programs, body, field):
    before = written()
    refused = programs.alice.post("/customers", body)

    assert is_problem(refused, 422)
    assert list(refused.json()["errors"]) == [field]
    assert not Customer.objects.exists()
    assert written() == before


def test_who_may_change_nothing_creates_nothing(programs):
    body = {"kind": "person", "name": "Aisha"}

    assert is_problem(programs.vera.post("/customers", body), 403)
    assert is_problem(programs.nobody.post("/customers", body), 401)
    assert not Customer.objects.exists()


# Changing


def test_a_change_answers_with_the_new_version(programs, aisha):
    changed = programs.alice.patch(
        f"/customers/{aisha.pk}", {"version": 1, "city": "Leeds", "emails": ["b@example.org"]}
    )

    assert changed.status_code == 200
    assert (changed.json()["version"], changed.json()["city"]) == (2, "Leeds")
    assert programs.bob.get(f"/customers/{aisha.pk}").json() == changed.json()


def test_a_teammate_changes_it_too(programs, aisha):
    assert programs.bob.patch(f"/customers/{aisha.pk}", {"version": 1, "city": "Leeds"}).status_code == 200


def test_outsiders_viewers_and_nobody_change_nothing(programs, aisha):
    path, body, before = f"/customers/{aisha.pk}", {"version": 1, "city": "Leeds"}, written()

    assert is_problem(programs.charlie.patch(path, body), 404)
    assert is_problem(programs.vera.patch(path, body), 403)
    assert is_problem(programs.nobody.patch(path, body), 401)
    aisha.refresh_from_db()
    assert (aisha.version, aisha.city) == (1, "")
    assert written() == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"city": "Leeds"}, "version"),
        ({"version": "1", "city": "Leeds"}, "version"),
        ({"version": 9, "city": "Leeds"}, "version"),
        ({"version": 1, "id": 9}, "id"),
        ({"version": 1, "updated_at": "2026-01-01T00:00:00Z"}, "updated_at"),
        ({"version": 1, "name": ""}, "name"),
    ],
)
def test_a_change_that_cannot_be_is_refused(programs, aisha, body, field):
    refused = programs.alice.patch(f"/customers/{aisha.pk}", body)

    assert is_problem(refused, 422)
    assert list(refused.json()["errors"]) == [field]
    aisha.refresh_from_db()
    assert aisha.version == 1


def test_changes_to_other_fields_merge(programs, aisha):
    programs.bob.patch(f"/customers/{aisha.pk}", {"version": 1, "city": "Leeds"})

    merged = programs.alice.patch(f"/customers/{aisha.pk}", {"version": 1, "title": "Buyer"}).json()

    assert (merged["version"], merged["city"], merged["title"]) == (3, "Leeds", "Buyer")


def test_changes_to_the_same_field_are_a_conflict(programs, aisha):
    programs.bob.patch(f"/customers/{aisha.pk}", {"version": 1, "city": "Leeds"})

    refused = programs.alice.patch(f"/customers/{aisha.pk}", {"version": 1, "city": "York", "title": "Buyer"})

    assert is_problem(refused, 409)
    assert refused.json()["version"] == 2
    assert refused.json()["conflicts"] == {"city": {"yours": "York", "theirs": "Leeds"}}
    aisha.refresh_from_db()
    assert (aisha.version, aisha.city, aisha.title) == (2, "Leeds", "")


# The trash


def test_deleting_puts_into_the_trash_from_where_it_comes_back(programs, aisha):
    path = f"/customers/{aisha.pk}"

    assert programs.alice.delete(f"{path}?version=1").status_code == 204
    assert is_problem(programs.alice.get(path), 404)
    assert programs.alice.get("/customers").json()["items"] == []

    restored = programs.alice.post(f"{path}/restore")
    assert (restored.status_code, restored.json()["version"]) == (200, 3)
    assert programs.alice.post(f"{path}/restore").json() == restored.json()


def test_deleting_asks_for_the_present_version(programs, aisha):
    programs.bob.patch(f"/customers/{aisha.pk}", {"version": 1, "city": "Leeds"})

    assert is_problem(programs.alice.delete(f"/customers/{aisha.pk}"), 422)
    stale = programs.alice.delete(f"/customers/{aisha.pk}?version=1")
    assert is_problem(stale, 409)
    assert stale.json()["version"] == 2
    assert stale.json()["conflicts"] == {"city": {"yours": None, "theirs": "Leeds"}}
    assert Customer.objects.get().deleted_at is None


def test_outsiders_viewers_and_nobody_delete_and_restore_nothing(programs, aisha):
    path = f"/customers/{aisha.pk}"

    assert is_problem(programs.charlie.delete(f"{path}?version=1"), 404)
    assert is_problem(programs.vera.delete(f"{path}?version=1"), 403)
    assert is_problem(programs.nobody.delete(f"{path}?version=1"), 401)
    programs.bob.delete(f"{path}?version=1")
    before = written()
    assert is_problem(programs.charlie.post(f"{path}/restore"), 404)
    assert is_problem(programs.vera.post(f"{path}/restore"), 403)
    assert is_problem(programs.nobody.post(f"{path}/restore"), 401)
    assert written() == before


# Lists


# What it costs


@pytest.fixture
def warmed(programs, aisha):
    """A token that was used a moment ago: its time of use is not written again for a minute."""
    programs.alice.get(f"/customers/{aisha.pk}")
    return programs.alice


def test_opening_takes_two_statements(warmed, aisha, django_assert_num_queries):
    with django_assert_num_queries(2):
        warmed.get(f"/customers/{aisha.pk}")


@pytest.mark.parametrize("changes", [{"title": "Buyer"}, {"phones": ["+441134960000"]}, {"emails": [], "city": "York"}])
def test_updating_takes_two_statements(warmed, aisha, django_assert_num_queries, changes):
    with django_assert_num_queries(2):
        assert warmed.patch(f"/customers/{aisha.pk}", {"version": 1, **changes}).status_code == 200


def test_creating_takes_two_statements(warmed, django_assert_num_queries):
    facts = {"kind": "person", "name": "Ben", "emails": ["ben@x.example"], "phones": ["+441134960000"], "city": "York"}
    with django_assert_num_queries(2):
        assert warmed.post("/customers", facts).status_code == 201


def test_a_list_takes_two_statements_whatever_its_length(warmed, everybody, django_assert_num_queries):
    for number in range(20):
        make_customer(everybody.alice, name=f"Customer {number}", emails=[f"c{number}@example.org"])

    with django_assert_num_queries(2):
        assert len(warmed.get("/customers").json()["items"]) == 21
