"""Takes out of the log what it says of a person: that something happened, when and by whom, stays.

Nothing else ever changes the log. The inbox goes first: what the relay moves meanwhile is then found in the log.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from crm.records import registry

TABLES = ("change_new", "change")
WIPE = """
UPDATE {table} SET data = data || %(blank)s::jsonb, before = (
    SELECT jsonb_object_agg(key, coalesce(%(blank)s::jsonb -> key, value)) FROM jsonb_each(before))
WHERE {rows} AND record = %(record)s AND written_at <= coalesce(%(until)s, clock_timestamp())"""
OF_ROOT = "root = %(root)s"
# By no index: a column of other records, of which the log knows no more than that it once said so.
NAMED = "(data ->> %(column)s = %(value)s OR before ->> %(column)s = %(value)s)"
LATELY = " AND seq > coalesce((SELECT seq FROM change WHERE numbered_at < %(since)s ORDER BY seq DESC LIMIT 1), 0)"


def wipe_root(root: str, blanks: Mapping[str, Mapping[str, Any]], until: datetime | None = None) -> None:
    """`blanks` is {kind of record: {column: what stands there instead}}; changes written after `until` are kept."""
    for record, blank in blanks.items():
        wipe(OF_ROOT, record, blank, until, root=root)


def wipe_named(
    record: str, column: str, value: int, blank: Mapping[str, Any], *,
    since: datetime | None = None, until: datetime | None = None,
) -> None:  # fmt: skip
    """In all records of a kind whose column has, or had, that value. Reads all that was numbered since, or ever."""
    wipe(NAMED, record, blank, until, column=column, value=str(value), since=since)


def wipe(rows: str, record: str, blank: Mapping[str, Any], until: datetime | None, **where: Any) -> None:
    assert registry.record_type(record), record
    with connection.cursor() as cursor:
        for table in TABLES:
            lately = LATELY if where.get("since") and table == "change" else ""
            cursor.execute(
                WIPE.format(table=table, rows=rows + lately),
                {"blank": json.dumps(blank), "record": record, "until": until, **where},
            )
