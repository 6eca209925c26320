"""What requests show live: their states, on their own page and on the customer's."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crm.live.panels import register_panel
from crm.records.projection import Field, Projection
from crm.records.registry import RecordType, register
from crm.requests.kinds import PEOPLE, kind_named, title_of
from crm.requests.models import Request, State
from crm.timings.recorder import ResponseRow

STATUS: dict[str, int] = {State.DONE: 200, State.FAILED: 422, State.DEAD: 500}  # as HTTP would say it

REQUEST = Projection(
    [
        Field("id", "integer"),
        Field("version", "integer"),
        Field("kind"),
        Field("customer", "integer", column="customer_id"),
        Field("state"),
        Field("attempt", "integer"),
        Field("reason"),
        Field("worker"),
        Field("person", "integer", column="person_id", worded="user"),
        Field("topic"),
        Field("priority", "integer"),
        Field("begin_by", "time"),
        Field("retry_at", "time"),
        Field("received_at", "time"),
        Field("started_at", "time"),
        Field("finished_at", "time"),
    ]
)


def response(row: Mapping[str, Any], published_at: datetime) -> ResponseRow | None:
    """The time of a request that the system has answered by itself, from the door until its end is published."""
    request, was = row["data"], row["before"] or {}
    kind, status = kind_named(request["kind"]), STATUS.get(request["state"])
    if kind is None or status is None or "state" not in was or request["queue"] == PEOPLE:
        return None
    received, started = (datetime.fromisoformat(request[name]) for name in ("received_at", "started_at"))
    seconds, waited = ((until - received).total_seconds() for until in (published_at, started))
    return ResponseRow(published_at, kind.timed_as, kind.module, seconds, status, None, waited)


register(
    RecordType(
        "request",
        Request,
        REQUEST,
        label=lambda row: title_of(row["kind"]),
        module="requests",
        story="requests/_request_story.html",
        response=response,
    )
)


def register_board() -> None:
    from crm.requests import board

    register_panel(board.PANEL, board.compute_panel, every=1.0)
