"""The measured times for programs."""

import pytest

from tests.api.asking import is_problem

pytestmark = pytest.mark.django_db


def test_timings_are_told_for_a_window(programs):
    told = programs.alice.get("/timings?window=60").json()

    assert told["update"].keys() >= {"mean", "p50", "p95", "p99", "max", "n", "late"}
    assert told["response"].keys() >= {"mean", "p50", "p95", "p99", "max", "n"}
    assert (told["update"]["mean"], told["update"]["n"]) == (None, 0)


@pytest.mark.parametrize("window", ["0", "-1", "x", "nan", "inf", "1e12"])
def test_a_window_that_cannot_be_is_refused(programs, window):
    assert is_problem(programs.alice.get(f"/timings?window={window}"), 422)
