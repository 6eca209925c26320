"""The verbs of requests: accept at the door, cancel, retry, discard. What workers do to them stands in engine.py."""

import json
from datetime import datetime
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import ValidationError as Malformed

from crm.records.access import Access
from crm.records.context import acting
from crm.records.errors import NotEditable, NotVisible, RecordError
from crm.records.models import Actor
from crm.records.reading import visible_row
from crm.records.wake import wake as wake_relay
from crm.records.writing import adding_to, as_written
from crm.requests import engine, learning
from crm.requests.kinds import FOR_CUSTOMER, PEOPLE, Kind, kind_named, kinds
from crm.requests.models import OPEN, Request, State
from crm.requests.order import order
from crm.requests.triage import learning as triage
from crm.requests.waking import wake_after_commit
from crm.sites.models import Site

MOST_BYTES = 64 * 1024  # of a payload
MOST_KEY = 255
MOST_WAITING = 1_000  # open requests of one customer
ANY = Q()
ENDED_BADLY = (State.DEAD, State.FAILED, State.CANCELLED)


class KeyReused(RecordError):
    """The idempotency key was used for another request."""


class WrongState(RecordError):
    """Only what is open can be cancelled, only what has ended badly can be tried again or discarded."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


def accept_request(
    kind_name: str,
    customer_id: int,
    payload: dict[str, Any],
    *,
    actor: Actor,
    sender: str = "",
    key: str | None = None,
    received: datetime | None = None,
) -> Request:
    """Durable when this returns. The same key with the same request gives the first one again; with another, KeyReused.

    `sender` scopes keys (the actor when not given); `received` is when it came to the door, by the database's clock
    (now when not given). Raises ValidationError by field, NotVisible, NotEditable.
    """
    kind, checked = check_kind(kind_name, actor.access), check_key(key)
    clean = check_payload(kind, payload)
    sender = sender or f"user:{actor.pk}"
    try:
        with acting(actor.pk), adding_to(lambda: check_customer(customer_id, actor, kind)):
            # As whoever erases the customer does: this one is there before that, and goes with it, or is judged after.
            engine.hold_line(customer_id)
            check_customer(customer_id, actor, kind)
            if not kind.may_say(actor.access, clean):
                raise NotEditable
            if checked and (earlier := Request.objects.filter(sender=sender, idempotency_key=checked).first()):
                return same(earlier, kind, customer_id, clean)
            check_room(customer_id)
            request: Request = Request.objects.create(
                customer_id=customer_id,
                sender=sender,
                idempotency_key=checked,
                **placed(kind, clean, received or timezone.now()),
            )
            if request.is_ready:  # else whoever ends the one before it looks for it
                wake_after_commit(kind.queue)
            wake_relay()
    except IntegrityError:  # somebody was quicker with the same key
        if not checked:
            raise
        return same(Request.objects.get(sender=sender, idempotency_key=checked), kind, customer_id, clean)
    return request


def accept_from_site(
    site: Site,
    kind_name: str,
    customer_id: int,
    payload: dict[str, Any],
    *,
    key: str | None = None,
    received: datetime | None = None,
) -> Request:
    """As `accept_request`, of the kinds that are the customers' own to send. The site vouches for who asks."""
    if not check_kind(kind_name, FOR_CUSTOMER.access).is_customers:
        raise NotEditable
    asked = (kind_name, customer_id, payload)
    return accept_request(*asked, actor=FOR_CUSTOMER, sender=site.sender, key=key, received=received)


def placed(kind: Kind, payload: dict[str, Any], received: datetime) -> dict[str, Any]:
    """The columns that say where in the queue a request stands."""
    size = kind.size(payload)
    expected, spread = learning.learned(kind, size)
    place = order(received, value=kind.value, deadline=kind.deadline, expected=expected, spread=spread)
    return {
        "kind": kind.name,
        "payload": payload,
        "queue": kind.queue,
        "size": size,
        "begin_by": place.begin_by,
        "order": place.why(),
        "deadline_at": received + kind.deadline,
        "received_at": received,
    }


def check_kind(name: str, access: Access) -> Kind:
    kind = kind_named(name)
    if kind is None:
        raise ValidationError({"kind": _("There is no kind of request “%s”.") % name[:60]})
    if not kind.may_ask(access):
        raise NotEditable
    return kind


def check_key(key: str | None) -> str | None:
    if key is not None and (not 0 < len(key) <= MOST_KEY or not key.isprintable()):
        raise ValidationError({"idempotency_key": _("Give a key of 1 to %d printable characters.") % MOST_KEY})
    return key


def check_payload(kind: Kind, payload: dict[str, Any]) -> dict[str, Any]:
    """As the kind's schema has it, JSON throughout; raises ValidationError by field."""
    if len(json.dumps(payload)) > MOST_BYTES:
        raise ValidationError({"payload": _("A payload may have %d kB.") % (MOST_BYTES // 1024)})
    try:
        clean: dict[str, Any] = kind.payload.model_validate(payload).model_dump(mode="json", exclude_unset=True)
    except Malformed as error:
        raise ValidationError(
            {".".join(["payload", *map(str, each["loc"])]): each["msg"] for each in error.errors()}
        ) from None
    return clean


def check_customer(customer_id: int, actor: Actor, kind: Kind) -> None:
    """The customer is there, and is the actor's to act for."""
    customer = customer_row(customer_id, actor, in_trash=kind.reaches_trash)
    if not actor.access.admits(customer, "edit"):
        raise NotEditable


def check_room(customer_id: int) -> None:
    """No customer fills the queue alone."""
    if Request.objects.open().filter(customer_id=customer_id)[MOST_WAITING - 1 :].exists():
        raise ValidationError({"customer": _("This customer has %d requests waiting already.") % MOST_WAITING})


def customer_row(customer_id: int, actor: Actor, *, in_trash: bool = False) -> dict[str, Any]:
    """The columns of a customer that the actor may see. Raises NotVisible."""
    customer = visible_row(apps.get_model(settings.CUSTOMER_MODEL), customer_id, actor, in_trash=in_trash)
    if customer is None:
        raise NotVisible
    return customer


def same(earlier: Request, kind: Kind, customer_id: int, payload: dict[str, Any]) -> Request:
    if (earlier.kind, earlier.customer_id, earlier.payload) != (kind.name, customer_id, payload):
        raise KeyReused
    return earlier


def cancel_request(request_id: int, *, actor: Actor) -> Request:
    """An open one ends at once; what its worker is writing is rolled back. Raises WrongState when it has ended."""
    ended = change(request_id, actor, OPEN, state=State.CANCELLED, finished_at=timezone.now(), retry_at=None)
    if ended.queue != PEOPLE:  # its worker may go on for long, and does not look for the customer's next before
        wake_after_commit(ended.queue)
    return ended


def retry_request(request_id: int, *, actor: Actor) -> Request:
    """Tried anew as often as a new one, in its old place. Raises WrongState unless it has ended badly, unsigned."""
    again = change(
        request_id, actor, ENDED_BADLY, ~Q(kind__in=signed_kinds()),
        state=State.QUEUED, forgiven=F("attempt"), reason="", finished_at=None,
    )  # fmt: skip
    if not again.waits_for_person:
        wake_after_commit(again.queue)
    return again


def may_be_retried(request: Request) -> bool:
    return request.state in ENDED_BADLY and request.kind not in signed_kinds()


def signed_kinds() -> list[str]:
    return [kind.name for kind in kinds() if kind.is_signed]


def discard_request(request_id: int, *, actor: Actor) -> Request:
    """Takes one that was given up off the list of those to look at. Raises WrongState for any other."""
    return change(request_id, actor, (State.DEAD,), state=State.CANCELLED)


def erase_requests(customer_id: int, *, but: int) -> list[int]:
    """Takes from a customer's requests what was asked and said, ends those that wait; gives the numbers of all.

    Keys go too: they were made by who sent the request, of who knows what. `but` is left as it is.
    """
    engine.hold_line(customer_id)
    theirs = Request.objects.filter(customer_id=customer_id).exclude(pk=but)
    theirs.open().update(state=State.CANCELLED, finished_at=timezone.now(), retry_at=None)
    theirs.update(payload={}, result=None, reason="", topic="", desk=None, idempotency_key=None)
    if theirs.with_people().exists():
        triage.forget()
    return list(theirs.values_list("pk", flat=True))


def changeable(request_id: int, actor: Actor) -> Request:
    """Raises NotVisible, NotEditable."""
    visible = Request.objects.visible_to(actor)
    request: Request | None = visible.filter(pk=request_id).first()
    if request is None:
        raise NotVisible
    if not visible.filter(actor.access.q("edit", "customer__"), pk=request_id).exists():
        raise NotEditable
    return request


def change(request_id: int, actor: Actor, states: tuple[State, ...], only: Q = ANY, **columns: Any) -> Request:
    """One update, if it is in one of the states and fits `only`. Raises NotVisible, NotEditable, WrongState."""
    request = changeable(request_id, actor)
    with acting(actor.pk), transaction.atomic():
        engine.hold_line(request.customer_id)
        if not Request.objects.filter(only, pk=request_id, state__in=states).update(**columns):
            raise WrongState(as_written(request).state)
    wake_relay()
    return as_written(request)
