"""The recorder never fails its caller, loses nothing while the database is away, and counts what it must drop."""

import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from django.db import connection

from crm.timings import clock, recorder
from crm.timings.models import Drop, ResponseTiming
from tests.timings.moments import at


def response(kind="GET a:b", seconds=0.1):
    return recorder.ResponseRow(at(0), kind, "a", seconds, 200, None)


def count_of(kind):
    return ResponseTiming.objects.filter(kind=kind).count()


def wait_until(condition):
    give_up = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < give_up, "it did not happen within ten seconds"
        threading.Event().wait(0.02)


@contextmanager
def closed_database():
    """The database throws recorders out and lets nobody in."""
    name = connection.settings_dict["NAME"]
    params = connection.get_connection_params() | {"dbname": "postgres", "cursor_factory": psycopg.Cursor}
    with psycopg.connect(**params, autocommit=True) as other:
        other.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
        try:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = %s AND application_name = 'pulse timings'",
                [name],
            )
            yield
        finally:
            other.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')


@pytest.fixture
def running(transactional_db, settings, monkeypatch):
    """A recorder with its thread, and quick to try again."""
    settings.TIMINGS_WRITER = True
    monkeypatch.setattr(recorder, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(recorder, "FLUSH_SECONDS", 0.02)
    own = recorder.Recorder()
    yield own
    own.stop()
    ResponseTiming.objects.all().delete()


def test_the_first_row_starts_the_thread_and_is_written_soon(running):
    assert running.thread is None
    running.put("responses", response())
    wait_until(lambda: count_of("GET a:b") == 1)


def test_no_row_is_lost_or_doubled_while_the_database_is_away(running):
    running.put("responses", response("before"))
    wait_until(lambda: count_of("before") == 1)
    with closed_database():
        for number in range(50):
            running.put("responses", response(f"while {number}"))
        wait_until(lambda: len(running.buffers["responses"].rows) == 50)
    wait_until(lambda: ResponseTiming.objects.filter(kind__startswith="while").count() == 50)
    assert count_of("before") == 1
    assert not Drop.objects.exists()


def test_what_does_not_fit_is_dropped_and_the_drops_are_written(running, monkeypatch):
    monkeypatch.setattr(recorder, "BUFFERED_ROWS", 3)
    monkeypatch.setattr(running, "start", lambda: None)
    for number in range(10):
        running.put("responses", response(f"full {number}"))
    monkeypatch.undo()
    connection.ensure_connection()
    running.flush(connection.connection)
    assert list(ResponseTiming.objects.order_by("id").values_list("kind", flat=True)) == ["full 0", "full 1", "full 2"]
    drop = Drop.objects.get()
    assert (drop.process, drop.count) == (running.process, 7)


def test_rows_that_the_database_refuses_are_counted_and_do_not_block_others(running):
    running.put("responses", response("nul \0 inside"))
    wait_until(lambda: Drop.objects.exists())
    running.put("responses", response("after"))
    wait_until(lambda: count_of("after") == 1)
    assert Drop.objects.get().count == 1


def test_stopping_writes_what_is_left(running):
    running.put("responses", response("first"))
    wait_until(lambda: count_of("first") == 1)
    running.put("responses", response("last"))
    running.stop()
    assert count_of("last") == 1


def test_putting_never_waits_for_the_database(running):
    running.put("responses", response("before"))
    wait_until(lambda: count_of("before") == 1)
    with running.writing:
        began = time.perf_counter()
        for _ in range(1000):
            running.put("responses", response("burst"))
        assert time.perf_counter() - began < 0.5
    wait_until(lambda: count_of("burst") == 1000)


def test_a_change_written_twice_is_one_row(make_change):
    make_change(1)
    make_change(1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM timings_change")
        assert cursor.fetchone() == (1,)


def test_the_clock_is_the_databases(db):
    connection.ensure_connection()
    began = time.perf_counter()
    clock.measure(connection.connection)
    error = timedelta(seconds=time.perf_counter() - began)  # at most, whatever else the machine does
    before = clock.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (at,) = cursor.fetchone()
    assert before - error < at < clock.now() + error
