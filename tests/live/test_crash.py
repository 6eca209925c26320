"""PostgreSQL crashes and takes back what the relay numbered last: it is told again, or another epoch begins."""

from contextlib import contextmanager

import pytest
from django.db import connection

from crm.live.mover import UNSURE, Mover, connect
from crm.live.relay import Relay
from crm.records.models import Change, ChangeNew, LogState
from customers.models import Tag

pytestmark = pytest.mark.django_db(transaction=True)

CHECKED = ("seq", "record", "record_id", "version")


@pytest.fixture
def relay(empty_log):
    """A relay whose clock stands."""
    found = Relay()
    found.clock = lambda: 100.0
    return found


@contextmanager
def leading(relay):
    with connect() as own:
        mover = Mover(own, relay.constants, relay.clock, relay.told)
        relay.take_over(own, mover)
        yield mover


def number(mover, *names):
    """Each in a batch of its own."""
    rows = []
    for name in names:
        Tag.objects.create(name=name)
        rows += mover.move()
    assert [row["data"]["name"] for row in rows] == list(names)
    return rows


def crash():
    """What PostgreSQL does not log is empty when it starts again."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM log_unbroken")


def numbered_and_taken_back(relay, *names):
    """The rows as they were told; afterwards PostgreSQL has crashed and knows nothing of it."""
    with leading(relay) as mover:
        number(mover, "on disk")
        mover.connection.execute("BEGIN")
        rows = number(mover, *names)
        mover.connection.execute("ROLLBACK")
    crash()
    assert ChangeNew.objects.count() == len(names)
    return rows


def epoch():
    return LogState.objects.get().epoch


def begins_another_epoch(relay):
    """Whether it does so when it takes the lead."""
    before = epoch()
    with leading(relay):
        return epoch() != before


def logged(after):
    return list(Change.objects.filter(seq__gt=after).order_by("seq").values(*CHECKED))


def test_what_was_told_is_numbered_again_as_it_was(relay):
    rows = numbered_and_taken_back(relay, "one", "two", "three")
    before = epoch()
    Tag.objects.create(name="written since")
    with leading(relay) as mover:
        assert logged(rows[0]["seq"] - 1) == [{name: row[name] for name in CHECKED} for row in rows]
        assert [row["data"]["name"] for row in mover.move()] == ["written since"]
    assert epoch() == before


def test_it_may_crash_again_at_once(relay):
    rows = numbered_and_taken_back(relay, "one", "two")
    before = epoch()
    with connect() as own:
        own.execute("BEGIN")
        assert Mover(own, relay.constants, relay.clock, relay.told).tell_again()
        own.execute("ROLLBACK")
    crash()
    with leading(relay):
        assert logged(rows[0]["seq"] - 1) == [{name: row[name] for name in CHECKED} for row in rows]
    assert epoch() == before


def test_who_did_not_tell_it_begins_another_epoch(relay):
    rows = numbered_and_taken_back(relay, "one", "two")
    before = epoch()
    with leading(Relay()) as mover:
        assert mover.epoch == str(epoch()) != str(before)
        assert [row["seq"] for row in mover.move()] == [row["seq"] for row in rows]


def test_who_led_before_another_led_knows_not_enough(relay):
    numbered_and_taken_back(relay, "one")
    other = Relay()
    with leading(other) as mover:
        mover.move()
        mover.connection.execute("BEGIN")
        number(mover, "told by the other")
        mover.connection.execute("ROLLBACK")
    crash()
    assert begins_another_epoch(relay)


def test_what_was_told_too_long_ago_is_not_remembered(relay):
    with leading(relay) as mover:
        mover.connection.execute("BEGIN")
        number(mover, "long ago")
        relay.clock = mover.clock = lambda: 100.0 + 2 * UNSURE
        number(mover, "now")
        mover.connection.execute("ROLLBACK")
    crash()
    assert begins_another_epoch(relay)


def test_a_change_that_is_gone_is_not_told_again_as_another(relay):
    """As after a switch to a replica that had not got it."""
    numbered_and_taken_back(relay, "one", "two")
    ChangeNew.objects.latest("id").delete()
    assert begins_another_epoch(relay)


def test_after_an_orderly_end_a_crash_takes_nothing_back(relay, monkeypatch):
    monkeypatch.setattr(Mover, "move", lambda _mover: relay.stopping.set())
    with connect() as own:
        relay.lead(own)
    crash()
    assert not begins_another_epoch(Relay())


def test_another_leader_without_a_crash_goes_on(relay):
    with leading(relay) as mover:
        head = number(mover, "one")[-1]["seq"]
    before = epoch()
    with leading(Relay()) as mover:
        assert [row["seq"] for row in number(mover, "two")] == [head + 1]
    assert epoch() == before
