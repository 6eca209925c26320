"""A change as sockets are sent it: projected once, encoded once for each class of readers, shared by all of them."""

import json
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from crm.records import registry
from crm.records.directory import Directory
from crm.records.registry import RecordType

DIRECTORY = "directory"  # the topic of all records that others refer to by id


class Delivered:
    """One row of the log on its way out, with what is computed from it when somebody asks, and only once."""

    def __init__(self, row: Mapping[str, Any], directory: Directory) -> None:
        self.row = row
        self.directory = directory
        self.seq: int = row["seq"]
        self.record: str = row["record"]
        self.topic = f"{row['record']}:{row['record_id']}"
        self.root: str = row["root"]
        self.kind: RecordType | None = registry.record_type(self.record)
        self._texts: dict[Hashable, str] = {}
        self._projected: dict[str, Any] | None = None
        self._earlier: dict[str, Any] | None = None

    @property
    def topics(self) -> set[str]:
        """Whoever watches one of these is told."""
        return {self.topic, self.root, *([DIRECTORY] if self.kind and self.kind.entry else [])}

    @property
    def is_gone(self) -> bool:
        return self.row["op"] == "d" or self.row["data"].get("deleted_at") is not None

    @property
    def was_gone(self) -> bool:
        return self.row["op"] == "c" or self.earlier_data.get("deleted_at") is not None

    @property
    def moves_access(self) -> bool:
        """Whether owner or team changed, so that watchers must be asked again whether they may."""
        before = self.row["before"] or {}
        return "owner_id" in before or "team_id" in before

    @property
    def earlier_data(self) -> Mapping[str, Any]:
        """The columns before the change. Every change moves `updated_at`, so the log does not say what it was."""
        data = self.row["data"]
        return {**data, **dict.fromkeys({"updated_at"} & data.keys()), **(self.row["before"] or {})}

    @property
    def projected(self) -> dict[str, Any]:
        if self._projected is None:
            assert self.kind is not None
            self._projected = self.kind.projection.project(self.row["data"])
        return self._projected

    @property
    def earlier(self) -> dict[str, Any]:
        """The projection as it was before the change."""
        if self._earlier is None:
            assert self.kind is not None
            self._earlier = self.kind.projection.project(self.earlier_data)
        return self._earlier

    def fields(self, sees_contacts: bool) -> dict[str, Any]:
        assert self.kind is not None
        projection = self.kind.projection
        changed = projection.changed(self.row["before"], self.projected)
        if "updated_at" in self.projected:
            changed = changed | {"updated_at": self.projected["updated_at"]}
        return projection.reading(changed, sees_contacts)

    def all_fields(self, sees_contacts: bool) -> dict[str, Any]:
        assert self.kind is not None
        return self.kind.projection.reading(self.projected, sees_contacts)

    def by(self) -> dict[str, Any] | None:
        actor_id = self.row["actor_id"]
        if actor_id is None:
            return None
        return {"id": actor_id, "name": self.directory["users"].get(actor_id, {}).get("name", "")}

    def frame(self, sees_contacts: bool) -> dict[str, Any]:
        gone = {"gone": True} if self.is_gone else {}
        return gone | {
            "seq": self.seq,
            "record": self.topic,
            "root": self.root,
            "version": self.row["version"],
            "op": self.row["op"],
            "fields": self.fields(sees_contacts),
            "by": self.by(),
            "at": as_text(self.row["written_at"]),
        }

    def text(self, sees_contacts: bool) -> str:
        """The frame as JSON."""
        return self.once(
            sees_contacts,
            lambda: json.dumps(self.frame(sees_contacts), ensure_ascii=False, separators=(",", ":")),
        )

    def once(self, readers: Hashable, text: Callable[[], str]) -> str:
        """What it is for one class of readers, made for the first of them."""
        if readers not in self._texts:
            self._texts[readers] = text()
        return self._texts[readers]


def as_text(moment: Any) -> str:
    return moment if isinstance(moment, str) else str(moment.isoformat())
