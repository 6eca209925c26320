"""Which request goes first: what is worth much and quickly done; a deadline buys no place, and nobody is forgotten."""

from datetime import UTC, datetime, timedelta

import pytest

from crm.requests.order import order

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
BOUND = 600  # seconds, as the settings have it


def due(value=1.0, deadline=600.0, expected=0.1, spread=0.0, received=0.0):
    """Seconds after noon by which such a request is to be begun."""
    at = NOON + timedelta(seconds=received)
    found = order(at, value=value, deadline=timedelta(seconds=deadline), expected=expected, spread=spread)
    return (found.begin_by - NOON).total_seconds()


def test_worth_more_urgent_and_quick_go_first():
    assert due(value=10) < due(value=1)
    assert due(deadline=60) < due(deadline=600)
    assert due(expected=0.01) < due(expected=1)


def test_a_short_deadline_does_not_put_what_is_long_and_cheap_before_what_is_worth_much():
    assert due(value=10, deadline=60, expected=0.2) < due(value=1, deadline=30, expected=0.8)


def test_what_would_be_due_after_its_deadline_is_begun_in_time():
    late = due(value=0.01, deadline=120, expected=20, spread=5)
    assert late == pytest.approx(120 - 20 - 2 * 5)


def test_nobody_is_overtaken_by_who_came_more_than_the_bound_later():
    worst, best = due(value=0.001, deadline=10**6, expected=100), due(value=1000, deadline=1, expected=0.001)
    assert worst == BOUND
    assert due(value=1000, deadline=1000, expected=0.001, received=BOUND) >= worst > best
