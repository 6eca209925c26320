"""Each day has its partition; a row of a day without one is kept all the same."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from crm.timings import partitions
from crm.timings.models import ChangeTiming, DeliveryTiming, ResponseTiming
from tests.timings.moments import NOON

DAY = NOON.date()


def count(table):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]


@pytest.fixture
def rows(make_change, make_delivery, make_response):
    make_change(1)
    make_delivery(1, 0.1, 0.2)
    make_response(0, 0.1)


@pytest.mark.parametrize("table", partitions.RAW_TABLES)
def test_migration_makes_today_and_the_days_ahead(db, table):
    today = MigrationRecorder.Migration.objects.filter(app="timings").earliest("applied").applied.date()
    ahead = {today + timedelta(days=number) for number in range(partitions.DAYS_AHEAD)}
    assert ahead <= set(partitions.partition_days(table))


@pytest.mark.parametrize("table", partitions.RAW_TABLES)
def test_a_row_without_a_partition_waits_and_moves_when_its_day_is_made(rows, table):
    assert count(f"{table}_default") == 1
    partitions.make_ahead(DAY, 0)
    assert count(f"{table}_default") == 0
    assert count(partitions.partition_name(table, DAY)) == 1
    assert count(table) == 1


def test_making_days_again_does_nothing(db):
    partitions.make_ahead(DAY, 2)
    made = set(partitions.partition_days("timings_change"))
    partitions.make_ahead(DAY, 2)
    assert set(partitions.partition_days("timings_change")) == made
    assert {date(2026, 3, 10), date(2026, 3, 11), date(2026, 3, 12)} <= made


def test_new_partitions_have_the_indexes_and_keys_of_their_table(db):
    partitions.make_ahead(DAY, 0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_indexes WHERE tablename = 'timings_change_20260310'")
        assert cursor.fetchone()[0] == 3


@pytest.mark.parametrize("is_partitioned", [True, False])
def test_old_days_are_dropped_with_their_rows_and_newer_ones_stay(rows, is_partitioned):
    if is_partitioned:
        partitions.make_ahead(DAY, 1)
    partitions.drop_before(partitions.day_start(DAY))
    models = (ChangeTiming, DeliveryTiming, ResponseTiming)
    assert [model.objects.count() for model in models] == [1, 1, 1]
    partitions.drop_before(partitions.day_start(DAY + partitions.DAY))
    assert [model.objects.count() for model in models] == [0, 0, 0]
    assert DAY not in set(partitions.partition_days("timings_response"))
