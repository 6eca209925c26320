"""What a connection has prepared outlives a rollback, and ends with the tables it may have read."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from crm.records.statements import prepared

ASKED = "SELECT 'asked often' WHERE %s > 0"
HELD = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%asked often%' AND name LIKE '\\_pg3%'"

pytestmark = pytest.mark.django_db(transaction=True)


def ask_often() -> None:
    """Once more than `prepare_threshold`."""
    for _ in range(6):
        with prepared() as cursor:
            cursor.execute(ASKED, [1])


def held() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")  # what is to be ended is ended after the next statement
        cursor.execute(HELD)
        return cursor.fetchone()[0]


@pytest.fixture(autouse=True)
def _fresh_connection():
    connection.close()
    connection.close_pool()


def roll_back() -> None:
    with transaction.atomic():
        ask_often()
        transaction.set_rollback(True)


def roll_back_to_a_savepoint() -> None:
    with transaction.atomic():
        ask_often()
        with transaction.atomic():
            transaction.set_rollback(True)


@pytest.mark.parametrize("undo", [roll_back, roll_back_to_a_savepoint])
def test_a_rollback_leaves_what_is_prepared(undo):
    undo()
    assert held() == 1


def test_a_dropped_table_ends_what_is_prepared():
    ask_often()
    assert held() == 1
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE passing (); DROP TABLE passing")
    assert held() == 0


def test_a_record_of_queries_has_the_text_of_what_is_prepared():
    with CaptureQueriesContext(connection) as queries:
        ask_often()
    assert {query["sql"] for query in queries} == {ASKED.replace("%s", "$1")}
