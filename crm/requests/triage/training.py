"""Learns a model from answered requests, and says how good it is beside always guessing what is most frequent.

scikit-learn takes a second to import, so it is imported where a model is trained and nowhere else.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from crm.requests.triage.model import Model

LEAST = 50  # answered requests from which there is something to learn
LEAST_OF_CLASS = 5  # and of each class; rarer ones are left out
FOLDS = 5
MOST_TERMS = 4_000


class Trained(NamedTuple):
    """`model` is None when it would be of no use: too few examples, one class, no word in common, nothing gained.

    `accuracy` was measured by cross-validation, each answer judged by a model that had not seen it.
    """

    model: Model | None
    examples: int
    classes: int
    accuracy: float | None
    baseline: float | None


def train(texts: Sequence[str], labels: Sequence[str]) -> Trained:
    frequent = {label for label, n in Counter(labels).items() if n >= LEAST_OF_CLASS}
    kept = [(text, label) for text, label in zip(texts, labels, strict=True) if label in frequent]
    if len(kept) < LEAST or len(frequent) < 2:
        return Trained(None, len(labels), len(frequent), None, None)
    known, said = [text for text, _ in kept], [label for _, label in kept]
    with one_core():
        return learn(known, said, coverage=len(kept) / len(labels))


def learn(known: list[str], said: list[str], coverage: float) -> Trained:
    from sklearn.model_selection import cross_val_score

    baseline = Counter(said).most_common(1)[0][1] / len(said)
    try:
        accuracy = float(cross_val_score(pipeline(), known, said, cv=FOLDS, error_score="raise").mean())
    except ValueError:  # no word is in two of the texts, as where whole sentences are written without blanks
        return Trained(None, len(known), len(set(said)), None, baseline)
    model = read(calibrated(known, said), coverage) if accuracy > baseline else None
    return Trained(model, len(known), len(set(said)), accuracy, baseline)


def one_core() -> AbstractContextManager[Any]:
    """Small matrices gain nothing by threads, and requests want the other cores."""
    from threadpoolctl import threadpool_limits

    limited: AbstractContextManager[Any] = threadpool_limits(1)
    return limited


def pipeline() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    # A word that one request alone has says nothing of others, and might say who sent it.
    words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2, max_features=MOST_TERMS)
    return make_pipeline(words, LogisticRegression(C=10, max_iter=300))


def calibrated(texts: Sequence[str], labels: Sequence[str]) -> Any:
    """The same, whose temperature was found on answers that it had not seen."""
    from sklearn.calibration import CalibratedClassifierCV

    return CalibratedClassifierCV(pipeline(), method="temperature", ensemble=False, cv=FOLDS).fit(texts, labels)


def read(learned: Any, coverage: float) -> Model:
    """The numbers of a calibrated pipeline."""
    (part,) = learned.calibrated_classifiers_
    words, classifier = part.estimator[0], part.estimator[-1]
    weights, intercepts = classifier.coef_, classifier.intercept_
    if len(weights) == 1:  # of two classes it keeps one row, which speaks against the other
        weights, intercepts = [-weights[0], weights[0]], [-intercepts[0], intercepts[0]]
    return Model(
        classes=[str(each) for each in learned.classes_],
        terms=[str(each) for each in words.get_feature_names_out()],
        idf=[round(float(each), 5) for each in words.idf_],
        weights=[[round(float(each), 5) for each in row] for row in weights],
        intercepts=[round(float(each), 5) for each in intercepts],
        sharpness=round(float(part.calibrators[0].beta_), 5),
        coverage=round(coverage, 5),
    )
