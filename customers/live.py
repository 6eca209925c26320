"""What the customers module shows live: projections of its records, and the live list."""

from collections.abc import Mapping
from typing import Any

from crm.live.views import ListView, register_view
from crm.records.access import Access
from crm.records.projection import Field, Projection
from crm.records.registry import RecordType, register
from customers.erasing import is_erasing
from customers.filters import CustomerFilter, sort_named
from customers.models import Consent, Customer, FollowUp, Note, Stage, Tag

CUSTOMER = Projection(
    [
        Field("id", "integer"),
        Field("version", "integer"),
        Field("kind"),
        Field("name"),
        Field("stage", column="stage_id", worded="stage"),
        Field("owner", "integer", column="owner_id", worded="user"),
        Field("team", "integer", column="team_id", worded="team"),
        Field("title"),
        Field("company", "integer", column="company_id"),
        Field("company_name"),
        Field("emails", "list", reading="contact"),
        Field("phones", "list", reading="contact", worded="phones"),
        Field("street", reading="contact"),
        Field("postcode", reading="contact"),
        Field("city"),
        Field("region"),
        Field("country", worded="country"),
        Field("born_on", "date", reading="contact"),
        Field("language", worded="language"),
        Field("source"),
        Field("reference"),
        Field("tags", "list", worded="tags"),
        Field("created_at", "time"),
        Field("updated_at", "time"),
    ]
)
CHILD = [
    Field("id", "integer"),
    Field("version", "integer"),
    Field("customer", "integer", column="customer_id"),
    Field("created_at", "time"),
]
NOTE = Projection([*CHILD, Field("author", "integer", column="author_id", worded="user"), Field("body")])
FOLLOW_UP = Projection(
    [
        *CHILD,
        Field("assignee", "integer", column="assignee_id", worded="user"),
        Field("title"),
        Field("due_at", "time"),
        Field("done_at", "time"),
    ]
)
CONSENT = Projection([*CHILD, Field("channel"), Field("is_given", "flag")])
STAGE = Projection(
    [
        Field("id", "integer"),
        Field("version", "integer"),
        Field("code"),
        Field("name"),
        Field("color"),
        Field("position", "integer"),
    ]
)
TAG = Projection([Field("id", "integer"), Field("version", "integer"), Field("name")])


def stage_entry(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": row["id"], "name": row["name"], "color": row["color"], "position": row["position"]}


def tag_entry(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": row["name"]}


def register_records() -> None:
    register(
        RecordType(
            "customer",
            Customer,
            CUSTOMER,
            label=lambda row: str(row["name"]),
            module="customers",
            tally=("stage_id",),
            is_cached=True,
            rewrites=is_erasing,
        )
    )
    register(RecordType("note", Note, NOTE, module="customers", story="customers/_note_story.html"))
    register(
        RecordType(
            "followup",
            FollowUp,
            FOLLOW_UP,
            label=lambda row: str(row["title"]),
            module="customers",
            story="customers/_followup_story.html",
        )
    )
    register(
        RecordType(
            "consent",
            Consent,
            CONSENT,
            label=lambda row: str(Consent.Channel(row["channel"]).label),
            module="customers",
            story="customers/_consent_story.html",
        )
    )
    register(RecordType("stage", Stage, STAGE, readers="everyone", entry=stage_entry, module="customers"))
    register(RecordType("tag", Tag, TAG, readers="everyone", entry=tag_entry, module="customers"))


def open_list(wanted: Mapping[str, Any], sort: str | None, access: Access) -> ListView:
    """The live list of customers. Raises ValidationError for a filter or sort that there is not."""
    chosen, order = CustomerFilter.parse(wanted), sort_named(sort)
    return ListView("customer", access, lambda row: chosen.admits(row, access), order, "customers/_customer_row.html")


def register_views() -> None:
    register_view("customers", open_list)
