"""Rows that are kept: one that shows anything else is drawn anew."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from crm.records import drawing, formats

NOW = datetime(2026, 11, 12, 14, 2, 11, tzinfo=UTC)
PARTIAL = "customers/_customer_row.html"
ROW = {"id": 12345, "version": 3, "name": "Aisha Rahman", "owner": 3, "tags": [7], "updated_at": NOW.isoformat()}


def wording_of(owner: str = "Marta Lindqvist", zone: str = "UTC") -> formats.Wording:
    with timezone.override(zone):
        return formats.Wording(formats.page_words(), {"users": {3: {"name": owner}}, "tags": {7: {"name": "vip"}}}, NOW)


@pytest.fixture
def rows():
    return drawing.Rows()


@pytest.fixture
def wording():
    return wording_of()


def draw(rows, wording, row=ROW):
    return rows.drawn(PARTIAL, row, '["x", 12345]', (row["updated_at"],), wording)


def test_row_is_drawn_once(rows, wording):
    first = draw(rows, wording)

    assert "Marta Lindqvist" in first
    assert 'data-record="customer:12345"' in first
    assert draw(rows, wording, dict(ROW)) is first


@pytest.mark.parametrize("changed", [{"version": 4}, {"name": "Aisha Khan"}, {"tags": []}])
def test_changed_row_is_drawn_anew(rows, wording, changed):
    first = draw(rows, wording)

    assert draw(rows, wording, ROW | changed) != first


def test_row_says_how_long_ago_it_is_now(rows, wording):
    draw(rows, wording)

    assert ">just now</time>" in draw(rows, replace(wording, now=NOW + timedelta(seconds=59)))
    assert ">5 min</time>" in draw(rows, replace(wording, now=NOW + timedelta(minutes=5)))


def test_renamed_owner_is_renamed_in_rows_that_were_kept(rows, wording):
    draw(rows, wording)

    assert "Marta Lind<" in draw(rows, wording_of(owner="Marta Lind"))


def test_each_reader_reads_her_own_zone(rows, wording):
    draw(rows, wording)

    assert "19:32:11" in draw(rows, replace(wording, words=wording_of(zone="Asia/Kolkata").words))


def test_what_is_kept_is_bounded(rows, wording, monkeypatch):
    monkeypatch.setattr(drawing, "KEPT_ROWS", 10)
    for version in range(25):
        draw(rows, wording, ROW | {"version": version})

    assert len(rows.of(wording.directory)) <= 10


def test_partial_of_words_alone_is_drawn_once():
    first = drawing.draw_fixed("_shortcuts.html", "en")

    assert "Keyboard shortcuts" in first
    assert drawing.draw_fixed("_shortcuts.html", "en") is first
