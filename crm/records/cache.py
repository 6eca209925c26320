"""The cache-based read: hash `customer:42` holds the projection of version N, used only for a reader who knows N.

The access query that every read needs returns the version, so an entry may be late, lost or wrong in age: no read is
ever stale. Writers are the relay and readers who filled a miss; an older version never replaces a newer one.
"""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from crm.records import valkey
from crm.records.projection import Projection, as_json

# One call for a batch, and one text for an entry, which the server takes apart: sent field by field it was most of what
# the relay does. Entries are hashes that other programs read (`HGETALL`), so their fields stay apart in there.
WRITE_NEWER = """
for place, key in ipairs(KEYS) do
    local version, flat = ARGV[2 * place - 1], ARGV[2 * place]
    if version == '' then
        redis.call('DEL', key)
    elseif tonumber(redis.call('HGET', key, 'version') or '0') < tonumber(version) then
        redis.call('DEL', key)
        redis.call('HSET', key, unpack(cjson.decode(flat)))
    end
end
"""

Entry = tuple[str, int, Mapping[str, Any] | None, Projection]  # None: the record is gone


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


def write_many(entries: Iterable[Entry]) -> None:
    """Writes projections in one round trip."""
    valkey.attempt(lambda client: put(client, entries))


def put(client: Any, entries: Iterable[Entry]) -> None:
    """The command that writes projections, to a client or into a pipeline."""
    keys: list[str] = []
    values: list[str] = []
    for record, record_id, projected, projection in entries:
        keys.append(key(record, record_id))
        values += texts(projected, projection) if projected else ("", "")
    if keys:
        client.eval(WRITE_NEWER, len(keys), *keys, *values)


def forget(record: str, record_id: int) -> None:
    """The next reader, or change, writes it anew."""
    valkey.attempt(lambda client: client.delete(key(record, record_id)))


def texts(projected: Mapping[str, Any], projection: Projection) -> tuple[str, str]:
    """The version, and names and values in turn as one JSON list of texts."""
    flat = list(chain.from_iterable(projection.encode(projected).items()))
    return str(projected["version"]), as_json(flat)
