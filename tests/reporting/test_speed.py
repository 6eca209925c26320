"""The speed board: every figure opens the rows it was counted from, and names only customers the reader may see."""

import csv
import io
import json
import re
from datetime import timedelta
from html import unescape
from types import SimpleNamespace

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.urls import reverse

from crm.live.panels import panel
from crm.timings import clock, recorder
from reporting import speed
from tests.factories import make_customer, people

BOARD = "/reports/speed/"


@pytest.fixture(autouse=True)
def nothing_held():
    speed._held.clear()


@pytest.fixture
def staff(db):
    return people()


@pytest.fixture
def measured(staff):
    """Two of alice's changes, one of charlie's with a late watcher, and two requests, all a minute ago."""
    ago = clock.now() - timedelta(seconds=60)
    theirs = [make_customer(actor, name=name) for actor, name in ((staff.alice, "Aisha"), (staff.charlie, "Chen"))]
    for seq, customer, took in ((1, theirs[0], 0.010), (2, theirs[0], 0.030), (3, theirs[1], 0.040)):
        moments = (ago, ago + timedelta(seconds=0.001), ago + timedelta(seconds=took))
        row = recorder.ChangeRow(
            seq, "customer", customer.pk, f"customer:{customer.pk}", "customers", "screen", *moments
        )
        recorder.record_changes([row])
    late = ago + timedelta(seconds=5)
    recorder.delivery(recorder.DeliveryRow(3, "web:1", ago, 4, late, 3, 1, late))
    for seconds, kind, waited in (
        (0.1, "request consent", 0.04),
        (0.3, "request call_back", 0.1),
        (0.7, "GET customers:list", None),
    ):
        recorder.response(recorder.ResponseRow(ago, kind, "customers", seconds, 200, None, waited))
    connection.ensure_connection()
    recorder.flush(connection.connection)
    return SimpleNamespace(aisha=theirs[0], chen=theirs[1], ago=ago)


def get(client, user, address, **query):
    client.force_login(user)
    return client.get(address, query)


def link_of(html, path):
    """Where the figure at that place of the board leads."""
    return unescape(re.search(rf'href="([^"]*)"[^>]*data-figure="{re.escape(path)}"', html)[1])


def body_rows(html):
    return re.findall(r"<tr[ >].*?</tr>", html.split("<tbody>")[1], re.DOTALL) if "<tbody>" in html else []


def csv_of(answer):
    async def collect():
        return b"".join([block async for block in answer.streaming_content])

    return list(csv.DictReader(io.StringIO(async_to_sync(collect)().decode("utf-8-sig"))))


def test_the_board_shows_t_update_and_t_response(client, staff, measured):
    answer = get(client, staff.vera, BOARD)
    board = answer.context["board"]
    assert board["update"]["mean"] == pytest.approx((0.020 + 5) / 2)
    assert (board["update"]["n"], board["update"]["changes"], board["update"]["late"]) == (2, 3, 1)
    assert board["response"]["mean"] == pytest.approx(0.2)
    assert "2.51 s" in answer.text
    assert "200 ms" in answer.text


def test_anonymous_is_sent_to_the_sign_in(client, db):
    for name in ("speed", "speed_csv", "speed_rows", "speed_rows_csv"):
        assert client.get(reverse(f"reporting:{name}")).status_code == 302


@pytest.mark.parametrize("name", ["speed", "speed_csv", "speed_rows", "speed_rows_csv"])
def test_nothing_is_written_here(client, staff, name):
    client.force_login(staff.alice)
    assert client.post(reverse(f"reporting:{name}")).status_code == 405


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("update.mean", 2),
        ("update.changes", 3),
        ("update.p50", 2),
        ("update.p99", 1),
        ("update.max", 1),
        ("update.late", 1),
        ("response.mean", 2),
        ("response.p95", 1),
        ("answer.mean", 1),
    ],
)
def test_a_figure_opens_its_rows(client, staff, measured, path, count):
    link = link_of(get(client, staff.dana, BOARD).text, path)
    answer = client.get(link)
    assert answer.context["count"] == len(body_rows(answer.text)) == count


def test_every_link_of_the_board_opens(client, staff, measured):
    html = get(client, staff.dana, BOARD).text
    links = {unescape(link) for link in re.findall(r'href="([^"]*rows[^"]*)"', html.split("<template")[0])}
    assert len(links) > 10
    assert {client.get(link).status_code for link in links} == {200}


def test_rows_name_only_customers_that_the_reader_may_see(client, staff, measured):
    for of in ("update", "customer"):
        html = get(client, staff.bob, reverse("reporting:speed_rows"), of=of).text
        assert "Aisha" in html
        assert "Chen" not in html
        assert f"/customers/{measured.chen.pk}/" not in html
        assert "A customer that you do not see" in html
    assert "Chen" in get(client, staff.dana, reverse("reporting:speed_rows"), of="update").text


def test_rows_as_csv_leave_out_who_is_not_visible(client, staff, measured):
    rows = csv_of(get(client, staff.bob, reverse("reporting:speed_rows_csv"), of="update"))
    assert [row["subject"] for row in rows] == ["", *[f"customer:{measured.aisha.pk}"] * 2]
    assert [float(row["seconds"]) for row in rows] == pytest.approx([5, 0.030, 0.010])


def test_the_table_as_csv_is_the_table(client, staff, measured):
    rows = csv_of(get(client, staff.vera, reverse("reporting:speed_csv"), window="300"))
    assert [(row["measured"], row["module"], row["kind"], row["n"]) for row in rows] == [
        ("update", "customers", "", "3"),
        ("update", "customers", "customer", "3"),
        ("response", "customers", "", "2"),
        ("response", "customers", "request call_back", "1"),
        ("response", "customers", "request consent", "1"),
        ("answer", "customers", "", "1"),
        ("answer", "customers", "GET customers:list", "1"),
    ]
    parts = {row["kind"]: (row["waiting"], row["handling"]) for row in rows if row["measured"] == "response"}
    assert parts == {"": ("0.07", "0.13"), "request call_back": ("0.1", "0.2"), "request consent": ("0.04", "0.06")}
    assert {(row["waiting"], row["handling"]) for row in rows if row["measured"] != "response"} == {("", "")}


def test_rows_come_page_by_page(client, staff, measured, monkeypatch):
    monkeypatch.setattr("reporting.drill.PAGE", 2)
    first = get(client, staff.dana, reverse("reporting:speed_rows"), of="update")
    second = client.get(f"{reverse('reporting:speed_rows')}?{first.context['next']}")
    assert (len(first.context["rows"]), len(second.context["rows"]), second.context["next"]) == (2, 1, None)
    assert [row.id for row in [*first.context["rows"], *second.context["rows"]]] == [3, 2, 1]
    first = get(client, staff.dana, reverse("reporting:speed_rows"), of="customer")
    assert first.context["next"] is None


def test_rows_are_those_of_the_moment_of_the_figure(client, staff, measured):
    before = (measured.ago - timedelta(seconds=1)).isoformat()
    answer = get(client, staff.dana, reverse("reporting:speed_rows"), of="update", until=before)
    assert answer.context["count"] == 0
    assert "No rows" in answer.text


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"of": "secrets"},
        {"of": "update", "show": "p42"},
        {"of": "update", "until": "yesterday"},
        {"of": "update", "at_least": "-1"},
        {"of": "update", "after": "0.1/1; DROP TABLE"},
        {"of": "update", "after": "0.1/customer:1"},
    ],
)
def test_what_no_link_says_is_refused(client, staff, query):
    assert get(client, staff.alice, reverse("reporting:speed_rows"), **query).status_code == 400


@pytest.mark.parametrize("window", ["", "17", "no", "²"])
def test_an_unknown_window_is_the_default_one(client, staff, window):
    assert get(client, staff.alice, BOARD, window=window).context["window"].seconds == speed.DEFAULT_WINDOW


@pytest.mark.parametrize("window", speed.WINDOWS)
def test_every_window_can_be_shown(client, staff, measured, window):
    answer = get(client, staff.alice, BOARD, window=str(window))
    assert answer.context["board"]["update"]["changes"] == 3
    assert len(answer.context["board"]["stages"]) >= 1


def test_an_empty_board_says_what_to_do(client, staff):
    html = get(client, staff.alice, BOARD).text
    assert "No customer was changed in this window" in html
    assert link_of(html, "update.mean")


def test_the_live_panel_is_the_board_and_the_same_for_everybody(staff, measured):
    live = panel(speed.PANEL)
    assert live.every == 1.0
    assert live.scope(staff.vera.access) == live.scope(staff.admin.access)
    shown = json.loads(json.dumps(live.compute(staff.vera.access, {"window": 300})))
    assert shown["update"]["changes"] == 3
    assert sum(bar["n"] for bar in shown["bins"]) == 3
    assert sum(step["n"] for step in shown["stages"]) == 3
    assert str(measured.aisha.name) not in json.dumps(shown)


def test_a_board_that_took_long_is_not_reckoned_again_at_once(db, monkeypatch):
    window = speed.WINDOWS[300]
    speed._held[300] = speed.Held({"held": True}, speed.time.monotonic(), cost=60)
    assert speed.board(window) == {"held": True}
    speed._held[300] = speed.Held({"held": True}, speed.time.monotonic() - 601, cost=60)
    assert "update" in speed.board(window)


def test_the_number_of_queries_does_not_grow_with_rows(client, staff, measured, django_assert_max_num_queries):
    client.force_login(staff.dana)
    with django_assert_max_num_queries(12):
        client.get(reverse("reporting:speed_rows"), {"of": "update"})


@pytest.mark.parametrize("window", [7, "300", None, [300], {}])
def test_a_socket_that_asks_for_no_window_of_ours_is_shown_the_usual_one(staff, window):
    told = panel(speed.PANEL).compute(staff.vera.access, {"window": window})
    assert told["step"] == speed.WINDOWS[speed.DEFAULT_WINDOW].step.total_seconds()
