"""What the dashboard shows of customers and of what happens to them: from the tally and the log, never by counting."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, timedelta
from typing import Any

from django.db.models import Q, Sum, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from crm.records.access import Access, Reach
from crm.records.directory import Directory, PageState, page_state
from crm.records.models import Tally
from reporting import feed
from reporting.minutes import minutes, shown_minutes

PANEL = "reporting:home"
DAYS = 30
WEEK = 7
OWNERS = 8

Counted = dict[str, dict[str, int]]


def compute_panel(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    """The live panel: the figures, and the names that the feed could not know when its entries came."""
    return {**figures(access), "names": feed.late_names(access)}


def scope(access: Access) -> tuple[Any, ...]:
    """Who shares one computation; contact details are not shown, so whether one may see them makes no difference."""
    return (access.view,) if access.view in (Reach.ALL, Reach.NONE) else (access.view, access.user_id, access.team_id)


def figures(access: Access, state: PageState | None = None) -> dict[str, Any]:
    """What JSON can hold. Days are those of UTC, in which the tally counts them."""
    now, state = timezone.now(), state or page_state()
    today = now.astimezone(UTC).date()
    days = [today - timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)]
    counted = tallied(access, days[0])
    new = [counted["created_on"].get(day.isoformat(), 0) for day in days]
    changes = minutes.seen_by(access, now, state)
    return {
        "count": sum(counted["all"].values()),
        "stages": by_stage(counted["stage_id"], state.directory),
        **by_owner(counted["all"]),
        "new": {"today": new[-1], "week": sum(new[-WEEK:]), "month": sum(new)},
        "days": [[day.isoformat(), n] for day, n in zip(days, new, strict=True)],
        "changes": {"minute": changes[-1], "hour": sum(changes), "most": max(changes)},
        "minutes": [[at.isoformat(), n] for at, n in zip(shown_minutes(now), changes, strict=True)],
    }


def tallied(access: Access, since: date) -> Counted:
    """{"all": by owner, "stage_id": by stage, "created_on": by day}, in one statement, so that their sums agree."""
    customers = Tally.objects.filter(access.q("view"), record="customer").order_by()
    owners = customers.filter(dimension="all").values_list("dimension", Cast("owner_id", TextField()))
    wanted = Q(dimension="stage_id") | Q(dimension="created_on", value__gte=since.isoformat())
    others = customers.filter(wanted).values_list("dimension", "value")
    found: Counted = defaultdict(dict)
    for dimension, value, n in owners.annotate(n=Sum("n")).union(others.annotate(n=Sum("n")), all=True):
        found[dimension][value] = int(n)
    return found


def by_stage(counted: Mapping[str, int], directory: Directory) -> list[list[Any]]:
    """Every stage in its order, those without a customer too."""
    stages = sorted(directory["stages"].items(), key=lambda stage: stage[1]["position"])
    return [[code, counted.get(code, 0)] for code, _entry in stages]


def by_owner(counted: Mapping[str, int]) -> dict[str, Any]:
    """Those with the most customers, and what is left: the others' together, and nobody's."""
    owned = [(int(owner), n) for owner, n in counted.items() if n and owner != "0"]
    owned.sort(key=lambda each: (-each[1], each[0]))
    return {
        "owners": [list(each) for each in owned[:OWNERS]],
        "others": sum(n for _owner, n in owned[OWNERS:]),
        "unowned": counted.get("0", 0),
    }
