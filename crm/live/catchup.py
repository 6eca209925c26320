"""What the hub asks the database, in a thread: rights, which topics are visible, what was missed since a position."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db.models.functions import Now

from crm.live.frames import DIRECTORY, Delivered
from crm.live.socket import Identity
from crm.records import log, registry
from crm.records.access import Access
from crm.records.directory import Directory
from crm.records.models import Reader
from crm.staff.models import ApiToken
from crm.staff.services import digest_of

MOST_MISSED = 2_000  # changes; a client that missed more fetches its regions again instead


@dataclass(eq=False)
class Absence:
    """What one reader asks: which topics she may see, and what happened after one position, up to another.

    `after` is None for who missed nothing, as she was not there before. Of `visible` topics the root is said, on whose
    timeline their changes stand. The answers are None where there is too much.
    """

    reader: Reader
    topics: Collection[str]
    after: int | None
    up_to: int
    has_views: bool
    visible: dict[str, str] = field(default_factory=dict)
    of_topics: list[Delivered] | None = field(default_factory=list)
    of_views: list[Delivered] | None = field(default_factory=list)

    def was(self, change: Delivered) -> bool:
        return self.after is not None and self.after < change.seq <= self.up_to


def answer(absences: Sequence[Absence], directory: Directory) -> Sequence[Absence]:
    """Fills in all of them; what several missed is read, projected and encoded once."""
    find_visible(absences)
    back = [each for each in absences if each.after is not None and each.after < each.up_to]
    find_changes(back, directory)
    find_changes_of_directory(back, directory)
    find_changes_for_views([each for each in back if each.has_views], directory)
    return absences


def find_visible(absences: Sequence[Absence]) -> None:
    """One statement for each record type and all readers who see the same."""
    alike: defaultdict[tuple[Any, ...], list[Absence]] = defaultdict(list)
    for each in absences:
        access = each.reader.access
        alike[(*access.scope(), access.is_administrator)].append(each)
    for group in alike.values():
        visible = visible_topics(group[0].reader, {topic for each in group for topic in each.topics})
        for each in group:
            each.visible = {topic: visible[topic] for topic in each.topics if topic in visible}


def find_changes(absences: Sequence[Absence], directory: Directory) -> None:
    """One statement for all; one for each when together they missed too much."""
    if not (roots := {root for each in absences for root in each.visible.values() if root}):
        return
    after, up_to = span(absences)
    rows = log.rows_after(after, MOST_MISSED + 1, roots=sorted(roots), up_to=up_to)
    if len(rows) <= MOST_MISSED:
        by_topic: defaultdict[str, list[Delivered]] = defaultdict(list)
        for row in rows:
            change = Delivered(row, directory)
            for topic in change.topics:
                by_topic[topic].append(change)
        for each in absences:
            each.of_topics = in_order(
                change for topic in each.visible for change in by_topic[topic] if each.was(change)
            )
    elif len(absences) == 1:
        absences[0].of_topics = None
    else:
        for each in absences:
            find_changes([each], directory)


def find_changes_of_directory(absences: Sequence[Absence], directory: Directory) -> None:
    """Renamings and the like, of which there seldom are any; whoever was away for long fetches the directory again."""
    watching = [each for each in absences if DIRECTORY in each.visible and each.of_topics is not None]
    newest = log.directory_position() if watching else 0
    missed = [each for each in watching if (each.after or 0) < newest]
    for each in missed:
        if each.up_to - (each.after or 0) > MOST_MISSED:
            each.of_topics = None
    short = [each for each in missed if each.of_topics is not None]
    if short:
        after, up_to = span(short)
        rows = log.rows_after(after, up_to - after, up_to=up_to, records=registry.directory_names())
        changes = [Delivered(row, directory) for row in rows]
        for each in short:
            each.of_topics = in_order([*(each.of_topics or ()), *(change for change in changes if each.was(change))])


def find_changes_for_views(absences: Sequence[Absence], directory: Directory) -> None:
    """All changes of the time: what entered or left a view may be any record."""
    for each in absences:
        if each.up_to - (each.after or 0) > MOST_MISSED:
            each.of_views = None
    short = [each for each in absences if each.of_views is not None]
    if short:
        after, up_to = span(short)
        changes = [Delivered(row, directory) for row in log.rows_after(after, up_to - after, up_to=up_to)]
        for each in short:
            each.of_views = [change for change in changes if each.was(change)]


def in_order(changes: Iterable[Delivered]) -> list[Delivered]:
    """Each once, as it may be of several topics."""
    by_seq = {change.seq: change for change in changes}
    return [by_seq[seq] for seq in sorted(by_seq)]


def span(absences: Sequence[Absence]) -> tuple[int, int]:
    return min(each.after or 0 for each in absences), max(each.up_to for each in absences)


def accesses(user_ids: Iterable[int]) -> dict[int, Access]:
    """The present rights of users who may sign in."""
    users = get_user_model()._default_manager.select_related("role").filter(pk__in=list(user_ids), is_active=True)
    return {user.pk: user.access for user in users}


def ended(identities: Collection[Identity]) -> set[Identity]:
    """Those whose session or token does not hold any more: what the log tells one by one, asked of all at once."""
    keys = Session.objects.filter(expire_date__gt=Now()).values_list("session_key", flat=True)
    sessions = {digest_of(key) for key in keys}
    token_ids = [each.token_id for each in identities if each.token_id]
    tokens = set(ApiToken.objects.filter(pk__in=token_ids, revoked_at=None).values_list("pk", flat=True))
    return {
        each
        for each in identities
        if (each.session and each.session not in sessions) or (each.token_id and each.token_id not in tokens)
    }


def visible_topics(reader: Reader, topics: Collection[str]) -> dict[str, str]:
    """Those of the topics that exist and that the reader may see, with their roots (that of the directory is empty).

    One statement for each record type.
    """
    by_record: defaultdict[str, set[int]] = defaultdict(set)
    for topic in topics:
        record, _, record_id = topic.partition(":")
        if record_id.isdecimal() and len(record_id) < 19:
            by_record[record].add(int(record_id))
    found = {DIRECTORY: ""} if DIRECTORY in topics else {}
    for record, ids in by_record.items():
        found |= visible_records(reader, record, ids)
    return found


def visible_records(reader: Reader, record: str, ids: set[int]) -> dict[str, str]:
    kind = registry.record_type(record)
    if kind is None or (kind.readers == "administrators" and not reader.access.is_administrator):
        return {}
    model = kind.model
    rows: Any = model._default_manager.filter(pk__in=ids)
    if kind.readers == "scope":
        rows = rows.visible_to(reader)
    pairs = rows.values_list("pk", model.root_column or "pk")
    return {f"{record}:{pk}": f"{model.root_record or record}:{root_id}" for pk, root_id in pairs}
