"""GET /api/customers: who sees which rows, pages, filters, and what is refused."""

import pytest

from tests.api.asking import is_problem
from tests.factories import make_customer

pytestmark = pytest.mark.django_db


def test_a_list_holds_what_the_asker_may_see(programs, everybody, aisha):
    other = make_customer(everybody.charlie, name="Olu Adeyemi")

    assert [row["id"] for row in programs.alice.get("/customers").json()["items"]] == [aisha.pk]
    assert [row["id"] for row in programs.charlie.get("/customers").json()["items"]] == [other.pk]
    assert {row["id"] for row in programs.dana.get("/customers").json()["items"]} == {aisha.pk, other.pk}
    assert is_problem(programs.nobody.get("/customers"), 401)


def test_pages_follow_each_other_without_loss(programs, everybody):
    made = {make_customer(everybody.alice, name=f"Customer {number}").pk for number in range(7)}
    seen, after = [], ""
    while after is not None:
        page = programs.alice.get(f"/customers?limit=3&sort=name&after={after}").json()
        seen += [row["id"] for row in page["items"]]
        after = page["next"]

    assert len(seen) == 7
    assert set(seen) == made


def test_filters_narrow_the_list(programs, everybody, aisha):
    tag = programs.alice.post("/customers", {"kind": "company", "name": "Nordvik", "tags": ["Golf"]}).json()["tags"][0]

    def names(query: str) -> list[str]:
        return [row["name"] for row in programs.dana.get(f"/customers?sort=name&{query}").json()["items"]]

    assert names("q=nord") == ["Nordvik"]
    assert names("kind=person") == ["Aisha Rahman"]
    assert names("stage=active&stage=vip") == ["Aisha Rahman"]
    assert names(f"tag={tag}") == ["Nordvik"]
    assert names(f"owner={everybody.bob.pk}") == []
    assert names(f"team={everybody.alice.team_id}") == ["Aisha Rahman", "Nordvik"]
    assert names("created_since=2020-01-01") == ["Aisha Rahman", "Nordvik"]
    assert names("created_since=2999-01-01") == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        "sort=height",
        "kind=robot",
        "owner=bob",
        "created_since=soon",
        "created_since=0",
        "after=x",
        "after=WzEsIEluZmluaXR5XQ",
        f"after={'W1tb' * 2000}",
        "q=%00",
    ],
)
def test_a_list_that_cannot_be_is_refused(programs, query):
    refused = programs.alice.get(f"/customers?{query}")

    assert is_problem(refused, 422)
    assert list(refused.json()["errors"]) == [query.partition("=")[0]]
