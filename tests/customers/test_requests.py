"""What customers ask, from the door to what was done about it, and what is left of it in the log: nobody's hand."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from crm.outbox.models import Dispatch
from crm.records.models import ChangeNew
from crm.requests.models import Request
from crm.requests.services import accept_request
from crm.staff.hours import next_working_hour
from crm.staff.models import Role, User
from customers import requests, services
from customers.models import Consent, Customer, FollowUp
from tests.factories import make_user, number_changes
from tests.requests.handling import handled

pytestmark = pytest.mark.django_db


@pytest.fixture
def refused(everybody, customer):
    """`refused("change_details", city=1)`: what the door says, by field; nothing is queued."""

    def send(kind, **payload):
        with pytest.raises(ValidationError) as caught:
            accept_request(kind, customer.pk, payload, actor=everybody.alice)
        assert not Request.objects.exists()
        return caught.value.message_dict

    return send


def news(record):
    """(way, actor) of what was logged of such records."""
    return list(ChangeNew.objects.filter(record=record).order_by("id").values_list("way", "actor_id"))


def test_details_are_changed_as_the_customers_own(ask, customer):
    before = customer.version

    request = ask("change_details", emails=["Aisha@New.example"], phones=["0113 496 0200"], country="gb", city="Hull")

    customer.refresh_from_db()
    assert (customer.emails, customer.phones) == (["Aisha@new.example"], ["+441134960200"])
    assert (customer.country, customer.city, customer.title) == ("GB", "Hull", "Head of Operations")
    assert {point.value for point in customer.contact_points.exclude(kind="address")} == {
        "Aisha@new.example",
        "+441134960200",
    }
    assert (request.state, request.result) == (
        "done",
        {"changed": ["city", "country", "emails", "phones"], "version": before + 1},
    )
    assert news("customer")[-1] == ("request", None)


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({"emails": ["nobody"]}, "payload.emails"),
        ({"phones": ["12"]}, "payload.phones"),
        ({"name": " "}, "payload.name"),
        ({"city": "x" * 121}, "payload.city"),
        ({"born_on": "2999-01-01"}, "payload.born_on"),
        ({"stage": "customer"}, "payload.stage"),
        ({"owner": 1}, "payload.owner"),
        ({}, "payload"),
    ],
)
def test_details_that_do_not_hold_are_refused_at_the_door(refused, payload, field):
    assert list(refused("change_details", **payload)) == [field]


def test_details_that_hold_no_more_are_refused_with_the_reason(everybody, customer):
    request = accept_request("change_details", customer.pk, {"city": "Hull"}, actor=everybody.alice)
    Request.objects.update(payload={"city": "Hull", "emails": ["nobody"]})

    handled(request)

    assert request.state == "failed"
    assert request.reason.startswith("emails: nobody: ")
    customer.refresh_from_db()
    assert customer.city == "Leeds"
    assert news("customer")[-1] == (None, everybody.alice.pk)


def test_nothing_is_done_for_a_customer_in_the_trash(everybody, customer):
    request = accept_request("change_details", customer.pk, {"city": "Hull"}, actor=everybody.alice)
    services.trash_customer(customer.pk, actor=everybody.alice, version=customer.version)

    assert handled(request).reason == "This customer is in the trash."


def test_what_is_so_already_changes_nothing(ask, customer):
    request = ask("change_details", city="Leeds")

    assert request.result == {"changed": [], "version": customer.version}
    assert len(news("customer")) == 1


@pytest.mark.parametrize(
    ("wanted", "due"),
    [
        ("2031-01-08T10:00:00Z", "2031-01-08T10:00"),  # a Wednesday
        ("2031-01-08T07:59:00Z", "2031-01-08T09:00"),
        ("2031-01-08T17:00:00Z", "2031-01-09T09:00"),
        ("2031-01-10T16:59:00Z", "2031-01-10T16:59"),
        ("2031-01-10T20:00:00Z", "2031-01-13T09:00"),
        ("2031-01-11T10:00:00Z", "2031-01-13T09:00"),
        ("2031-01-12T10:00:00Z", "2031-01-13T09:00"),
    ],
)
def test_calls_are_due_in_working_hours(everybody, wanted, due):
    found = next_working_hour(datetime.fromisoformat(wanted), everybody.alice)

    assert found.strftime("%Y-%m-%dT%H:%M") == due


def test_working_hours_are_the_assignees_own(everybody):
    everybody.alice.time_zone = "Asia/Tokyo"

    found = next_working_hour(datetime(2031, 1, 10, 10, tzinfo=UTC), everybody.alice)  # there a Friday, 19:00

    assert found == datetime(2031, 1, 13, 0, tzinfo=UTC)


def test_the_owner_calls_back_and_the_result_says_so(ask, everybody, customer):
    request = ask("call_back", when=(timezone.now() + timedelta(days=7)).isoformat(), about="the offer")

    (follow_up,) = FollowUp.objects.all()
    assert (follow_up.customer_id, follow_up.assignee_id) == (customer.pk, everybody.alice.pk)
    assert follow_up.title == "Call back: the offer"
    assert follow_up.due_at > timezone.now() + timedelta(days=6)
    assert request.result == {
        "follow_up": follow_up.pk,
        "assignee": everybody.alice.pk,
        "who": "Alice Moreau",
        "why": "owns this customer",
        "due_at": request.result["due_at"],
    }
    assert datetime.fromisoformat(request.result["due_at"]) == follow_up.due_at
    assert news("followup") == [("request", None)]


def test_the_past_means_now(ask):
    ask("call_back", when=(timezone.now() - timedelta(days=3)).isoformat())

    assert FollowUp.objects.get().due_at > timezone.now() - timedelta(minutes=1)


def test_without_the_owner_the_least_busy_of_the_team_calls_back(ask, everybody, customer):
    eve = make_user("eve", team=everybody.bob.team)
    make_user("fay", "viewer", team=everybody.bob.team)  # may change nothing
    Role.objects.create(code="temp", name="Temp", view="team", edit="team")
    make_user("gil", "temp", team=everybody.bob.team)  # does not see whom to call
    for user, count in ((everybody.bob, 2), (eve, 1)):
        for _ in range(count):
            services.add_follow_up(
                customer.pk, actor=everybody.dana, title="x", due_at=timezone.now(), assignee_id=user.pk
            )
    User.objects.filter(pk=everybody.alice.pk).update(is_active=False)

    request = ask_as(everybody.dana, customer)

    assert (request.result["who"], request.result["why"]) == ("eve", "has the fewest open follow-ups of the team")


def test_without_owner_and_team_whoever_sees_all_calls_back_and_nobody_is_refused(everybody, customer):
    Customer.objects.filter(pk=customer.pk).update(owner=None, team=None)

    assert ask_as(everybody.dana, customer).result["who"] in ("Dana Wu", "admin")
    request = accept_request("call_back", customer.pk, {}, actor=everybody.dana)
    User.objects.update(is_active=False)
    assert handled(request).reason == "There is nobody who could call back."


def ask_as(user, customer):
    return handled(accept_request("call_back", customer.pk, {}, actor=user))


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({"when": "soon"}, "payload.when"),
        ({"when": "2031-01-10T10:00:00"}, "payload.when"),
        ({"when": "9999-12-31T23:59:59Z"}, "payload.when"),
        ({"about": "x" * 151}, "payload.about"),
    ],
)
def test_calls_that_cannot_be_planned_are_refused_at_the_door(refused, payload, field):
    assert list(refused("call_back", **payload)) == [field]


def test_what_the_customer_said_of_marketing_counts_and_is_kept(ask, customer):
    wanted = ask("consent", channel="email", is_given=True)
    again = ask("consent", channel="email", is_given=True)
    ask("consent", channel="phone", is_given=True)
    ask("consent", channel="email", is_given=False)

    said = Consent.objects.filter(customer=customer).order_by("id").values_list("channel", "is_given")
    assert list(said) == [("email", True), ("phone", True), ("email", False)]
    assert again.result == wanted.result
    confirmed = Dispatch.objects.order_by("pk").values_list("recipient", "content__subject")
    assert list(confirmed) == [
        ("aisha@kestrel.example", "You will hear from us"),
        ("aisha@kestrel.example", "You will hear from us"),
        ("aisha@kestrel.example", "You will not hear from us"),
    ]
    assert wanted.result.keys() == {"channel", "is_given", "since"}
    assert news("consent") == [("request", None)] * 3


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({"channel": "owl", "is_given": True}, "payload.channel"),
        ({"channel": "email", "is_given": "yes"}, "payload.is_given"),
        ({"channel": "email"}, "payload.is_given"),
    ],
)
def test_consents_must_be_clear(refused, payload, field):
    assert list(refused("consent", **payload)) == [field]


def test_the_channels_of_payload_and_table_are_the_same():
    assert requests.ConsentGiven.model_json_schema()["properties"]["channel"]["enum"] == Consent.Channel.values


def test_the_page_says_what_of_marketing_is_wanted(ask, customer, browser_of):
    ask("consent", channel="email", is_given=True)
    ask("consent", channel="email", is_given=False)
    ask("consent", channel="post", is_given=True)

    shown = browser_of("bob").get(f"/customers/{customer.pk}/consents/").content.decode()

    words = [" ".join(re.sub("<[^>]*>", " ", line).split()) for line in shown.split('<div class="line">')[1:]]
    assert words[0].startswith("E-mail not wanted")
    assert words[1:3] == ["Phone not asked", "Text message not asked"]
    assert words[3].startswith("Letter wanted")
    assert browser_of("charlie").get(f"/customers/{customer.pk}/consents/").status_code == 404


def test_each_request_and_what_came_of_it_stand_on_the_timeline(ask, customer, browser_of):
    ask("change_details", city="Hull")
    ask("call_back", about="the offer")
    ask("consent", channel="email", is_given=True)
    number_changes()

    shown = browser_of("bob").get(f"/customers/{customer.pk}/timeline/").content.decode()

    told = " | ".join(" ".join(re.sub("<[^>]*>", "", each).split()) for each in shown.split('class="what">'))
    for title in ("Change of details", "Call back", "Consent to marketing"):
        assert f"Alice Moreau asked: {title}" in told
        assert f"Request finished {title}" in told
    assert "Request agreed to marketing by e-mail" in told
    assert "Request planned Call back: the offer for" in told
    assert re.search(r"Request changed city[^|]*Hull", told, re.IGNORECASE)


def test_the_page_of_a_request_says_in_words_what_was_asked_and_what_came_of_it(ask, browser_of):
    request = ask("change_details", title="Engineer", postcode="HU1 1AA")

    shown = browser_of("bob").get(f"/requests/{request.pk}/").content.decode()

    pairs = dict(re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", shown))
    assert (pairs["Job title"], pairs["Postcode"]) == ("Engineer", "HU1 1AA")
    assert pairs["Changed"] == "Postcode, Job title"
    assert browser_of("vera").get(f"/requests/{request.pk}/").content.decode().count("HU1 1AA") == 0


def test_the_page_of_a_request_names_people_and_leaves_out_what_programs_go_by(ask, browser_of):
    request = ask("call_back", about="the offer")

    shown = browser_of("bob").get(f"/requests/{request.pk}/").content.decode()

    pairs = dict(re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", shown.split("What came of it")[1].split("</dl>")[0]))
    assert pairs["Who"] == request.result["who"]
    assert set(pairs) == {"Who", "Why", "Due at"}
