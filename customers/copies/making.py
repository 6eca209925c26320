"""Gathers all that is held about a customer, itself, its parts and its history, into one file; forgets it in time."""

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from crm.records.models import Change, ChangeNew
from customers.exports import Cells
from customers.live import CUSTOMER
from customers.models import Customer, DataCopy

PARTS = {
    "contact_points": (
        "kind", "value", "label", "street", "postcode", "city", "region", "country",
    ),
    "notes": ("created_at", "deleted_at", "author__username", "body"),
    "follow_ups": ("created_at", "deleted_at", "assignee__username", "title", "due_at", "done_at"),
    "consents": ("created_at", "channel", "is_given"),
    "dispatches": ("created_at", "ended_at", "recipient", "content", "state"),
    "requests": ("received_at", "finished_at", "kind", "sender", "payload", "state", "reason", "result"),
}  # fmt: skip
HISTORY = ("written_at", "record", "record_id", "version", "op", "way", "before", "data")


def make_copy(customer: Customer) -> DataCopy:
    content = {
        "made_at": timezone.now(),
        "customer": as_words(customer),
        **{name: list(getattr(customer, name).order_by("pk").values(*fields)) for name, fields in PARTS.items()},
        "history": history(customer),
    }
    text = json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)
    return DataCopy.objects.create(customer=customer, content=text)


def as_words(customer: Customer) -> dict[str, Any]:
    """Every column by the name that the API has for it, and words beside numbers that mean something only to us."""
    row = CUSTOMER.project(vars(customer))
    cells = Cells.load()
    return row | {
        "owner": cells.users.get(row["owner"]),
        "team": cells.teams.get(row["team"]),
        "tags": [cells.tags[tag] for tag in row["tags"] if tag in cells.tags],
    }


def history(customer: Customer) -> list[dict[str, Any]]:
    """The log's rows, and after them those that are not numbered yet."""
    logged = Change.objects.filter(root=customer.topic).order_by("seq").values(*HISTORY)
    waiting = ChangeNew.objects.filter(root=customer.topic).order_by("id").values(*HISTORY)
    return [*logged, *waiting]


def forget_old_copies() -> int:
    """Deletes what has expired; returns how many."""
    return DataCopy.objects.filter(expires_at__lte=timezone.now()).delete()[0]
