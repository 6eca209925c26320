"""The cache is used only at the version that the access query returned, and a newer entry is never overwritten."""

import pytest

from crm.records import cache, valkey
from crm.records.projection import Field, Projection

PROJECTION = Projection([Field("id", "integer"), Field("version", "integer"), Field("name"), Field("tags", "list")])


def entry(version, name="Aisha"):
    return {"id": 42, "version": version, "name": name, "tags": [1, 2]}


@pytest.fixture(autouse=True)
def empty():
    valkey.client().delete("thing:42")


def test_an_entry_is_plain_to_read():
    cache.write("thing", 42, entry(3), PROJECTION)
    assert valkey.client().hgetall("thing:42") == {"id": "42", "version": "3", "name": "Aisha", "tags": "[1, 2]"}


def test_only_the_asked_version_is_returned():
    cache.write("thing", 42, entry(3), PROJECTION)
    assert cache.read("thing", 42, 3, PROJECTION) == entry(3)
    assert cache.read("thing", 42, 2, PROJECTION) is None
    assert cache.read("thing", 42, 4, PROJECTION) is None


def test_an_older_write_that_comes_late_changes_nothing():
    cache.write("thing", 42, entry(3, "new"), PROJECTION)
    cache.write("thing", 42, entry(2, "old"), PROJECTION)
    assert cache.read("thing", 42, 3, PROJECTION) == entry(3, "new")


def test_an_entry_that_somebody_else_wrote_badly_is_a_miss():
    valkey.client().hset("thing:42", mapping={"version": "3", "name": "x"})
    assert cache.read("thing", 42, 3, PROJECTION) is None


def test_of_many_each_is_judged_by_itself():
    cache.write("thing", 42, entry(3), PROJECTION)
    entries = [("thing", 41, entry(1)), ("thing", 42, entry(2)), ("thing", 43, None)]
    cache.write_many([(*each, PROJECTION) for each in entries])
    assert cache.read("thing", 41, 1, PROJECTION) == entry(1)
    assert cache.read("thing", 42, 3, PROJECTION) == entry(3)
    cache.write_many([("thing", 41, None, PROJECTION)])
    assert cache.read("thing", 41, 1, PROJECTION) is None


def test_any_text_is_kept_as_it_is():
    name = 'Åsa "the\\n" 李\u2028\t\x01'
    cache.write("thing", 42, entry(1, name), PROJECTION)
    assert cache.read("thing", 42, 1, PROJECTION) == entry(1, name)
