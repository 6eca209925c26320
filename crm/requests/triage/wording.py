"""What the triage says of a request on its page, and why it is silent."""

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from crm.requests.models import Priority, Request, TriageModel
from crm.requests.triage.training import LEAST

Aim = TriageModel.Aim
LABELS = {str(value): label for value, label in Priority.choices}


def guesses(request: Request) -> list[dict[str, Any]]:
    found = (request.desk or {}).get("triage", {})
    return [
        {
            "about": Aim(aim).label,
            "user": int(guess["value"]) if aim == Aim.PERSON else None,
            "value": LABELS.get(guess["value"], guess["value"]),
            "percent": min(99, round(100 * guess["confidence"])),
            "words": guess["words"],
        }
        for aim, guess in found.items()
    ]


def silence() -> str:
    """Why there is no guess."""
    rows = TriageModel.objects.annotate(is_silent=Q(content__isnull=True))
    held = rows.defer("content").filter(aim=Aim.TOPIC).first()  # what was learned is large
    examples = held.examples if held else 0
    if held is None or held.baseline is None:
        words = _("It learns from answered requests with a topic, and has %(n)d of at least %(least)d, of two topics.")
        return words % {"n": examples, "least": LEAST}
    if held.accuracy is None:
        return _("Answered requests have too few words in common to learn from.")
    shares = {"share": round(100 * held.accuracy), "baseline": round(100 * held.baseline)}
    if held.is_silent:
        words = _("It would be right in %(share)d %%, no more than always saying the most frequent (%(baseline)d %%).")
        return words % shares
    words = _("It is not sure enough. (It is right in %(share)d %%; the most frequent would be in %(baseline)d %%.)")
    return words % shares


def first_words(request: Request, sees_contacts: bool) -> dict[str, Any]:
    """What the form starts with: what a person said, else what is guessed, for who may read what it is guessed from."""
    said: dict[str, Any] = {"topic": request.topic, "priority": request.priority}
    if not request.topic and sees_contacts:
        guessed = (request.desk or {}).get("triage", {})
        said |= {aim: guessed[aim]["value"] for aim in said if aim in guessed}
    return said


def topics() -> list[str]:
    """Those in use, to choose from."""
    rows = Request.objects.exclude(topic="").order_by("topic").values_list("topic", flat=True)
    return list(rows.distinct()[:200])
