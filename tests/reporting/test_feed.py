"""The feed never shows what may no longer be seen: not from the log, not from the socket, not by its name."""

from itertools import chain

import pytest

from crm.live.frames import Delivered
from crm.records import log
from crm.records.directory import directory
from customers import services
from customers.models import Import
from reporting import feed
from reporting.feed import HomeFeed
from tests.factories import change, make_customer, number_changes


@pytest.fixture
def aisha(staff):
    return make_customer(staff.alice)


def delivered():
    return [Delivered(row, directory()) for row in number_changes()]


def page(user, before=None):
    return feed.page(user.access, before or log.position().head + 1)


def shown(user, before=None):
    return [(each.entry.event, each.subject.name) for each in page(user, before).entries]


def judged(user, changes):
    view = HomeFeed(user.access)
    return [view.judge(change).event for change in changes]


def test_the_newest_stands_first_and_parts_are_named_by_their_customer(staff, aisha):
    change(aisha, staff.bob, stage="vip")
    services.add_note(aisha.pk, actor=staff.bob, body="Call back")
    number_changes()
    assert shown(staff.alice) == [("created", "Aisha Rahman"), ("changed", "Aisha Rahman"), ("created", "Aisha Rahman")]
    assert shown(staff.charlie) == []
    newest = page(staff.alice).entries[0]
    assert (newest.entry.record, newest.subject.url) == ("note", f"/customers/{aisha.pk}/")


def test_a_customer_that_moves_to_another_team_takes_its_entries_along(staff, aisha):
    number_changes()
    change(aisha, staff.dana, owner=staff.charlie.pk)
    moved = delivered()
    assert shown(staff.alice) == []
    assert judged(staff.alice, moved) == ["leave"]
    assert judged(staff.charlie, moved) == ["enter"]
    assert shown(staff.charlie) == [("changed", "Aisha Rahman")]
    assert len(shown(staff.dana)) == 2


def test_what_is_in_the_trash_leaves_and_comes_back_with_it(staff, aisha):
    number_changes()
    services.trash_customer(aisha.pk, actor=staff.alice, version=1)
    trashed = delivered()
    assert (judged(staff.bob, trashed), judged(staff.charlie, trashed)) == (["leave"], [None])
    assert shown(staff.bob) == []
    services.restore_customer(aisha.pk, actor=staff.alice)
    restored = delivered()
    assert judged(staff.bob, restored) == ["enter"]
    assert shown(staff.bob)[0] == ("restored", "Aisha Rahman")


def test_what_is_no_customer_is_no_news_here(staff):
    services.create_tag(actor=staff.admin, name="renewal")
    Import.objects.create(file_name="people.csv", owner=staff.alice)
    changes = delivered()
    assert {each.record for each in changes} == {"tag", "import"}
    assert judged(staff.admin, changes) == [None, None]
    assert shown(staff.admin) == []


def test_one_who_may_see_nothing_is_told_nothing(staff, aisha):
    staff.vera.role.view = "none"
    entered = [each for each in delivered() if each.record == "customer"]
    assert judged(staff.dana, entered) == ["enter"]
    assert judged(staff.vera, entered) == [None]
    assert shown(staff.vera) == []


def test_contact_details_are_masked_for_those_without_the_right(staff, aisha):
    change(aisha, staff.alice, emails=["aisha@kestrel.example"])
    last = delivered()[-1]
    assert "aisha@kestrel" in HomeFeed(staff.dana.access).html(last)
    assert "aisha@kestrel" not in HomeFeed(staff.vera.access).html(last)


def test_a_note_that_comes_live_is_named_by_the_panel(staff, aisha):
    services.add_note(aisha.pk, actor=staff.alice, body="Call back")
    last = delivered()[-1]
    html = HomeFeed(staff.dana.access).html(last)
    assert f'data-name-of="{aisha.topic}"' in html
    assert "Aisha" not in html
    assert feed.late_names(staff.dana.access) == {aisha.topic: "Aisha Rahman"}
    assert feed.late_names(staff.charlie.access) == {}


def test_a_flood_is_cut_short_and_says_so(staff, aisha, monkeypatch):
    monkeypatch.setattr(feed.time, "monotonic", lambda: 7.0)
    monkeypatch.setattr(feed, "FLOOD", 3)
    for number in range(5):
        change(aisha, staff.alice, title=f"T{number}")
    changes = delivered()[-5:]
    view = HomeFeed(staff.dana.access)
    assert [view.judge(each).event for each in changes] == ["enter", "enter", "enter", None, None]
    assert ["flood" in view.item(each) for each in changes[:3]] == [False, False, True]
    monkeypatch.setattr(feed.time, "monotonic", lambda: 8.0)
    assert view.judge(changes[4]).event == "enter"


@pytest.fixture
def many(staff, monkeypatch):
    """Pages of three, read two rows at a time; charlie's changes stand between those of alice."""
    monkeypatch.setattr(feed, "SHOWN", 3)
    monkeypatch.setattr(feed, "BATCH", 2)
    for number in range(8):
        make_customer(staff.charlie if number % 2 else staff.alice, name=f"C{number}")
    number_changes()


def pages(user, most=50):
    found, before = [], None
    for _page in range(most):
        told = page(user, before)
        found.append([each.subject.name for each in told.entries])
        if told.before is None:
            return found
        before = told.before
    raise AssertionError("the pages never end")


@pytest.mark.parametrize(("far", "looks"), [(150_000, 4), (1, 4), (3, 4), (150_000, 1)])
def test_pages_follow_each_other_without_a_hole_or_a_double(staff, many, monkeypatch, far, looks):
    monkeypatch.setattr(feed, "FAR", far)
    monkeypatch.setattr(feed, "LOOKS", looks)
    assert list(chain(*pages(staff.dana))) == [f"C{number}" for number in range(7, -1, -1)]
    assert list(chain(*pages(staff.alice))) == ["C6", "C4", "C2", "C0"]


def test_an_older_page_comes_as_entries_to_append(client, staff, many):
    client.force_login(staff.dana)
    before = page(staff.dana).before
    html = client.get("/feed/", {"before": before}).content.decode()
    assert [name for name in ("C7", "C4", "C3") if f">{name}</a>" in html] == ["C4", "C3"]
    assert '<div id="feed-older" hx-swap-oob="true">' in html
    older = client.get("/", {"before": before}).content.decode()
    assert "data-view" not in older
    assert ">C4</a>" in older


@pytest.mark.parametrize("wrong", ["x", "-1", "1.5", "²"])
def test_a_position_that_is_none_is_refused(client, staff, wrong):
    client.force_login(staff.dana)
    assert client.get("/feed/", {"before": wrong}).status_code == 400
