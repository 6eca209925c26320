"""T_update and T_response are what their formulas say, counted by hand."""

from datetime import timedelta

import pytest

from crm.timings import figures, raw, recorder
from tests.timings.moments import at

NOTHING = {"mean": None, "p50": None, "p95": None, "p99": None, "max": None, "n": 0}


def test_nothing_measured_is_no_number(db):
    found = figures.figures(300, at(0))
    assert found == {"update": {**NOTHING, "late": 0, "changes": 0}, "response": NOTHING}


def test_t_update_is_the_mean_of_customers_means(make_change):
    make_change(1, customer=1, written=0, cached=0.010)
    make_change(2, customer=1, written=1, cached=0.020)
    make_change(3, customer=2, written=2, cached=0.100)
    update = figures.figures(300, at(60))["update"]
    assert update["mean"] == pytest.approx((0.015 + 0.100) / 2)
    assert (update["n"], update["changes"], update["late"]) == (2, 3, 0)
    assert [update[name] for name in ("p50", "p95", "p99", "max")] == pytest.approx([0.020, 0.100, 0.100, 0.100])


def test_an_update_ends_with_the_last_acknowledgement_of_the_last_hub(make_change, make_delivery):
    make_change(1, cached=0.002)
    make_delivery(1, sent=0.004, acked=0.030, process="web:1")
    make_delivery(1, sent=0.005, acked=0.012, process="web:2")
    assert figures.figures(300, at(60))["update"]["mean"] == pytest.approx(0.030)


def test_where_nobody_watches_an_update_ends_in_the_cache_or_the_log(make_change):
    make_change(1, cached=0.004)
    make_change(2, cached=None)
    update = figures.figures(300, at(60))["update"]
    assert (update["p50"], update["max"]) == pytest.approx((0.001, 0.004))


def test_a_late_watcher_counts_five_seconds_and_is_not_dropped(make_change, make_delivery):
    make_change(1)
    make_delivery(1, sent=0.004, acked=0.020, watchers=3, late=2)
    update = figures.figures(300, at(60))["update"]
    assert update["mean"] == pytest.approx(5.0)
    assert update["late"] == 2


def test_a_late_watcher_of_a_change_sent_even_later_counts_until_then(make_change, make_delivery):
    make_change(1, written=0)
    make_delivery(1, sent=90, watchers=1, late=1)
    assert figures.figures(300, at(120))["update"]["mean"] == pytest.approx(90)


def test_the_window_is_by_end_time(make_change, make_delivery):
    make_change(1, customer=1, written=0)
    make_delivery(1, sent=100, acked=100.5)
    make_change(2, customer=2, written=0)
    assert figures.figures(50, at(110))["update"]["n"] == 1
    assert figures.figures(5, at(110))["update"]["n"] == 0
    assert figures.figures(10, at(100))["update"]["n"] == 0


def test_a_change_counts_from_its_end_though_its_watcher_is_given_up_a_little_later(make_change, make_delivery):
    make_change(1, written=0)
    make_delivery(1, sent=0.02, watchers=1, late=1)
    assert figures.figures(1, at(5.01))["update"]["n"] == 1
    assert figures.figures(1, at(5.0))["update"]["n"] == 0


def test_only_changes_to_customers_are_in_t_update(make_change):
    make_change(1, customer=1, cached=0.010)
    make_change(2, customer=1, record="note", cached=0.030)
    make_change(3, customer=7, record="user", module="staff", subject="user:7", cached=0.500)
    update = figures.figures(300, at(60))["update"]
    assert (update["n"], update["changes"]) == (1, 2)
    assert update["mean"] == pytest.approx(0.020)


def test_t_response_is_the_mean_over_requests(make_response):
    for ended, seconds in ((0, 0.1), (1, 0.2), (2, 0.6), (400, 9.0)):
        make_response(ended, seconds)
    response = figures.figures(300, at(60))["response"]
    assert response["mean"] == pytest.approx(0.3)
    assert response == {"mean": response["mean"], "p50": 0.2, "p95": 0.6, "p99": 0.6, "max": 0.6, "n": 3}


def test_what_staff_ask_is_not_in_t_response_but_beside_it(make_response):
    make_response(0, 0.1)
    make_response(1, 0.7, "GET customers:list", waited=None)
    stretch = figures.stretch_of(300, at(60))
    for family, seconds in (("response", 0.1), ("answer", 0.7)):
        found = figures.response_figures(family, stretch)
        assert (found["mean"], found["n"]) == (pytest.approx(seconds), 1)


def test_waiting_and_handling_add_up_to_the_response_time(make_response):
    make_response(0, 0.5, waited=0.2)
    make_response(1, 0.3, waited=0.1)
    stretch = figures.stretch_of(300, at(60))
    means = [raw.summary(part, stretch)[0].figure.mean for part in ("waiting", "handling", "response")]
    assert means == pytest.approx([0.15, 0.25, 0.4])


def test_groups_by_module_and_kind_add_up(make_response):
    make_response(0, 0.1, "GET customers:list", "customers", waited=None)
    make_response(1, 0.3, "POST customers:new", "customers", waited=None)
    make_response(2, 0.5, "socket watch", "live", waited=None)
    stretch = figures.stretch_of(300, at(60))
    groups = figures.source("answer", stretch).summary("answer", stretch)
    assert [(group.module, group.kind, group.figure.n, group.figure.max) for group in groups] == [
        (None, None, 3, 0.5),
        ("customers", None, 2, 0.3),
        ("customers", "GET customers:list", 1, 0.1),
        ("customers", "POST customers:new", 1, 0.3),
        ("live", None, 1, 0.5),
        ("live", "socket watch", 1, 0.5),
    ]


def test_stages_add_up_to_the_update_time(make_change, make_delivery):
    make_change(1, written=10, cached=0.003)
    make_delivery(1, sent=10.007, acked=10.020)
    stretch = figures.stretch_of(300, at(60))
    [point] = figures.source("update", stretch).stages(stretch, timedelta(seconds=5))
    assert (point.at, point.n) == (at(10), 1)
    assert point[2:] == pytest.approx((0.001, 0.002, 0.004, 0.013))
    assert sum(point[2:]) == pytest.approx(figures.figures(300, at(60))["update"]["mean"])


def test_the_distribution_counts_every_change_once(make_change):
    for seq, cached in enumerate((0.001, 0.0012, 0.004, 0.009, 0.2), 1):
        make_change(seq, customer=seq, cached=cached)
    stretch = figures.stretch_of(300, at(60))
    found = figures.source("update", stretch).distribution(stretch, 0.01, 5)
    assert (found.counts, found.beyond) == ([2, 0, 1, 0, 1], 1)


@pytest.mark.parametrize(("p99", "upper"), [(None, 0.001), (0.024, 0.025), (0.0101, 0.015), (1.0, 1.0), (9.5, 10.0)])
def test_a_plot_ends_at_a_round_number(p99, upper):
    assert figures.bins_for(p99) == pytest.approx(upper)


def test_screens_are_those_of_all_hubs_heard_of_lately(write):
    for process, seconds, sockets in (("web:1", 0, 10), ("web:1", 1, 12), ("web:2", 1, 30), ("web:3", -30, 99)):
        recorder.screens(recorder.ScreensRow(process, at(seconds), sockets, sockets * 2, 1.5, 0, 1))
    write()
    assert figures.screens(at(2)) == {"sockets": 42, "watching": 84, "frames": 3.0, "behind": 0, "catching_up": 2}
    assert figures.screens(at(60))["sockets"] == 0
