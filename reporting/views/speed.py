"""The speed board, the rows behind its figures, and both as CSV."""

from collections.abc import Iterable
from itertools import chain
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm.records.downloads import csv_download
from crm.staff.models import User
from crm.timings import rows
from reporting import drill, words
from reporting.speed import WINDOWS, Window, board, window_of

MOST_CSV_ROWS = 50_000
FIGURES = ("mean", "p50", "p95", "p99", "max", "n", "late")
PARTS = ("waiting", "handling")  # of a response
ROW_TYPES: dict[str, Any] = {
    "update": rows.UpdateRow,
    "response": rows.ResponseRow,
    "answer": rows.ResponseRow,
    "customer": rows.CustomerRow,
}


@require_safe
def speed(request: HttpRequest) -> HttpResponse:
    window = asked_window(request)
    facts = {"board": board(window), "window": window, "windows": WINDOWS.values(), "labels": words.labels()}
    return render(request, "reporting/speed.html", facts)


@require_safe
def speed_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The tables by module and kind."""
    groups = board(asked_window(request))["groups"]
    lines = (
        [family, group["module"], group["kind"] or "", *(group.get(name) for name in FIGURES + PARTS)]
        for family in groups
        for group in groups[family]
    )
    return csv_answer("speed", [_("measured"), _("module"), _("kind"), *FIGURES, *PARTS], lines)


@require_safe
def speed_rows(request: HttpRequest) -> HttpResponse:
    asked = drill.read(request.GET)
    found, more = asked.page()
    names = drill.visible_names(found, cast("User", request.user))
    facts = {"drill": asked, "rows": found, "next": more, "names": names, "count": asked.count()}
    facts["raw_days"] = settings.TIMINGS_RAW_DAYS
    return render(request, "reporting/speed_rows.html", facts)


@require_safe
def speed_rows_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The same rows, without those customers' numbers that the reader may not see."""
    asked = drill.read(request.GET)
    found = asked.rows(MOST_CSV_ROWS)
    names = drill.visible_names(found, cast("User", request.user))
    lines = (csv_line(row, names) for row in found)
    return csv_answer(f"speed-{asked.of}", list(ROW_TYPES[asked.of]._fields), lines)


def asked_window(request: HttpRequest) -> Window:
    text = request.GET.get("window", "")
    return window_of(int(text) if text.isdecimal() else None)


def csv_line(row: drill.Row, names: dict[str, str]) -> list[Any]:
    facts = row._asdict()
    if "subject" in facts and facts["subject"] not in names:
        facts["subject"] = ""
    return [value.isoformat() if hasattr(value, "isoformat") else value for value in facts.values()]


def csv_answer(name: str, head: list[str], lines: Iterable[list[Any]]) -> StreamingHttpResponse:
    texts = (["" if value is None else str(value) for value in line] for line in lines)
    return csv_download(f"{name}.csv", chain([head], texts))
