"""The one rule of who may see and change a record, as a query and as a predicate. Who has which right is staff's."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from django.db.models import Q

Right = Literal["view", "edit"]


class Reach(StrEnum):
    """How far a right reaches."""

    NONE = "none"
    OWN = "own"
    TEAM = "team"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Access:
    """What one person may do. Equal accesses see the same, so what is computed for one serves all who share it."""

    user_id: int
    team_id: int | None
    view: Reach
    edit: Reach
    sees_contacts: bool = True
    is_administrator: bool = False

    def reach(self, right: Right) -> Reach:
        return self.view if right == "view" else self.edit

    def q(self, right: Right = "view", prefix: str = "") -> Q:
        """The rule as a condition on rows with owner and team (reached through `prefix`, as in `customer__`)."""
        match self.reach(right):
            case Reach.ALL:
                return Q()
            case Reach.NONE:
                return Q(pk__in=[])
            case Reach.TEAM if self.team_id is not None:
                return Q(**{f"{prefix}owner_id": self.user_id}) | Q(**{f"{prefix}team_id": self.team_id})
            case _:
                return Q(**{f"{prefix}owner_id": self.user_id})

    def sql(self, right: Right, table: str) -> tuple[str, list[Any]]:
        """The rule as SQL text and its parameters, for statements written by hand."""
        match self.reach(right):
            case Reach.ALL:
                return "true", []
            case Reach.NONE:
                return "false", []
            case Reach.TEAM if self.team_id is not None:
                return f"({table}.owner_id = %s OR {table}.team_id = %s)", [self.user_id, self.team_id]
            case _:
                return f"{table}.owner_id = %s", [self.user_id]

    def numbers(self) -> list[int] | None:
        """The rule for views as an index can hold it: who may see a row has one of its owner's number and its team's
        below zero. None where everything may be seen."""
        match self.view:
            case Reach.ALL:
                return None
            case Reach.NONE:
                return []
            case Reach.TEAM if self.team_id is not None:
                return [self.user_id, -self.team_id]
            case _:
                return [self.user_id]

    def admits(self, row: Mapping[str, Any], right: Right = "view") -> bool:
        """The rule for one row (a mapping with `owner_id` and `team_id`), without asking the database."""
        match self.reach(right):
            case Reach.ALL:
                return True
            case Reach.NONE:
                return False
            case Reach.TEAM if self.team_id is not None and row["team_id"] == self.team_id:
                return True
            case _:
                return bool(row["owner_id"] == self.user_id)

    def scope(self) -> tuple[Any, ...]:
        """What tells apart views of different people: nothing about the person where everything may be seen."""
        match self.view:
            case Reach.ALL | Reach.NONE:
                return (self.view, self.sees_contacts)
            case _:
                return (self.view, self.user_id, self.team_id, self.sees_contacts)
