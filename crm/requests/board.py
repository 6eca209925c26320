"""What the live board shows: what waits, who handles what, how long it takes; of requests that the reader may see."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import connection
from django.template.loader import render_to_string
from django.utils import timezone

from crm.records.access import Access
from crm.requests.desk import desk
from crm.requests.kinds import PEOPLE, title_of
from crm.requests.models import CUSTOMER_TABLE, Request, State, Worker
from crm.requests.waking import STALE

PANEL = "requests:board"
WINDOW = timedelta(minutes=5)  # of the response times
SHOWN = 8  # lines of what waits longest and of what is being handled

BY_KIND = """
SELECT r.kind,
    count(*) FILTER (WHERE r.state = 'queued') AS queued,
    count(*) FILTER (WHERE r.state = 'running') AS running,
    count(*) FILTER (WHERE r.state = 'queued' AND r.queue <> 'people') AS waits_for_worker,
    count(*) FILTER (WHERE r.state = 'running' AND r.queue <> 'people') AS with_worker,
    count(*) FILTER (WHERE r.finished_at > %(minute)s AND r.state = 'done') AS done,
    count(*) FILTER (WHERE r.finished_at > %(since)s AND r.state IN ('failed', 'dead')) AS bad,
    avg(extract(epoch FROM r.started_at - r.received_at)) FILTER (WHERE r.finished_at > %(since)s)::float8 AS waiting,
    avg(extract(epoch FROM r.finished_at - r.started_at)) FILTER (WHERE r.finished_at > %(since)s)::float8 AS handling,
    avg(extract(epoch FROM r.finished_at - r.received_at)) FILTER (WHERE r.finished_at > %(since)s)::float8 AS total
FROM requests_request r JOIN {customers} c ON c.id = r.customer_id
WHERE (r.state IN ('queued', 'running') OR r.finished_at > %(since)s) AND c.deleted_at IS NULL AND {visible}
GROUP BY r.kind ORDER BY r.kind"""
RESPONSES = """
SELECT count(*) AS n, avg(seconds) AS mean,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds) AS p50,
    percentile_disc(0.95) WITHIN GROUP (ORDER BY seconds) AS p95,
    percentile_disc(0.99) WITHIN GROUP (ORDER BY seconds) AS p99, max(seconds) AS max
FROM (SELECT extract(epoch FROM r.finished_at - r.received_at)::float8 AS seconds
      FROM requests_request r JOIN {customers} c ON c.id = r.customer_id
      WHERE r.finished_at > %(since)s AND r.state IN ('done', 'failed')
        AND r.queue <> 'people'
        AND c.deleted_at IS NULL AND {visible}) AS ended"""
# The bins double, so that a quick probe and a slow export are both seen.
BINS = [0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8]
DISTRIBUTION = """
SELECT width_bucket(extract(epoch FROM r.finished_at - r.received_at)::float8, %(bins)s::float8[]) AS bin, count(*) AS n
FROM requests_request r JOIN {customers} c ON c.id = r.customer_id
WHERE r.finished_at > %(since)s AND r.state IN ('done', 'failed') AND r.queue <> 'people'
    AND c.deleted_at IS NULL AND {visible}
GROUP BY bin"""


def compute_panel(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    """The live panel: its parts as HTML, drawn by the partials that draw the first page."""
    board = board_of(access)
    names = ("numbers", "kinds", "bins", "running", "waiting", "pools")
    return {"parts": {name: render_to_string(f"requests/_{name}.html", {"board": board}) for name in names}}


def board_of(access: Access) -> dict[str, Any]:
    now = timezone.now()
    since = {"minute": now - timedelta(minutes=1), "since": now - WINDOW}
    kinds = [row | {"title": title_of(row["kind"])} for row in select(BY_KIND, access, since)]
    (responses,) = select(RESPONSES, access, since)
    by_workers = Request.objects.seen_by(access).exclude(queue=PEOPLE)
    waiting, running = (by_workers.filter(state=state) for state in (State.QUEUED, State.RUNNING))
    oldest = waiting.order_by("received_at").first()
    return {
        "kinds": kinds,
        "queued": sum(row["waits_for_worker"] for row in kinds),
        "running": sum(row["with_worker"] for row in kinds),
        "done": sum(row["done"] for row in kinds),
        "dead": Request.objects.seen_by(access).filter(state=State.DEAD).count(),
        "oldest": oldest and {"url": oldest.get_absolute_url(), "waits": (now - oldest.received_at).total_seconds()},
        "people": desk.figures(access),
        "responses": responses,
        "quantiles": [(name, responses[name]) for name in ("p50", "p95", "p99")],
        "window": int(WINDOW.total_seconds()),
        "bins": bins_of(select(DISTRIBUTION, access, since | {"bins": BINS})),
        "first": list(waiting.filter(is_ready=True).order_by("begin_by").select_related("customer")[:SHOWN]),
        "handled": list(running.order_by("started_at").select_related("customer")[:SHOWN]),
        "pools": pools(now),
    }


def select(statement: str, access: Access, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows as dictionaries. The rule of access has parameters of its own, which are given names here."""
    rule, parameters = access.sql("view", "c")
    names = [f"rule{number}" for number in range(len(parameters))]
    visible = rule % tuple(f"%({name})s" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            statement.format(customers=CUSTOMER_TABLE, visible=visible),
            {**values, **dict(zip(names, parameters, strict=True))},
        )
        columns = [column.name for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def bins_of(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every bin from the first to the last that holds something, with its share of the largest in percent."""
    counted = {row["bin"]: row["n"] for row in found}
    most, last = max(counted.values(), default=0), max(counted, default=-1)
    return [
        {
            "at_least": BINS[number - 1] if number else None,
            "below": BINS[number] if number < len(BINS) else None,
            "n": counted.get(number, 0),
            "share": round(100 * counted.get(number, 0) / most),
        }
        for number in range(last + 1)
    ]


def pools(now: Any) -> list[dict[str, Any]]:
    """Each pool that was heard of lately, and how many of its slots are at work."""
    busy: dict[str, int] = {}
    for worker in Request.objects.filter(state=State.RUNNING).values_list("worker", flat=True):
        pool = worker.rpartition("/")[0]
        busy[pool] = busy.get(pool, 0) + 1
    return [
        {"name": pool.name, "slots": pool.slots, "busy": busy.get(pool.name, 0)}
        for pool in Worker.objects.filter(seen_at__gt=now - STALE).order_by("name")
    ]
