"""What a member of staff should know: records that others gave them, read from the log, and what modules say is due."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db.models import BigIntegerField, Func, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast
from django.db.models.lookups import IsNull

from crm.records import registry, tally
from crm.records.access import Access
from crm.records.models import Change, Record
from crm.staff.models import User

SHOWN = 50
UNREAD = "unread"
COUNTED = 100  # from here on the bell does not tell numbers apart


@dataclass(frozen=True)
class Notification:
    """`seq` is its place in the log; what is due has none, and stays until it is done."""

    title: str
    url: str
    icon: str
    at: datetime
    actor_id: int | None = None
    seq: int | None = None
    is_unread: bool = True


@dataclass(frozen=True)
class Due:
    """`rows(user)` is what is due for this person now, the most urgent first; `word` says one of them."""

    rows: Callable[[User], QuerySet[Any]]
    word: Callable[[Any], Notification]


_due: list[Due] = []


def register_due(rows: Callable[[User], QuerySet[Any]], word: Callable[[Any], Notification]) -> None:
    _due.append(Due(rows, word))


def due(user: User) -> list[Notification]:
    return [each.word(row) for each in _due for row in each.rows(user)[:SHOWN]]


def assigned(user: User, before: int | None = None) -> list[Notification]:
    """Records that others made this person's, the newest first; only those that may still be seen.

    `before` continues an earlier stretch; one more than are `SHOWN` says that there are older ones.
    """
    told = assignments(user).filter(seq__lt=before) if before else assignments(user)
    changes = list(visible(told, user)[: SHOWN + 1])
    roots = roots_of(changes, user)
    return [notification(change, roots[change.root], user) for change in changes if change.root in roots]


def unread_count(user: User) -> int:
    return tally.summed(figures(user))[UNREAD]


def figures(user: User) -> list[QuerySet[Any, Any]]:
    """Rows that add up to `UNREAD`, for `tally.summed`."""
    told = visible(assignments(user).filter(seq__gt=user.seen_seq), user)
    waiting = [told, *(each.rows(user) for each in _due)]
    return [rows[:COUNTED].values_list(Value(UNREAD), Value(1)) for rows in waiting]


def assignments(user: User) -> QuerySet[Change]:
    """The triggers name an assignee only when somebody else acted."""
    return Change.objects.filter(assigned_id=user.pk).order_by("-seq")


def visible(changes: QuerySet[Change], user: User) -> QuerySet[Change]:
    """Those whose root the person sees now.

    Each is looked up by a subquery with a value: of EXISTS PostgreSQL makes a hash of all records that she sees, as it
    expects to ask for many changes, and the page needs a hundred at most.
    """
    root_id = Cast(Func(OuterRef("root"), Value(":"), Value(2), function="split_part"), BigIntegerField())
    seen = Q(pk__in=[])
    for kind in registry.record_types():
        if issubclass(kind.model, Record):
            mine = kind.model.objects.visible_to(user).filter(pk=root_id).values("pk")[:1]
            seen |= Q(IsNull(Subquery(mine), False), root__startswith=f"{kind.name}:")
    return changes.filter(seen)


def roots_of(changes: Iterable[Change], user: User) -> dict[str, Any]:
    """The records that the changes belong to, as they are now, by one query for each kind; only those she sees."""
    keys = defaultdict(list)
    for change in changes:
        kind, _, number = change.root.partition(":")
        keys[kind].append(int(number))
    found: dict[str, Any] = {}
    for kind, numbers in keys.items():
        rows = cast("Any", registry.record_type(kind)).model.objects.visible_to(user)
        found |= {f"{kind}:{pk}": row for pk, row in rows.in_bulk(numbers).items()}
    return found


def notification(change: Change, root: Any, user: User) -> Notification:
    """Of a part, also whose it is: many follow-ups read alike."""
    kind, is_root = registry.record_type(change.record), change.root.startswith(f"{change.record}:")
    assert kind is not None
    label = kind.label(change.data) if kind.label else change.root
    return Notification(
        title=label if is_root else f"{label} · {root}",
        url=root.get_absolute_url(),
        icon="user-check" if is_root else "calendar-event",
        at=change.written_at,
        actor_id=change.actor_id,
        seq=change.seq,
        is_unread=change.seq > user.seen_seq,
    )


def bell(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    """The panel `staff:notifications`, computed for each person."""
    return {"unread": unread_count(User.objects.get(pk=access.user_id))}
