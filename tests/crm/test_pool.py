"""The pool of connections: who asks alone is always served by the same one."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db(transaction=True)

BACKEND = "SELECT pg_backend_pid()"


def ask() -> int:
    with connection.cursor() as cursor:
        cursor.execute(BACKEND)
        found = cursor.fetchone()[0]
    connection.close()
    return int(found)


def ask_together(others: Barrier) -> int:
    connection.ensure_connection()
    others.wait(10)
    return ask()


def test_the_connection_that_came_back_last_is_lent_first():
    with ThreadPoolExecutor(3) as threads:
        assert len(set(threads.map(ask_together, [Barrier(3)] * 3))) == 3
    assert len({ask() for _ in range(6)}) == 1
