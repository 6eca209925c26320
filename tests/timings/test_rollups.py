"""Roll-ups say what the raw rows say, however often and however late they are made."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.timings import figures, raw, rolled, rollups, tasks
from crm.timings.models import ChangeTiming, Rollup, SubjectHour
from crm.timings.sketch import ERROR
from crm.timings.stretches import HOUR as ONE_HOUR
from crm.timings.stretches import Stretch, ceiling, floor
from tests.timings.moments import NOON, at

HOUR = 3600


def stored():
    rows = Rollup.objects.values_list("span", "start", "family", "kind", "count", "total", "late", "longest", "sketch")
    return sorted(rows, key=str), sorted(SubjectHour.objects.values_list("hour", "subject", "count", "total"))


@pytest.fixture
def busy_day(make_change, make_delivery, make_response):
    """Three hours of changes to ten customers, some late, and of responses of two kinds."""
    rng = random.Random(7)
    for seq in range(1, 301):
        written = rng.uniform(0, 3 * HOUR)
        make_change(seq, customer=rng.randint(1, 10), written=written, cached=rng.uniform(0.001, 0.05))
        if seq % 3 == 0:
            make_delivery(seq, written + 0.06, written + rng.uniform(0.07, 1.0), late=int(seq % 30 == 0))
        make_response(rng.uniform(0, 3 * HOUR), rng.expovariate(20), rng.choice(["GET a:b", "POST a:b"]), "a")


@pytest.mark.parametrize(
    ("rolled_to", "since", "until"),
    [
        (2.5 * HOUR, -HOUR, 3 * HOUR + 60),
        (2.5 * HOUR, 754.3, 3 * HOUR + 60),
        (2.5 * HOUR, 2.6 * HOUR, 3 * HOUR),
        (2.5 * HOUR, 2.2 * HOUR + 7, 2.7 * HOUR),
        (4 * HOUR, 100.5, 2.31 * HOUR),
        (None, 12.3, 3 * HOUR),
    ],
)
def test_rolled_up_figures_are_the_raw_ones(busy_day, rolled_to, since, until):
    if rolled_to:
        rollups.roll_up(at(rolled_to))
    stretch = Stretch(at(since), at(until))
    for family in ("update", "response", "waiting", "handling"):
        exact, near = raw.summary(family, stretch), rolled.summary(family, stretch)
        assert [group[:2] for group in near] == [group[:2] for group in exact]
        for one, other in zip(near, exact, strict=True):
            assert (one.figure.n, one.figure.late) == (other.figure.n, other.figure.late)
            assert one.figure.mean == pytest.approx(other.figure.mean)
            assert one.figure.max == pytest.approx(other.figure.max)
            assert one.figure[1:4] == pytest.approx(other.figure[1:4], rel=ERROR * 1.001)
    assert rolled.customers(stretch) == pytest.approx(raw.customers(stretch))
    assert rolled.customers(stretch).n == 10


@pytest.mark.parametrize("step", [timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=2)])
def test_rolled_up_stages_are_the_raw_ones(busy_day, step):
    rollups.roll_up(at(2.5 * HOUR))
    stretch = Stretch(at(33.3), at(2.9 * HOUR))
    near, exact = rolled.stages(stretch, step), raw.stages(stretch, step)
    assert [point[:2] for point in near] == [point[:2] for point in exact]
    for one, other in zip(near, exact, strict=True):
        assert one[2:] == pytest.approx(other[2:])


def test_the_rolled_up_distribution_has_every_change(busy_day):
    rollups.roll_up(at(2.5 * HOUR))
    stretch = Stretch(at(0), at(4 * HOUR))
    near, exact = rolled.distribution(stretch, 1.0, 4), raw.distribution(stretch, 1.0, 4)
    assert sum(near.counts) + near.beyond == sum(exact.counts) + exact.beyond == 300


def test_rolling_up_again_changes_nothing(busy_day):
    rollups.roll_up(at(2.5 * HOUR))
    once = stored()
    rollups.roll_up(at(2.5 * HOUR))
    assert stored() == once
    assert len(once[0]) > 100


def test_rolling_up_bit_by_bit_gives_what_rolling_up_at_once_gives(busy_day):
    for hours in (0.5, 0.7, 1.0, 1.4, 2.9, 5):
        rollups.roll_up(at(hours * HOUR))
    bit_by_bit = stored()
    Rollup.objects.all().delete()
    SubjectHour.objects.all().delete()
    rolled.RollupState.objects.all().delete()
    rollups.roll_up(at(5 * HOUR))
    assert stored() == bit_by_bit


def test_late_data_rolls_its_minute_and_hour_up_again(make_change):
    make_change(1, customer=1, written=10)
    rollups.roll_up(at(2 * HOUR))
    make_change(2, customer=1, written=20)
    rollups.roll_up(at(2 * HOUR + 60))
    [minute] = Rollup.objects.filter(span=60, family="update")
    [hour] = Rollup.objects.filter(span=HOUR, family="update")
    assert (minute.start, minute.count, hour.start, hour.count) == (at(0), 2, at(0), 2)
    assert SubjectHour.objects.get().count == 2


def test_a_change_that_another_hub_delivers_later_moves_to_that_minute(make_change, make_delivery):
    make_change(1, written=10)
    make_delivery(1, sent=10.01, acked=10.02, process="web:1")
    rollups.roll_up(at(120))
    assert Rollup.objects.get(family="update").start == at(0)
    make_delivery(1, sent=70, acked=70.5, process="web:2")
    rollups.roll_up(at(180))
    moved = Rollup.objects.get(family="update")
    assert (moved.start, moved.count, moved.longest) == (at(60), 1, pytest.approx(60.5))


def test_a_row_stored_just_before_a_roll_up_that_did_not_see_it_is_found_by_the_next(make_change):
    now = datetime.now(UTC)
    rollups.roll_up(now + timedelta(seconds=75))
    assert rolled.rolled_to() > now - timedelta(seconds=1)
    make_change(1, written=(now - NOON).total_seconds() - 300)
    rollups.roll_up(now + timedelta(seconds=75))
    assert Rollup.objects.filter(span=60, family="update").count() == 1


def test_a_minute_that_is_not_over_is_not_rolled_up(make_change):
    make_change(1, written=10)
    rollups.roll_up(at(70))
    assert not Rollup.objects.exists()
    rollups.roll_up(at(75))
    assert Rollup.objects.filter(family="update").count() == 1


def test_a_day_whose_raw_rows_are_gone_keeps_its_rollups(make_change, settings):
    make_change(1, written=10)
    long_after = (settings.TIMINGS_RAW_DAYS + 1) * 24 * HOUR
    rollups.roll_up(at(long_after))
    once = stored()
    ChangeTiming.objects.all().delete()
    make_change(2, written=40)
    rollups.roll_up(at(long_after + 60))
    assert stored() == once


def test_raw_rows_are_kept_until_they_are_rolled_up(make_change, settings):
    make_change(1, written=10)
    tasks.make_partitions()
    assert ChangeTiming.objects.count() == 1
    tasks.roll_up()
    tasks.make_partitions()
    assert ChangeTiming.objects.count() == 0


def test_windows_longer_than_a_day_or_fuller_than_can_be_read_are_answered_by_rollups(busy_day, monkeypatch):
    short, long = figures.stretch_of(86_400, at(4 * HOUR)), figures.stretch_of(86_401, at(4 * HOUR))
    assert figures.source("update", short) is figures.source("response", short) is raw
    assert figures.source("update", long) is figures.source("response", long) is rolled
    monkeypatch.setattr(figures, "RAW_ROWS", 299)
    assert figures.source("update", short) is figures.source("response", short) is rolled


moments = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(moments, moments)
def test_the_whole_hours_of_a_stretch_lie_within_it_and_leave_less_than_an_hour_at_each_end(one, other):
    stretch = Stretch(min(one, other), max(one, other))
    hours = stretch.whole(ONE_HOUR)
    assert stretch.since <= hours.since <= hours.until <= stretch.until
    if hours.since < hours.until:
        assert floor(hours.since, ONE_HOUR) == hours.since
        assert ceiling(hours.until, ONE_HOUR) == hours.until
        assert hours.since - stretch.since < ONE_HOUR
        assert stretch.until - hours.until < ONE_HOUR


def test_a_window_whose_raw_rows_are_gone_is_told_by_whole_hours(make_change, settings):
    make_change(1, customer=1, written=600)
    make_change(2, customer=1, written=2 * HOUR, cached=0.004)
    long_after = (settings.TIMINGS_RAW_DAYS + 1) * 24 * HOUR
    rollups.roll_up(at(long_after))
    ChangeTiming.objects.all().delete()
    stretch = Stretch(at(1800), at(long_after))
    assert rolled.customers(stretch) == pytest.approx((1, 0.003))
    assert rolled.summary("update", stretch)[0].figure.n == 2
