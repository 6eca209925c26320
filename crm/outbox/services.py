"""The verbs of the outbox: write a mail with what causes it, retry and discard what did not leave, erase, forget."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from crm.outbox.models import TO_LOOK_AT, Dispatch, State
from crm.records.errors import NotEditable, NotVisible, RecordError
from crm.records.models import Actor


class WrongState(RecordError):
    """Only what is unknown or was given up is sent again; only that and what waits is discarded."""


def write_mail(customer_id: int, *, to: str, subject: str, body: str, is_private: bool = False) -> Dispatch:
    """Call in the transaction that causes it: both are there or neither. It leaves within a second or two.

    The body of one that `is_private` is for the customer alone: the outbox does not show it.
    """
    content = {"subject": subject, "body": body} | ({"is_private": True} if is_private else {})
    dispatch: Dispatch = Dispatch.objects.create(customer_id=customer_id, recipient=to, content=content)
    return dispatch


def retry_dispatch(dispatch_id: int, *, actor: Actor) -> None:
    """Sent anew, as often as a new one. Whoever retries one that is unknown may be sending it a second time."""
    change(
        dispatch_id, actor, TO_LOOK_AT,
        state=State.WAITING, forgiven=F("attempt"), due_at=timezone.now(), reason="", ended_at=None,
    )  # fmt: skip


def discard_dispatch(dispatch_id: int, *, actor: Actor) -> None:
    change(dispatch_id, actor, (*TO_LOOK_AT, State.WAITING), state=State.DISCARDED, ended_at=timezone.now())


def change(dispatch_id: int, actor: Actor, states: tuple[State, ...], **columns: Any) -> None:
    """Raises NotVisible, NotEditable, WrongState."""
    if not Dispatch.objects.visible_to(actor).filter(pk=dispatch_id).exists():
        raise NotVisible
    if not Dispatch.objects.editable_by(actor).filter(pk=dispatch_id).exists():
        raise NotEditable
    if not Dispatch.objects.filter(pk=dispatch_id, state__in=states).update(**columns):
        raise WrongState


def erase_mails(customer_id: int) -> None:
    """What waits does not leave any more. Calls of sites stay: they say numbers, and that a request was cancelled."""
    Dispatch.objects.filter(customer_id=customer_id, site=None).delete()


def forget_old() -> int:
    """Deletes what has left or was discarded so many days ago; returns how many. What is to be looked at stays."""
    before = timezone.now() - timedelta(days=settings.OUTBOX_DAYS)
    return int(Dispatch.objects.filter(ended_at__lt=before).delete()[0])
