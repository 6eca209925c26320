"""What can be wrong with a write: said in terms that a form, the API and the admin can each show."""

from typing import Any


class RecordError(Exception):
    """A write that was refused; the database is unchanged."""


class NotVisible(RecordError):
    """There is no such record for this person: missing, in the trash or out of sight alike."""


class NotEditable(RecordError):
    """The person may see the record but not change it."""


class Conflict(RecordError):
    """Somebody else changed the same fields since; `conflicts` is {field: {"yours": ..., "theirs": ...}}."""

    def __init__(self, version: int, conflicts: dict[str, dict[str, Any]]) -> None:
        super().__init__(f"changed meanwhile: {', '.join(conflicts)}")
        self.version = version
        self.conflicts = conflicts
