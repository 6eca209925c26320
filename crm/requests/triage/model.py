"""A learned classifier of short texts: weights of words, kept as JSON, so that reading one runs no code and is cheap.

TF-IDF (Salton and Buckley, 1988), multinomial logistic regression, and a temperature that makes its probabilities
honest (Guo et al., On calibration of modern neural networks, 2017). scikit-learn finds the numbers (`training.py`);
using them takes none of it, and a test holds both equal.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

WORD = re.compile(r"(?u)\b\w\w+\b")
MOST_REASONS = 4
SURE = 0.5  # the confidence from which a guess is worth saying


class Guess(NamedTuple):
    """What a text is taken for, how sure that is (0 to 1), and the words that spoke for it most."""

    value: str
    confidence: float
    words: list[str]


@dataclass(frozen=True)
class Model:
    """`terms` are words and pairs of words; `weights` has a row for each class with a number for each term.

    `coverage` is the share of all answers that were of one of the classes: the next may be of none.
    """

    classes: list[str]
    terms: list[str]
    idf: list[float]
    weights: list[list[float]]
    intercepts: list[float]
    sharpness: float
    coverage: float

    def guess(self, text: str) -> Guess:
        found = self.weigh(text)
        shares = self.shares(found)
        best = max(range(len(self.classes)), key=shares.__getitem__)
        return Guess(self.classes[best], self.coverage * shares[best], self.reasons(found, best))

    def confidences(self, text: str) -> dict[str, float]:
        """Of each class; empty for a text without a word that is known."""
        found = self.weigh(text)
        return {
            name: self.coverage * share for name, share in zip(self.classes, self.shares(found), strict=True) if found
        }

    def shares(self, found: Mapping[int, float]) -> list[float]:
        """The probability of each class, if it is one of them."""
        scores = [
            self.sharpness * (intercept + sum(row[term] * weight for term, weight in found.items()))
            for row, intercept in zip(self.weights, self.intercepts, strict=True)
        ]
        highest = max(scores)
        parts = [math.exp(score - highest) for score in scores]
        return [part / sum(parts) for part in parts]

    def weigh(self, text: str) -> dict[int, float]:
        """The weight of each known term in the text, all together of length 1."""
        counts = Counter(self.places[term] for term in terms_of(text) if term in self.places)
        weights = {term: (1 + math.log(n)) * self.idf[term] for term, n in counts.items()}
        length = math.sqrt(sum(weight * weight for weight in weights.values()))
        return {term: weight / length for term, weight in weights.items()}

    def reasons(self, found: Mapping[int, float], best: int) -> list[str]:
        """The terms that spoke for this class more than for the others on the whole, the strongest first."""
        spoke = {
            term: weight * (self.weights[best][term] - sum(row[term] for row in self.weights) / len(self.weights))
            for term, weight in found.items()
        }
        strongest = sorted((term for term in spoke if spoke[term] > 0), key=lambda term: -spoke[term])
        return [self.terms[term] for term in strongest[:MOST_REASONS]]

    @cached_property
    def places(self) -> dict[str, int]:
        return {term: place for place, term in enumerate(self.terms)}

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Model | None":
        """None for what another version of this program has kept: it is trained anew with the next answers."""
        return cls(**kept) if kept.keys() == cls.__dataclass_fields__.keys() else None


def terms_of(text: str) -> list[str]:
    words = WORD.findall(text.lower())
    return [*words, *(f"{first} {second}" for first, second in pairwise(words))]
