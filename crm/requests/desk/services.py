"""The verbs of those who answer: take, hand back, sort, answer. Each is one guarded update, so two never have one."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.records.errors import NotEditable
from crm.records.models import Actor
from crm.requests.desk import placement
from crm.requests.kinds import PEOPLE, kind_named
from crm.requests.models import OPEN, Priority, Request, State
from crm.requests.services import change, changeable

WITH_PEOPLE = Q(queue=PEOPLE)
MOST_ANSWER, MOST_TOPIC = 10_000, 40  # characters


def take_request(request_id: int, *, actor: Actor) -> Request:
    """The actor answers it from now on. Raises WrongState when somebody was quicker, NotVisible, NotEditable."""
    if not actor.access.sees_contacts:
        changeable(request_id, actor)  # whoever does not see it is not told that it is there
        raise NotEditable
    return change(
        request_id, actor, (State.QUEUED,), WITH_PEOPLE,
        state=State.RUNNING, person_id=actor.pk, started_at=timezone.now(),
    )  # fmt: skip


def hand_back_request(request_id: int, *, actor: Actor) -> Request:
    """What the actor has, or is offered, goes to the next best. Raises WrongState when it is not the actor's."""
    mine = WITH_PEOPLE & Q(person=actor.pk)
    held = Request.objects.filter(mine, pk=request_id).select_related("customer").first()
    offered = placement.next_offer(held) if held else {}
    return change(request_id, actor, OPEN, mine, state=State.QUEUED, **offered)


def sort_request(request_id: int, *, actor: Actor, topic: str, priority: int) -> Request:
    """What it is about and how urgent it is, in a person's word, from which is learned. Raises ValidationError."""
    return change(request_id, actor, OPEN, WITH_PEOPLE, **clean_sort(topic, priority))


def answer_request(request_id: int, *, actor: Actor, answer: str, topic: str, priority: int) -> Request:
    """Ends a request that the actor has taken. Raises WrongState when it is not theirs, ValidationError by field."""
    text = answer.replace("\x00", "").strip()
    if not text or len(text) > MOST_ANSWER:
        raise ValidationError({"answer": _("Write between 1 and %d characters.") % MOST_ANSWER})
    with transaction.atomic():
        done = change(
            request_id, actor, (State.RUNNING,), WITH_PEOPLE & Q(person=actor.pk),
            **clean_sort(topic, priority), state=State.DONE, result={"answer": text}, finished_at=timezone.now(),
        )  # fmt: skip
        if kind := kind_named(done.kind):
            kind.tell(done.customer, done.payload, text)
    return done


def clean_sort(topic: str, priority: int) -> dict[str, Any]:
    """The same topic is written the same way: in small letters, with single blanks."""
    said = " ".join(topic.replace("\x00", "").lower().split())
    if len(said) > MOST_TOPIC:
        raise ValidationError({"topic": _("A topic may have %d characters.") % MOST_TOPIC})
    if priority not in Priority.values:
        raise ValidationError({"priority": _("There is no such priority.")})
    return {"topic": said, "priority": priority}
