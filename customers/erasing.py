"""Erases a person: what is held about one customer goes from every table; that something happened, and when, stays."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from crm.api import idempotency
from crm.outbox import services as outbox
from crm.records import cache, erasing
from crm.requests import services as requests
from crm.requests.models import Request, State
from customers.imports.services import forget_import
from customers.models import ContactPoint, Customer, DataCopy, FollowUp, Import, ImportLine, Note

APPROVAL = "approve_erasure"
# A change that the relay was moving meanwhile arrives in the log as it was.
SETTLED = timedelta(minutes=10)
MOVED_WITHIN = timedelta(minutes=1)  # that the relay has a row in hand at most
TEXTS = (
    "title", "company_name", "street", "postcode", "city", "region", "country", "language", "source", "reference",
)  # fmt: skip


LISTS = ("emails", "phones", "tags")


def blanks_of(customer_id: int) -> dict[str, dict[str, Any]]:
    """What stands in place of what said who somebody is, by kind of record and column."""
    return {
        "customer": {
            **dict.fromkeys(TEXTS, ""),
            **{column: [] for column in LISTS},
            "name": nameless(customer_id),
            "born_on": None,
            "company_id": None,
        },
        "note": {"body": ""},
        "followup": {"title": ""},
        "request": {"reason": "", "topic": ""},
    }


def nameless(customer_id: int) -> str:
    return f"#{customer_id}"


def is_erasing(row: Mapping[str, Any]) -> bool:
    """Whether a change of a customer was the erasing."""
    return "name" in (row["before"] or {}) and row["data"]["name"] == nameless(row["record_id"])


def erase_customer(customer: Customer, *, but: int) -> None:
    """Call with the customer held. Of its requests `but` goes on: the one that this is done for."""
    follow_ups = list(customer.follow_ups.values_list("pk", flat=True))
    Note.objects.filter(customer=customer).update(body="")
    FollowUp.objects.filter(customer=customer).update(title="")
    ContactPoint.objects.filter(customer=customer).delete()
    DataCopy.objects.filter(customer=customer).delete()
    Customer.objects.filter(pk=customer.pk).update(**blanks_of(customer.pk)["customer"])
    asked = requests.erase_requests(customer.pk, but=but)
    outbox.erase_mails(customer.pk)  # after the requests: one may just be answered, which writes a mail
    idempotency.forget_about(
        customer.get_absolute_url(), f"/api/customers/{customer.pk}",
        *(f"/api/customers/follow-ups/{each}" for each in follow_ups), *(f"/api/requests/{each}" for each in asked),
    )  # fmt: skip
    forget_files(customer)
    kind = ContentType.objects.get_for_model(Customer)
    LogEntry.objects.filter(content_type=kind, object_id=str(customer.pk)).update(
        object_repr=nameless(customer.pk), change_message=""
    )
    wipe_log(customer)


def forget_files(customer: Customer) -> None:
    """Files that the customer stood in go whole: what else they brought is in the records by now."""
    lines = ImportLine.objects.filter(customer=customer)
    for batch in Import.objects.filter(pk__in=lines.values("batch")):
        forget_import(batch)


def wipe_log(customer: Customer, *, since: datetime | None = None, until: datetime | None = None) -> None:
    erasing.wipe_root(customer.topic, blanks_of(customer.pk), until)
    if customer.kind == Customer.Kind.COMPANY:
        name = {"company_name": nameless(customer.pk)}
        erasing.wipe_named("customer", "company_id", customer.pk, name, since=since, until=until)


def settle() -> None:
    """Takes out, once more, what was on its way into the log, or into a cache that was away; run by the clock."""
    fresh = Request.objects.filter(kind=APPROVAL, state=State.DONE, finished_at__gt=timezone.now() - SETTLED)
    for request in fresh.select_related("customer"):
        wipe_log(request.customer, since=request.received_at - MOVED_WITHIN, until=request.finished_at)
        cache.forget(request.customer.record_name, request.customer_id)
