"""The clock may call twice at the same time: a second beat, a task that is delivered again."""

import threading
from datetime import date

import pytest
from django.db import connection

from crm.timings import partitions, rollups
from crm.timings.models import Rollup
from tests.timings.moments import at

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(work, times):
    """Runs it in four threads, each on its own connection, again and again; what was raised."""
    start, raised = threading.Barrier(4), []

    def run():
        try:
            for number in range(times):
                start.wait(30)
                work(number)
        except Exception as error:
            raised.append(error)
            start.abort()
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_roll_ups_at_once_leave_each_minute_once(make_change):
    for seq in range(1, 40):
        make_change(seq, customer=seq % 7, written=seq * 90, cached=0.01)
    assert at_once(lambda number: rollups.roll_up(at(2 * 3600 + number)), 5) == []
    assert sum(Rollup.objects.filter(family="update", span=Rollup.Span.MINUTE).values_list("count", flat=True)) == 39


@pytest.fixture
def far_day():
    """Its partitions, and those of the days after it, are taken away again."""
    day = date(2090, 1, 1)
    yield day
    for table in partitions.RAW_TABLES:
        for made in list(partitions.partition_days(table)):
            if made >= day:
                partitions.drop_partition(table, made)


def test_days_made_at_once_are_made_once(far_day):
    assert at_once(lambda number: partitions.make_ahead(far_day, number), 4) == []
    for table in partitions.RAW_TABLES:
        assert sum(day >= far_day for day in partitions.partition_days(table)) == 4
