"""Tells what the relay has put into the log: to the cache, to the hubs, to the timings."""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from crm.live import bus
from crm.records import cache, registry, valkey
from crm.timings import clock, recorder


def announce(epoch: str, rows: list[dict[str, Any]]) -> None:
    """Caches and publishes what is already in the log, in one round trip, since on a busy machine each is a wait.

    Nothing here may fail the relay or make it wait long.
    """
    text = json.dumps({"epoch": epoch, "rows": rows}, default=plain, ensure_ascii=False)
    entries = cached(rows)

    def work(client: Any) -> bool:
        with client.pipeline(transaction=False) as pipe:
            cache.put(pipe, entries)
            pipe.publish(bus.LOG, text)
            pipe.execute()
        return True

    is_cached, now = valkey.attempt(work), clock.now()
    recorder.record_changes(timing(row, now if is_cached else None) for row in rows)
    record_responses(rows, now)


def record_responses(rows: list[dict[str, Any]], published_at: datetime) -> None:
    """Whoever waits for an answer waits until it can be told, not only until it is written."""
    for row in rows:
        kind = registry.record_type(row["record"])
        if kind and kind.response and (response := kind.response(row, published_at)):
            recorder.response(response)


def timing(row: dict[str, Any], cached_at: datetime | None) -> recorder.ChangeRow:
    kind = registry.record_type(row["record"])
    return recorder.ChangeRow(
        seq=row["seq"],
        record=row["record"],
        record_id=row["record_id"],
        subject=row["root"],
        module=kind.module if kind else "",
        way=row["way"],
        written_at=row["written_at"],
        numbered_at=row["numbered_at"],
        cached_at=cached_at,
    )


def write_cache(rows: list[dict[str, Any]]) -> None:
    cache.write_many(cached(rows))


def cached(rows: list[dict[str, Any]]) -> Collection[cache.Entry]:
    """The last version of each cached record among the rows."""
    entries = {}
    for row in rows:
        kind = registry.record_type(row["record"])
        if kind and kind.is_cached:
            gone = row["op"] == "d" or row["data"].get("deleted_at")
            projected = None if gone else kind.projection.project(row["data"])
            entries[row["root"]] = (row["record"], row["record_id"], projected, kind.projection)
    return entries.values()


def plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value))
