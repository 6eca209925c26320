"""The sketch keeps its promises for any durations: DDSketch's error bound, and merging that forgets nothing."""

import math

from hypothesis import given
from hypothesis import strategies as st

from crm.timings.sketch import ERROR, SMALLEST, Sketch

seconds = st.floats(min_value=SMALLEST, max_value=1e5, allow_nan=False)
many = st.lists(seconds, min_size=1, max_size=300)
share = st.floats(min_value=0.0, max_value=1.0)

# What the logarithm itself loses by rounding comes on top of the sketch's own error.
ROUNDING = 1e-9


def nearest_rank(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[max(1, math.ceil(share * len(ordered))) - 1]


@given(many, share)
def test_every_quantile_is_within_one_per_cent_of_a_true_one(values, share):
    true = nearest_rank(values, share)
    assert abs(Sketch.of(values).quantile(share) - true) <= (ERROR + ROUNDING) * true


@given(many, many, many)
def test_merging_in_any_order_gives_the_sketch_of_all_values(first, second, third):
    left, right = Sketch.of(first), Sketch.of(third)
    left.merge(Sketch.of(second))
    left.merge(Sketch.of(third))
    right.merge(Sketch.of(first))
    right.merge(Sketch.of(second))
    assert left == right == Sketch.of(first + second + third)


@given(many)
def test_json_and_back_loses_nothing(values):
    assert Sketch.from_json(Sketch.of(values).to_json()) == Sketch.of(values)


@given(many, many)
def test_merging_leaves_the_other_as_it_was(first, second):
    other = Sketch.of(second)
    Sketch.of(first).merge(other)
    assert other == Sketch.of(second)


@given(st.lists(st.floats(min_value=0, max_value=1e300), min_size=1))
def test_the_sketch_stays_small_whatever_it_is_given(values):
    sketch = Sketch.of(values)
    assert sketch.count == len(values)
    assert -1100 < min(sketch.counts) <= max(sketch.counts) < 750


def test_nothing_measured_has_no_quantile():
    assert Sketch().quantile(0.5) == 0.0
