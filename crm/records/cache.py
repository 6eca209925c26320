"""The cache-based read: hash `customer:42` holds the projection of version N, used only for a reader who knows N.

The access query that every read needs returns the version, so an entry may be late, lost or wrong in age: no read is
ever stale. Writers are the relay and readers who filled a miss; an older version never replaces a newer one.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from crm.records import valkey
from crm.records.projection import Projection

WRITE_NEWER = """
local held = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
if held >= tonumber(ARGV[1]) then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 1
"""


def key(record: str, record_id: int) -> str:
    return f"{record}:{record_id}"


def read(record: str, record_id: int, version: int, projection: Projection) -> dict[str, Any] | None:
    """The projection at exactly this version, or None."""
    stored = valkey.attempt(lambda client: client.hgetall(key(record, record_id)))
    if not stored or stored.get("version") != str(version):
        return None
    try:
        return projection.decode(stored)
    except (KeyError, ValueError):
        return None


def write(record: str, record_id: int, projected: Mapping[str, Any], projection: Projection) -> None:
    write_many([(record, record_id, projected, projection)])


def write_many(entries: Iterable[tuple[str, int, Mapping[str, Any] | None, Projection]]) -> bool:
    """Writes projections (None: the record is gone) in one round trip; False when the server is down."""

    def work(client: Any) -> bool:
        pipe = client.pipeline(transaction=False)
        for record, record_id, projected, projection in entries:
            name = key(record, record_id)
            if projected is None:
                pipe.delete(name)
                continue
            flat = [text for pair in projection.encode(projected).items() for text in pair]
            pipe.eval(WRITE_NEWER, 1, name, projected["version"], *flat)
        pipe.execute()
        return True

    return bool(valkey.attempt(work))
