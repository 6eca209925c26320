"""How well the triage guesses topics: real questions of bank customers, trained on some and asked about others.

The questions are Banking77 (Casanueva et al., Efficient intent detection with dual sentence encoders, 2020; CC BY 4.0):
two files, `train.csv` and `test.csv`, with columns `text` and `category`, in the folder that `--data` names.
"""

import argparse
import csv
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from bench.report import Curve, Figure, Report
from crm.requests.triage.model import SURE, Guess, Model
from crm.requests.triage.training import train

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "banking77"
SIZES = (100, 200, 500, 1_000, 2_000, 5_000)
BINS = 10
METHOD = (
    "Banking77: 10,003 questions of bank customers on 77 topics to learn from, 3,080 others to be asked about; never "
    "the same question in both. Learned from a random part, as a team has after so many answers; at most 5,000 are "
    "used in the product. The control says the topic that is most frequent in what was learned from. Sure is from 50 "
    "%, as on the page: below, the triage is silent. Calibration error: by how much stated confidence and share of "
    "right guesses differ, in ten bins, weighted. With topics dealt out at random there is nothing to learn, and the "
    "cross-validation of the training has to find that out. Priorities and who answers are learned by the same "
    "code; no public data were found for them, so no figure is claimed."
)


class Data(NamedTuple):
    texts: list[str]
    topics: list[str]

    def part(self, size: int, rng: Random) -> "Data":
        chosen = rng.sample(range(len(self.texts)), size)
        return Data([self.texts[at] for at in chosen], [self.topics[at] for at in chosen])


class Judged(NamedTuple):
    accuracy: float
    sure: float
    accuracy_when_sure: float
    calibration_error: float
    seconds_each: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    folder = parser.parse_args().data
    if not (folder / "train.csv").exists():
        sys.exit(f"No questions in {folder}: see the head of bench/triage.py for what belongs there.")
    known, asked = load(folder / "train.csv"), load(folder / "test.csv")
    report = Report("triage", "Triage: the topic of a request in free words", METHOD)
    learn_more_and_more(report, known, asked)
    learn_from_nothing(report, known)
    report.finish()


def load(path: Path) -> Data:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return Data([row["text"] for row in rows], [row["category"] for row in rows])


def learn_more_and_more(report: Report, known: Data, asked: Data) -> None:
    rng, right, usual = Random(77), [], []
    for size in SIZES:
        part = known.part(size, rng)
        started = time.perf_counter()
        model = train(*part).model
        seconds = time.perf_counter() - started
        found = judge(model, asked) if model else None
        right.append(found.accuracy if found else 0.0)
        usual.append(baseline(part, asked))
        if found:
            add(report, size, found, usual[-1])
    report.add(Figure(f"time to learn from {SIZES[-1]:,} answers", seconds, "s"))
    report.plot(
        "Right guesses by answers learned from",
        "answered requests",
        "share of unseen questions guessed right",
        [Curve("triage", SIZES, tuple(right)), Curve("most frequent topic", SIZES, tuple(usual))],
    )


def add(report: Report, size: int, found: Judged, usual: float) -> None:
    name = f"after {size:,} answers"
    report.add(
        Figure(
            f"right {name}, 77 topics", found.accuracy, "share", usual, "higher",
            control=usual, control_name="most frequent",
        )
    )  # fmt: skip
    report.add(Figure(f"sure enough to say {name}", found.sure, "share"))
    report.add(Figure(f"right when sure, {name}", found.accuracy_when_sure, "share", SURE, "higher"))
    if size == SIZES[-1]:
        report.add(Figure(f"calibration error {name}", found.calibration_error, "share", 0.05))
        report.add(Figure("time of one guess", 1000 * found.seconds_each, "ms", 5.0))


def judge(model: Model, asked: Data) -> Judged:
    started = time.perf_counter()
    guesses = [model.guess(text) for text in asked.texts]
    seconds = time.perf_counter() - started
    right = [guess.value == topic for guess, topic in zip(guesses, asked.topics, strict=True)]
    sure = [good for guess, good in zip(guesses, right, strict=True) if guess.confidence >= SURE]
    n = len(guesses)
    accuracy_when_sure = sum(sure) / len(sure) if sure else 0.0
    return Judged(sum(right) / n, len(sure) / n, accuracy_when_sure, error(guesses, right), seconds / n)


def error(guesses: Sequence[Guess], right: Sequence[bool]) -> float:
    """The expected calibration error (Naeini et al., 2015)."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for guess, good in zip(guesses, right, strict=True):
        bins.setdefault(min(BINS - 1, int(guess.confidence * BINS)), []).append((guess.confidence, good))
    gaps = [abs(sum(stated for stated, _ in held) - sum(good for _, good in held)) for held in bins.values()]
    return sum(gaps) / len(guesses)


def baseline(part: Data, asked: Data) -> float:
    (usual, _), *_ = Counter(part.topics).most_common(1)
    return asked.topics.count(usual) / len(asked.topics)


def learn_from_nothing(report: Report, known: Data) -> None:
    """Of the ten most frequent topics, dealt out anew: what is learned from that must not be used."""
    rng, used, runs = Random(7), 0, 5
    for _ in range(runs):
        part = known.part(500, rng)
        dealt = [rng.choice(("a", "a", "a", "b")) for _ in part.topics]
        used += train(part.texts, dealt).model is not None
    report.add(Figure(f"models used of {runs} that had nothing to learn", used, "", 0.0))


if __name__ == "__main__":
    main()
