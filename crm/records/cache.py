"""The cache-based read: hash `customer:42` holds the projection of version N, used only for a reader who knows N.

The access query that every read needs returns the version, so an entry may be late, lost or wrong in age: no read is
ever stale. Writers are the relay and readers who filled a miss; an older version never replaces a newer one.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from crm.records import valkey
from crm.records.projection import Projection

# One call for a whole batch, of two texts for each entry: field by field this was most of what the relay does.
WRITE_NEWER = """
for place, key in ipairs(KEYS) do
    local version, fields = ARGV[2 * place - 1], ARGV[2 * place]
    if version == '' then
        redis.call('DEL', key)
    elseif tonumber(redis.call('HGET', key, 'version') or '0') < tonumber(version) then
        redis.call('HSET', key, 'version', version, 'fields', fields)
    end
end
"""


def key(record: str, record_id: int) -> str:
    return f"{record}:{record_id}"


def read(record: str, record_id: int, version: int, projection: Projection) -> dict[str, Any] | None:
    """The projection at exactly this version, or None."""
    stored = valkey.attempt(lambda client: client.hmget(key(record, record_id), "version", "fields"))
    if not stored or stored[0] != str(version):
        return None
    try:
        found = json.loads(stored[1] or "")
    except ValueError:
        return None
    return found if isinstance(found, dict) and found.keys() == projection.by_name.keys() else None


def write(record: str, record_id: int, projected: Mapping[str, Any]) -> None:
    write_many([(record, record_id, projected)])


def write_many(entries: Iterable[tuple[str, int, Mapping[str, Any] | None]]) -> bool:
    """Writes projections (None: the record is gone) in one round trip; False when the server is down."""
    keys: list[str] = []
    values: list[str] = []
    for record, record_id, projected in entries:
        keys.append(key(record, record_id))
        values += [str(projected["version"]), json.dumps(projected, ensure_ascii=False)] if projected else ["", ""]

    def work(client: Any) -> bool:
        client.eval(WRITE_NEWER, len(keys), *keys, *values)
        return True

    return bool(valkey.attempt(work))
