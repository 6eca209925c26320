"""What a member of staff should know: records that others gave them, read from the log, and what modules say is due."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db.models import QuerySet

from crm.records.access import Access
from crm.records.models import Change, Record
from crm.records.registry import record_type
from crm.staff.models import User

SHOWN = 50
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


Provider = Callable[[User], Iterable[Notification]]

_providers: list[Provider] = []


def register_due(provider: Provider) -> None:
    """`provider(user)` gives what is due for this person now, the most urgent first."""
    _providers.append(provider)


def due(user: User) -> list[Notification]:
    return [each for provider in _providers for each in provider(user)]


def assigned(user: User) -> list[Notification]:
    """Records that others made this person's, the newest first; only those that may still be seen."""
    return [notification(change, user) for change in visible(assignments(user)[:SHOWN], user)]


def unread_count(user: User) -> int:
    unread = assignments(user).filter(seq__gt=user.seen_seq)[:COUNTED]
    return len(visible(unread, user)) + len(due(user))


def assignments(user: User) -> QuerySet[Change]:
    """The triggers name an assignee only when somebody else acted."""
    return Change.objects.filter(assigned_id=user.pk).order_by("-seq")


def visible(changes: Iterable[Change], user: User) -> list[Change]:
    """Those whose root the person sees now; one statement for each kind of root."""
    found = list(changes)
    ids = defaultdict(set)
    for kind, root_id in map(root_of, found):
        ids[kind].add(root_id)
    seen = {(kind, root_id) for kind in ids for root_id in visible_ids(kind, ids[kind], user)}
    return [change for change in found if root_of(change) in seen]


def visible_ids(kind: str, ids: Collection[int], user: User) -> set[int]:
    known = record_type(kind)
    if known is None or not issubclass(known.model, Record):
        return set()
    return set(known.model.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))


def root_of(change: Change) -> tuple[str, int]:
    name, _, number = change.root.partition(":")
    return name, int(number)


def notification(change: Change, user: User) -> Notification:
    kind, (root_kind, root_id) = record_type(change.record), root_of(change)
    root = record_type(root_kind)
    assert kind is not None
    assert root is not None
    return Notification(
        title=kind.label(change.data) if kind.label else change.root,
        url=cast("Any", root.model)(pk=root_id).get_absolute_url(),
        icon="user-check" if change.record == root_kind else "calendar-event",
        at=change.written_at,
        actor_id=change.actor_id,
        seq=change.seq,
        is_unread=change.seq > user.seen_seq,
    )


def bell(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    """The panel `staff:notifications`, computed for each person."""
    return {"unread": unread_count(User.objects.get(pk=access.user_id))}
