"""What requests show live: their states, on their own page and on the customer's."""

from crm.live.panels import register_panel
from crm.records.projection import Field, Projection
from crm.records.registry import RecordType, register
from crm.requests.kinds import kind_named
from crm.requests.models import Request

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


def title_of(kind: str) -> str:
    known = kind_named(kind)
    return str(known.title) if known else kind


register(
    RecordType(
        "request",
        Request,
        REQUEST,
        label=lambda row: title_of(row["kind"]),
        module="requests",
        story="requests/_request_story.html",
    )
)


def register_board() -> None:
    from crm.requests import board

    register_panel(board.PANEL, board.compute_panel, every=1.0)
