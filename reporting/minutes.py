"""How many changes each minute of the last hour brought: counted as the log grows, never by reading the hour again."""

from bisect import bisect_left
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from threading import Lock

from django.db.models import Count
from django.db.models.functions import TruncMinute

from crm.records import log, registry
from crm.records.access import Access
from crm.records.directory import PageState
from crm.records.models import Change

MINUTE = timedelta(minutes=1)
SHOWN = 60
HOUR = SHOWN * MINUTE
NEVER = datetime.min.replace(tzinfo=UTC)


class Minutes:
    """One process's count by owner and team, from which each reader is told of what she may see."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.epoch = ""
        self.seq = 0
        self.counted_at = NEVER
        self.counts: defaultdict[tuple[int | None, int | None], Counter[datetime]] = defaultdict(Counter)

    def seen_by(self, access: Access, now: datetime, position: PageState | log.Position | None = None) -> list[int]:
        """Changes in each of the last 60 minutes, the present one last."""
        with self.lock:
            self.count(now, position or log.position())
            seen = [
                minutes
                for (owner_id, team_id), minutes in self.counts.items()
                if access.admits({"owner_id": owner_id, "team_id": team_id})
            ]
            return [sum(minutes[minute] for minutes in seen) for minute in shown_minutes(now)]

    def count(self, now: datetime, position: PageState | log.Position) -> None:
        """Adds what the log has brought since the last time."""
        if position.epoch != self.epoch or position.head < self.seq or now - self.counted_at > HOUR:
            self.counts.clear()
            self.epoch, self.seq = position.epoch, last_before(now - HOUR, position.head)
        fresh = Change.objects.filter(seq__gt=self.seq, seq__lte=position.head, record__in=about_customers())
        minutes = fresh.order_by().values_list("owner_id", "team_id", TruncMinute("written_at", tzinfo=UTC))
        for owner_id, team_id, minute, n in minutes.annotate(Count("seq")):
            self.counts[owner_id, team_id][minute] += n
        self.seq, self.counted_at = position.head, now
        self.forget(shown_minutes(now)[0])

    def forget(self, first: datetime) -> None:
        for scope, minutes in list(self.counts.items()):
            kept = Counter({minute: n for minute, n in minutes.items() if minute >= first})
            if kept:
                self.counts[scope] = kept
            else:
                del self.counts[scope]


def shown_minutes(now: datetime) -> list[datetime]:
    last = now.replace(second=0, microsecond=0)
    return [last - ago * MINUTE for ago in range(SHOWN - 1, -1, -1)]


def about_customers() -> list[str]:
    """The kinds of records whose changes are told here: customers, and what belongs to one."""
    return [kind.name for kind in registry.record_types() if "customer" in (kind.name, kind.model.root_record)]


def last_before(moment: datetime, head: int) -> int:
    """The last position numbered before a moment, by halving: the log has no gaps and is numbered as time goes."""
    return bisect_left(range(1, head + 1), moment, key=numbered_at)


def numbered_at(seq: int) -> datetime:
    return Change.objects.filter(seq=seq).values_list("numbered_at", flat=True).first() or NEVER


minutes = Minutes()
