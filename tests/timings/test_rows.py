"""The rows behind a figure are the very rows that it was counted from."""

import pytest

from crm.timings import figures, rows
from crm.timings.stretches import Stretch
from tests.timings.moments import at

WINDOW = Stretch(at(-240), at(60))


@pytest.fixture
def some(make_change, make_delivery, make_response):
    for seq, customer, cached in ((1, 1, 0.01), (2, 1, 0.02), (3, 2, 0.03), (4, 2, 0.03), (5, 3, 0.04)):
        make_change(seq, customer=customer, cached=cached, record="note" if seq == 4 else "customer")
    make_change(6, customer=4)
    make_delivery(6, 0.01, 0.02, watchers=3, late=1)
    for seconds, kind in ((0.1, "GET a:b"), (0.2, "GET a:b"), (0.2, "POST a:b"), (0.9, "GET c:d")):
        make_response(1, seconds, kind, kind[-3])


def test_updates_come_slowest_first_and_page_by_page_without_gap_or_double(some):
    wanted = rows.Selection(WINDOW)
    all_at_once = rows.updates(wanted, 100)
    assert [row.id for row in all_at_once] == [6, 5, 4, 3, 2, 1]
    pages, after = [], None
    while page := rows.updates(wanted, 2, after):
        pages += page
        after = (page[-1].seconds, page[-1].id)
    assert pages == all_at_once


def test_an_update_row_shows_its_stages_and_its_watchers(some):
    [row] = rows.updates(rows.Selection(WINDOW, is_late=True), 10)
    assert (row.subject, row.kind, row.way, row.watchers, row.late) == ("customer:4", "customer", "screen", 3, 1)
    assert row.seconds == pytest.approx(5) == pytest.approx(row.number + row.cache + row.send + row.paint)


@pytest.mark.parametrize(
    ("narrowed", "ids"),
    [
        ({"kind": "note"}, [4]),
        ({"subject": "customer:1"}, [2, 1]),
        ({"at_least": 0.03}, [6, 5, 4, 3]),
        ({"at_least": 0.02, "below": 0.04}, [4, 3, 2]),
        ({"module": "sales"}, []),
    ],
)
def test_a_selection_selects(some, narrowed, ids):
    wanted = rows.Selection(WINDOW, **narrowed)
    assert [row.id for row in rows.updates(wanted, 100)] == ids
    assert rows.count("update", wanted) == len(ids)


def test_customers_are_those_of_t_update(some):
    found = rows.customers(rows.Selection(WINDOW), 100)
    assert [(row.subject, row.n) for row in found] == [
        ("customer:4", 1),
        ("customer:3", 1),
        ("customer:2", 2),
        ("customer:1", 2),
    ]
    update = figures.figures(300, at(60))["update"]
    assert sum(row.seconds for row in found) / len(found) == pytest.approx(update["mean"])
    first, second = found[:2]
    assert rows.customers(rows.Selection(WINDOW), 1, (first.seconds, first.subject)) == [second]


def test_responses_with_the_same_time_are_neither_lost_nor_doubled(some):
    wanted = rows.Selection(WINDOW)
    seen, after = [], None
    while page := rows.responses(wanted, 1, after):
        seen += page
        after = (page[-1].seconds, page[-1].id)
    assert [row.seconds for row in seen] == [0.9, 0.2, 0.2, 0.1]
    assert {row.kind for row in rows.responses(rows.Selection(WINDOW, module="a"), 10)} == {"GET a:b", "POST a:b"}
