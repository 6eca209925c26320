"""Trains anew, by the clock, when people have answered more; keeps what was learned in the database."""

from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from crm.requests.kinds import words_of
from crm.requests.models import Request, State, TriageModel
from crm.requests.triage.training import train

MOST = 5_000  # of the newest answers
LOCK = 0x54524941


def learn() -> list[str]:
    """Trains what has new answers to learn from; returns which. Nothing where another process trains."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return []
        answered = answers()
        newest = answered[0].finished_at if answered else None
        if newest is None or TriageModel.objects.filter(newest=newest).count() == len(TriageModel.Aim):
            return []
        return [learn_aim(aim, answered, newest) for aim in TriageModel.Aim]


def forget() -> None:
    """Call in the transaction that erases somebody: what was learned may hold words of theirs.

    Waits for a training under way, which may have read them; the next begins after the commit.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [LOCK])
    TriageModel.objects.all().delete()


def answers() -> list[Request]:
    """What people have answered and sorted, the newest first; what was erased has no words left."""
    rows = Request.objects.with_people().filter(state=State.DONE).exclude(topic="").exclude(payload={})
    return list(rows.order_by("-finished_at")[:MOST])


def learn_aim(aim: TriageModel.Aim, answered: list[Request], newest: datetime) -> str:
    examples = [(words_of(request), label) for request in answered if (label := label_of(request, aim))]
    trained = train([words for words, _ in examples], [label for _, label in examples])
    TriageModel.objects.update_or_create(
        aim=aim,
        defaults={
            "trained_at": timezone.now(),
            "newest": newest,
            "examples": trained.examples,
            "classes": trained.classes,
            "accuracy": trained.accuracy,
            "baseline": trained.baseline,
            "content": trained.model.as_json() if trained.model else None,
        },
    )
    return str(aim.value)


def label_of(request: Request, aim: TriageModel.Aim) -> str | None:
    """What there is to learn from an answer: of who answers such, nothing from one that came too late."""
    match aim:
        case TriageModel.Aim.TOPIC:
            return str(request.topic)
        case TriageModel.Aim.PRIORITY:
            return str(request.priority)
        case TriageModel.Aim.PERSON:
            return str(request.person_id) if request.is_in_time else None
