"""The dashboard counts from the tally and the log what the tables hold: for each reader what she may see, and once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.live.panels import OpenPanel, panel
from crm.live.watches import Watches
from crm.records.access import Reach
from crm.records.models import Change
from customers import services
from customers.models import Customer
from reporting import home, minutes
from reporting.minutes import MINUTE, SHOWN, Minutes, last_before
from tests.factories import make_customer, number_changes


@pytest.fixture(autouse=True)
def _nothing_counted(monkeypatch):
    monkeypatch.setattr(home, "minutes", Minutes())


@pytest.fixture
def customers(staff):
    """Three of alice's, one of them active, and charlie's."""
    made = [make_customer(staff.alice, name=name) for name in ("Aisha", "Ben", "Cleo")]
    services.update_customer(made[0].pk, actor=staff.alice, version=1, changes={"stage": "active"})
    made.append(make_customer(staff.charlie, name="Dora"))
    number_changes()
    return made


def test_figures_are_those_of_the_rows_that_the_reader_may_see(staff, customers):
    seen_by_dana, seen_by_bob = home.figures(staff.dana.access), home.figures(staff.bob.access)
    assert (seen_by_dana["count"], seen_by_bob["count"]) == (4, 3)
    assert dict(seen_by_bob["stages"])["lead"] == 2
    assert dict(seen_by_bob["stages"])["active"] == 1
    assert seen_by_dana["owners"] == [[staff.alice.pk, 3], [staff.charlie.pk, 1]]
    assert seen_by_dana["new"] == {"today": 4, "week": 4, "month": 4}
    assert seen_by_dana["changes"]["hour"] == 5
    assert seen_by_bob["changes"]["hour"] == 4


def test_every_stage_has_a_line_in_its_order(staff):
    assert [code for code, _n in home.figures(staff.dana.access)["stages"]] == [
        "lead",
        "active",
        "vip",
        "at_risk",
        "lost",
    ]


def test_customers_count_on_the_day_they_were_made_even_when_that_is_corrected(staff, customers):
    Customer.objects.filter(pk=customers[0].pk).update(created_at=timezone.now() - timedelta(days=10))
    number_changes()
    figures = home.figures(staff.dana.access)
    assert figures["new"] == {"today": 3, "week": 3, "month": 4}
    assert figures["days"][-11][1] == 1
    services.trash_customer(customers[0].pk, actor=staff.alice, version=3)
    number_changes()
    assert home.figures(staff.dana.access)["new"]["month"] == 3


def test_beyond_the_first_owners_the_others_are_one_number(monkeypatch, staff, customers):
    Customer.objects.filter(pk=customers[1].pk).update(owner=None)
    number_changes()
    monkeypatch.setattr(home, "OWNERS", 1)
    figures = home.figures(staff.dana.access)
    assert (figures["owners"], figures["others"], figures["unowned"]) == ([[staff.alice.pk, 2]], 1, 1)


def test_two_hundred_viewers_cost_one_computation(staff):
    watches, kind = Watches(), panel(home.PANEL)
    for number in range(200):
        viewer = (staff.dana, staff.vera, staff.admin)[number % 3]
        watches.watch_panel(FakeSocket(), "home", OpenPanel(kind, {}, viewer.access))
    assert len(watches.panels) == 1


class FakeSocket:
    def __init__(self):
        self.views, self.panels = {}, {}


def test_people_who_see_different_rows_share_nothing(staff):
    assert home.scope(staff.alice.access) != home.scope(staff.charlie.access)
    assert home.scope(staff.alice.access) != home.scope(staff.bob.access)
    assert home.scope(replace(staff.alice.access, view=Reach.ALL)) == home.scope(staff.dana.access)


def test_the_log_is_read_once_however_often_the_hour_is_asked_for(staff, customers):
    counted, now = Minutes(), timezone.now() + MINUTE  # the minute may end while the test runs
    first = counted.seen_by(staff.dana.access, now)
    make_customer(staff.alice)
    number_changes()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        second = counted.seen_by(staff.dana.access, now)
    assert len(queries) == 2
    assert (sum(first), sum(second), len(second)) == (5, 6, SHOWN)


def test_minutes_leave_after_an_hour_and_a_long_pause_is_read_from_the_log(staff, customers):
    counted, now = Minutes(), timezone.now()
    Change.objects.update(written_at=now)
    counted.seen_by(staff.dana.access, now)
    assert sum(counted.seen_by(staff.dana.access, now + timedelta(minutes=59))) == 5
    assert sum(counted.seen_by(staff.dana.access, now + timedelta(minutes=61))) == 0
    assert not counted.counts
    assert sum(counted.seen_by(staff.dana.access, now)) == 0
    counted.counted_at = minutes.NEVER
    assert sum(counted.seen_by(staff.dana.access, now)) == 5


@pytest.mark.parametrize("old", [0, 1, 4, 7])
def test_where_the_hour_begins_in_the_log_is_found_by_halving(staff, old):
    head = Change.objects.latest("seq").seq
    moment = datetime(2026, 11, 23, 12, tzinfo=UTC)
    for seq in range(head - 6, head + 1):
        Change.objects.filter(seq=seq).update(
            numbered_at=moment + timedelta(seconds=-1 if seq <= head - 7 + old else 1)
        )
    Change.objects.filter(seq__lte=head - 7).update(numbered_at=moment - timedelta(days=1))
    assert last_before(moment, head) == head - 7 + old


def test_changes_of_users_and_stages_are_nobodys_feed(staff):
    assert home.figures(staff.dana.access)["changes"]["hour"] == 0


def test_the_page_shows_figures_that_lead_to_their_rows(client, staff, customers):
    client.force_login(staff.bob)
    html = client.get("/").content.decode()
    assert '<a class="figure" href="/customers/" data-figure="count" data-wash>3</a>' in html
    assert 'href="/customers/?stage=active"' in html
    assert f'href="/customers/?owner={staff.alice.pk}"' in html
    assert 'id="home-figures"' in html
    assert "Dora" not in html


def test_an_empty_database_says_what_to_do_first(client, staff):
    client.force_login(staff.admin)
    assert "make demo" in client.get("/").content.decode()
    client.force_login(staff.vera)
    html = client.get("/").content.decode()
    assert "Nothing to see yet" in html
    assert "/customers/new/" not in html.split('id="home"')[1]


def test_strangers_sign_in_first_and_nothing_is_posted_here(client, staff):
    assert client.get("/").status_code == 302
    assert client.get("/feed/").status_code == 302
    client.force_login(staff.alice)
    assert client.post("/").status_code == 405


def test_the_number_of_statements_does_not_grow_with_rows(client, staff, customers):
    client.force_login(staff.dana)
    client.get("/")
    with CaptureQueriesContext(connection) as few:
        client.get("/")
    for number in range(20):
        make_customer(staff.alice, name=f"C{number}")
    number_changes()
    with CaptureQueriesContext(connection) as many:
        client.get("/")
    assert len(many) == len(few) <= 8
