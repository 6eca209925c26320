"""What the triage says of a request, and what it says of itself. A model is read once for each time it was trained."""

import math
import time
from datetime import datetime
from typing import Any

from crm.requests.models import TriageModel
from crm.requests.triage.model import SURE, Model

FRESH = 5.0  # seconds for which a process trusts that nothing newer was trained


class _Held:
    models: dict[str, Model] = {}
    trained: dict[str, datetime] = {}
    read_at = -math.inf


def suggest(words: str) -> dict[str, Any]:
    """A guess for each aim on which one is sure enough: {"topic": {"value", "confidence", "words"}}."""
    guesses = {aim: model.guess(words) for aim, model in models().items()}
    return {
        aim: {"value": guess.value, "confidence": round(guess.confidence, 3), "words": guess.words}
        for aim, guess in guesses.items()
        if guess.confidence >= SURE and guess.words
    }


def confidences(aim: str, words: str) -> dict[str, float]:
    """Of each class of the aim; empty where nothing was learned that says something of these words."""
    model = models().get(aim)
    return model.confidences(words) if model else {}


def models() -> dict[str, Model]:
    if time.monotonic() - _Held.read_at > FRESH:
        trained = dict(TriageModel.objects.values_list("aim", "trained_at"))
        if trained != _Held.trained:
            kept = TriageModel.objects.values_list("aim", "content")
            found = {aim: Model.from_json(content or {}) for aim, content in kept}
            _Held.models = {aim: model for aim, model in found.items() if model}
            _Held.trained = trained
        _Held.read_at = time.monotonic()
    return _Held.models


def forget_what_was_read() -> None:
    _Held.models, _Held.trained, _Held.read_at = {}, {}, -math.inf
