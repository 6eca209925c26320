"""The door for customers' requests: accepted at once and for good, asked after as often as wanted."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from pydantic import BaseModel, Field

from crm.api import problems
from crm.api.answers import answer
from crm.api.auth import Session, SiteToken, Token, asker, site_of
from crm.api.idempotency import HEADER, idempotent
from crm.api.schemas import Given, Text
from crm.records.errors import NotEditable, NotVisible
from crm.records.paging import by_time, page
from crm.records.projection import canonical
from crm.requests import probe, services
from crm.requests.desk import services as desk
from crm.requests.models import Priority, Request, State
from crm.timings.middleware import arrived_at

router = Router(tags=["requests"])
DOOR = [SiteToken(), Token(), Session()]  # of the two operations that sites may ask for as well

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
NEWEST_FIRST = by_time("received_at", descending=True)
TIMES = ("received_at", "started_at", "finished_at")
FIELDS = ["id", "kind", "customer_id", "state", "attempt", "result", "reason", *TIMES]


class NewRequest(Given):
    kind: Text
    customer: Id
    payload: dict[str, Any] = {}
    idempotency_key: Text | None = None


class Accepted(Schema):
    id: int
    state: str


class RequestRead(Schema):
    id: int
    kind: str
    customer: int
    state: Annotated[str, Field(json_schema_extra={"enum": State.values})]
    attempt: int
    result: dict[str, Any] | None
    reason: str | None
    received_at: str
    started_at: str | None
    finished_at: str | None


class RequestPage(Schema):
    items: list[RequestRead]
    next: str | None


class RequestQuery(BaseModel):
    customer: Id | None = None
    state: Annotated[Text, Field(json_schema_extra={"enum": State.values})] = ""
    after: Text = ""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class Answer(Given):
    answer: Text
    topic: Text = ""
    priority: Annotated[int, Field(ge=min(Priority), le=max(Priority))] = Priority.NORMAL


class ProbeEffects(Schema):
    effects: int
    order: list[int]


@router.post("", response={202: Accepted}, url_name="requests", auth=DOOR)
@idempotent
def accept_request(request: HttpRequest, given: NewRequest) -> HttpResponse:
    """Takes a request into the queue. With an idempotency key it may be sent again: it is done once, answered alike."""
    site = site_of(request)
    asked, key, received = (given.kind, given.customer, given.payload), given.idempotency_key, arrived_at(request)
    try:
        if site:
            key = key if key is not None else request.headers.get(HEADER)
            accepted = services.accept_from_site(site, *asked, key=key, received=received)
        else:
            accepted = services.accept_request(*asked, actor=asker(request), key=key, received=received)
    except services.KeyReused:
        return problems.problem(422, _("This key was used for another request."), kind="key-reused")
    return answer({"id": accepted.pk, "state": State.QUEUED.value}, 202, Location=accepted_address(accepted))


@router.get("", response=RequestPage, url_name="requests")
def list_requests(request: HttpRequest, wanted: Query[RequestQuery]) -> HttpResponse:
    """Requests of customers that you may see, the newest first."""
    rows = Request.objects.visible_to(asker(request))
    if wanted.customer is not None:
        rows = rows.filter(customer_id=wanted.customer)
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    read = partial(as_read, sees_contacts=asker(request).access.sees_contacts)
    found = page(rows, NEWEST_FIRST, read, FIELDS, after=wanted.after, limit=wanted.limit)
    return answer({"items": found.rows, "next": found.next})


@router.get("/probes", response=ProbeEffects, url_name="probes")
def get_probes(request: HttpRequest, key: Text) -> HttpResponse:
    """How many probes left their effect under the key, and in which order. For administrators."""
    if not asker(request).access.is_administrator:
        raise NotEditable
    order = probe.effects(key)
    return answer({"effects": len(order), "order": order})


@router.get("/{int:request_id}", response=RequestRead, url_name="request", auth=DOOR)
def get_request(request: HttpRequest, request_id: Id) -> HttpResponse:
    """A site may ask after what it has sent itself."""
    site = site_of(request)
    rows = Request.objects.sent_by(site) if site else Request.objects.visible_to(asker(request))
    found = rows.filter(pk=request_id).values(*FIELDS).first()
    if found is None:
        raise NotVisible
    return answer(as_read(found, sees_contacts=bool(site) or asker(request).access.sees_contacts))


@router.post("/{int:request_id}/cancel", response=RequestRead, url_name="request_cancel")
@idempotent
def cancel_request(request: HttpRequest, request_id: Id) -> HttpResponse:
    """Ends an open request; what its worker was about to write is not written."""
    return changed(request, services.cancel_request, request_id)


@router.post("/{int:request_id}/retry", response=RequestRead, url_name="request_retry")
@idempotent
def retry_request(request: HttpRequest, request_id: Id) -> HttpResponse:
    """Tries a request anew that was refused, cancelled or given up."""
    return changed(request, services.retry_request, request_id)


@router.post("/{int:request_id}/take", response=RequestRead, url_name="request_take")
@idempotent
def take_request(request: HttpRequest, request_id: Id) -> HttpResponse:
    """You answer a request that waits for a person. 409 when somebody was quicker."""
    return changed(request, desk.take_request, request_id)


@router.post("/{int:request_id}/hand-back", response=RequestRead, url_name="request_hand_back")
@idempotent
def hand_back_request(request: HttpRequest, request_id: Id) -> HttpResponse:
    """What you have taken, or are offered, is offered to the next best."""
    return changed(request, desk.hand_back_request, request_id)


@router.post("/{int:request_id}/answer", response=RequestRead, url_name="request_answer")
@idempotent
def answer_request(request: HttpRequest, request_id: Id, given: Answer) -> HttpResponse:
    """Ends a request that you have taken. Its topic and priority (1 to 4) are what the triage learns from."""
    return changed(request, desk.answer_request, request_id, **given.model_dump())


def changed(asked: HttpRequest, verb: Callable[..., Request], *given: Any, **more: Any) -> HttpResponse:
    try:
        request = verb(*given, actor=asker(asked), **more)
    except services.WrongState as error:
        return problems.problem(
            409, _("That cannot be done to a request that is %s.") % error.state, kind="wrong-state"
        )
    row = {name: getattr(request, name) for name in FIELDS}
    return answer(as_read(row, sees_contacts=asker(asked).access.sees_contacts))


def as_read(row: Mapping[str, Any], *, sees_contacts: bool) -> dict[str, Any]:
    """What came of it may quote contact details."""
    times = {name: canonical(row[name], "time") for name in TIMES}
    return {
        "id": row["id"],
        "kind": row["kind"],
        "customer": row["customer_id"],
        "state": row["state"],
        "attempt": row["attempt"],
        "result": row["result"] if sees_contacts else None,
        "reason": row["reason"] or None,
        **times,
    }


def accepted_address(request: Request) -> str:
    return f"/api/requests/{request.pk}"
