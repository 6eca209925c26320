"""A projection is canonical, survives the cache, and masks what a reader may not see."""

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from crm.records.projection import Field, Projection, canonical, mask

PROJECTION = Projection(
    [Field("id", "integer"), Field("name"), Field("emails", "list", reading="contact"), Field("born_on", "date"),
     Field("seen_at", "time"), Field("owner", "integer", column="owner_id"), Field("is_on", "flag")]
)  # fmt: skip

ROWS = st.fixed_dictionaries(
    {
        "id": st.integers(0, 2**40),
        "name": st.text(),
        "emails": st.lists(st.text()),
        "born_on": st.none() | st.dates(),
        "seen_at": st.none() | st.datetimes(timezones=st.just(UTC)),
        "owner_id": st.none() | st.integers(0, 9),
        "is_on": st.booleans(),
    }
)


@given(ROWS)
def test_what_goes_into_the_cache_comes_out_the_same(row):
    projected = PROJECTION.project(row)
    assert PROJECTION.decode(PROJECTION.encode(projected)) == projected


def test_a_time_from_the_log_and_from_the_orm_is_the_same_text():
    moment = datetime(2026, 11, 23, 4, 5, 6, 120000, UTC)
    assert (
        canonical("2026-11-23T04:05:06.12+00:00", "time")
        == canonical(moment, "time")
        == "2026-11-23T04:05:06.120000+00:00"
    )
    assert canonical(date(1990, 1, 2), "date") == canonical("1990-01-02", "date")


def test_changed_names_the_fields_behind_the_columns():
    projected = PROJECTION.project({"id": 1, "name": "a", "owner_id": 2})
    assert PROJECTION.changed({"owner_id": 1, "unknown": 3}, projected) == {"owner": 2}
    assert PROJECTION.changed(None, projected) == projected


def test_masks_tell_that_there_is_something_and_no_more():
    assert mask("aisha@example.com") == "a•••@e•••.com"
    assert mask("+441134960199") == "•••99"
    assert mask("5 High Street") == "•••"
    assert mask(["a@b.example", ""]) == ["a•••@b•••.example", ""]
    assert mask(None) is None
    reading = PROJECTION.reading({"name": "Aisha", "emails": ["aisha@example.com"]}, sees_contacts=False)
    assert reading == {"name": "Aisha", "emails": ["a•••@e•••.com"]}
