"""Customers by the thousand for the benchmarks that need rows, not people: plain SQL, logged and counted as any."""

import time
from typing import Any

from django.db import connection

FILL = """
INSERT INTO customers_customer (name, kind, stage_id, owner_id, team_id, title, emails, phones, street, postcode, city,
                                country, source, reference)
SELECT 'Customer ' || i, 'person', (ARRAY['lead', 'active', 'vip'])[1 + i %% 3], %(owner)s, %(team)s, 'Buyer',
       ARRAY['customer' || i || '@example.test'], ARRAY['+4420' || 70000000 + i], i || ' Long Road', 'N1 ' || i,
       'London', 'GB', 'fair', 'R' || i
FROM generate_series(1, %(count)s) i
RETURNING id"""


def fill(count: int, owner: Any) -> list[int]:
    """Ids of new customers of that user, numbered by now: what is measured starts with an empty inbox."""
    from crm.live.relay import Relay

    with connection.cursor() as cursor:
        cursor.execute(FILL, {"count": count, "owner": owner.pk, "team": owner.team_id})
        ids = [row[0] for row in cursor.fetchall()]
        Relay().number_all()
        while is_waiting(cursor):  # another relay leads
            time.sleep(0.1)
        cursor.execute("VACUUM (ANALYZE) customers_customer, customers_search, change_new")
    return ids


def is_waiting(cursor: Any) -> bool:
    cursor.execute("SELECT EXISTS (SELECT FROM change_new)")
    return bool(cursor.fetchone()[0])
