"""Who is told that a record is hers: whoever others gave it to, while she may see it, until she has read it."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from crm.staff import notifications, services
from crm.staff.models import User
from crm.staff.notifications import Notification
from customers.models import Customer
from customers.services import add_follow_up, create_customer, update_customer
from tests.factories import number_changes, people

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return people()


@pytest.fixture
def given(staff):
    """A customer that dana gave to alice."""
    customer = create_customer(actor=staff.dana, name="Marta Lindqvist")
    update_customer(customer.pk, actor=staff.dana, version=customer.version, changes={"owner": staff.alice.pk})
    number_changes()
    return customer


def titles(user):
    return [(each.title, each.actor_id, each.is_unread) for each in notifications.assigned(user)]


def test_the_new_owner_is_told_and_nobody_else(staff, given):
    assert titles(staff.alice) == [("Marta Lindqvist", staff.dana.pk, True)]
    assert notifications.assigned(staff.alice)[0].url == f"/customers/{given.pk}/"
    assert [titles(user) for user in (staff.dana, staff.bob, staff.charlie)] == [[], [], []]


def test_what_is_part_of_a_record_says_of_which(staff, given, django_assert_num_queries):
    lent = create_customer(actor=staff.alice, name="Yusuf Demir")
    for customer in (given, lent, lent):
        add_follow_up(
            customer.pk, actor=staff.alice, title="Call back", due_at=timezone.now(), assignee_id=staff.dana.pk
        )
    number_changes()

    with django_assert_num_queries(2):
        told = [each.title for each in notifications.assigned(staff.dana)]
    assert told == ["Call back · Yusuf Demir", "Call back · Yusuf Demir", "Call back · Marta Lindqvist"]


def test_what_one_takes_oneself_is_no_news(staff):
    create_customer(actor=staff.alice, name="Her own")
    number_changes()

    assert notifications.unread_count(staff.alice) == 0


def test_what_may_no_longer_be_seen_is_not_told(staff, given):
    Customer.objects.filter(pk=given.pk).update(owner=staff.charlie, team=staff.charlie.team)

    assert titles(staff.alice) == []
    assert notifications.unread_count(staff.alice) == 0


def test_read_is_read_and_never_goes_back(client, staff, given):
    client.force_login(staff.alice)
    latest = client.get("/notifications/").context["latest"]
    assert notifications.bell(staff.alice.access, {}) == {"unread": 1}

    assert client.post("/notifications/seen/", {"seq": latest})["Location"] == reverse("staff:notifications")
    client.post("/notifications/seen/", {"seq": 0})

    assert notifications.bell(staff.alice.access, {}) == {"unread": 0}
    assert client.get("/notifications/").context["assigned"][0].is_unread is False
    assert client.post("/notifications/seen/", {"seq": "x"}).status_code == 422


def test_a_fragment_also_renews_the_bell(client, staff, given):
    client.force_login(staff.alice)

    fragment = client.get("/notifications/", headers={"HX-Request": "true"}).content.decode()

    assert "<html" not in fragment
    assert "Marta Lindqvist" in fragment
    assert 'hx-swap-oob="true"' in fragment
    assert 'data-format="badge">1</span>' in fragment


def test_somebody_with_nothing_to_know_is_told_so(client, staff):
    client.force_login(staff.bob)

    assert "Nothing waits for you" in client.get("/notifications/").content.decode()


def test_modules_say_what_is_due(monkeypatch, staff):
    at = datetime(2026, 11, 23, tzinfo=UTC)
    monkeypatch.setattr(notifications, "_due", [])
    notifications.register_due(
        lambda user: User.objects.filter(pk=user.pk, username="alice"),
        lambda user: Notification(f"Call {user.first_name}", "/", "phone", at),
    )

    assert notifications.due(staff.alice) == [Notification("Call Alice", "/", "phone", at)]
    assert [notifications.unread_count(user) for user in (staff.alice, staff.bob)] == [1, 0]


def test_the_list_asks_as_often_for_twenty_as_for_one(client, staff, given, django_assert_max_num_queries):
    client.force_login(staff.alice)
    with django_assert_max_num_queries(40) as one:
        client.get("/notifications/")
    for number in range(20):
        create_customer(actor=staff.dana, name=f"Customer {number}", owner=staff.alice.pk)
    number_changes()

    with django_assert_max_num_queries(len(one)):
        assert len(client.get("/notifications/").context["assigned"]) == 21


def test_what_is_older_follows_and_the_bell_counts_it_too(client, monkeypatch, staff, given):
    monkeypatch.setattr(notifications, "SHOWN", 1)
    create_customer(actor=staff.dana, name="Yusuf Demir", owner=staff.alice.pk)
    number_changes()
    client.force_login(staff.alice)

    newest = client.get("/notifications/", headers={"HX-Request": "true"})
    older = client.get("/notifications/", {"before": newest.context["older"]})

    assert [[each.title for each in page.context["assigned"]] for page in (newest, older)] == [
        ["Yusuf Demir"],
        ["Marta Lindqvist"],
    ]
    assert f'rel="next" href="/notifications/?before={newest.context["older"]}"' in newest.content.decode()
    assert 'data-format="badge">2</span>' in newest.content.decode()
    assert 'rel="next"' not in older.content.decode()
    assert ["Mark all as read" in page.content.decode() for page in (newest, older)] == [True, False]
    assert client.get("/notifications/?before=x").status_code == 404


def test_more_than_are_shown_of_what_is_due_is_said(client, monkeypatch, staff, given):
    said = "At most 1 of each kind stand here"
    add_follow_up(given.pk, actor=staff.alice, title="Call", due_at=timezone.now(), assignee_id=staff.alice.pk)
    client.force_login(staff.alice)
    assert said not in client.get("/notifications/").content.decode()

    monkeypatch.setattr(notifications, "SHOWN", 1)
    assert said in client.get("/notifications/").content.decode()


def test_a_deactivated_users_marks_stay_hers(staff):
    services.mark_notifications_seen(staff.alice, 5)
    services.mark_notifications_seen(staff.alice, 3)

    assert staff.alice.seen_seq == 5
