"""The board and the pages of requests: computed from the rows, and only of what the reader may see."""

import html
import json
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from crm.requests import board, listing
from crm.requests.models import Request, Worker
from crm.requests.services import accept_request
from crm.requests.wording import in_words
from tests.factories import make_customer
from tests.requests.handling import claim, handle_next

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(everybody):
    def accept(owner, ms=0):
        customer = make_customer(owner)
        return accept_request("probe", customer.pk, {"ms": ms, "key": "k"}, actor=everybody.admin)

    return accept


@pytest.fixture
def requests(everybody, ask):
    """Of alice's customers one is done, one runs and one waits; of charlie's one waits."""
    done, running = ask(everybody.alice), ask(everybody.alice)
    handle_next()
    claim()
    waiting, others = ask(everybody.alice), ask(everybody.charlie)
    return done, running, waiting, others


def test_the_numbers_are_those_of_the_rows_that_the_reader_may_see(everybody, requests):
    seen_by_dana, seen_by_bob = board.board_of(everybody.dana.access), board.board_of(everybody.bob.access)

    for found, queued in ((seen_by_dana, 2), (seen_by_bob, 1)):
        assert (found["queued"], found["running"], found["done"], found["dead"]) == (queued, 1, 1, 0)
        assert [row["kind"] for row in found["kinds"]] == ["probe"]
        assert found["responses"]["n"] == sum(each["n"] for each in found["bins"]) == 1
    done = requests[0]
    done.refresh_from_db()
    seconds = (done.finished_at - done.received_at).total_seconds()
    assert seen_by_bob["responses"]["mean"] == pytest.approx(seconds, abs=1e-5)
    assert [row.pk for row in seen_by_bob["handled"]] == [requests[1].pk]
    assert [row.pk for row in seen_by_bob["first"]] == [requests[2].pk]


FIGURE = re.compile(r'<a class="figure[^"]*" href="([^"]+)">([^<]+)</a>')


def test_every_number_opens_its_rows(everybody, requests, client):
    client.force_login(everybody.dana)
    Request.objects.filter(pk=requests[1].pk).update(worker="here:1/7")
    Worker.objects.create(name="here:1", slots=4, queues="requests", seen_at=timezone.now())

    figures = [(html.unescape(url), shown) for url, shown in FIGURE.findall(client.get("/requests/").content.decode())]

    counted = {url: int(shown.split()[0]) for url, shown in figures if re.fullmatch(r"\d+( of .*)?", shown)}
    assert sum(counted.values()) > 8
    for url, number in counted.items():
        page = client.get(url)
        assert len(re.findall(r'id="(?:request|desk)-\d+"', page.content.decode())) == number, url
    oldest = [url for url, _ in figures if url == requests[2].get_absolute_url()]
    slowest = [url for url, _ in figures if "at_least" in url and "below" not in url]
    assert len(oldest) == 1
    assert [f"/requests/{requests[0].pk}/" in client.get(url).content.decode() for url in slowest] == [True] * 3


def test_a_list_of_a_time_leaves_out_what_took_longer_or_ended_before(everybody, requests):
    access = everybody.dana.access
    done = Request.objects.get(pk=requests[0].pk)
    Request.objects.filter(pk=done.pk).update(finished_at=done.received_at + timedelta(seconds=0.2))

    def rows(**asked):
        return [row.pk for row in listing.Asked(**asked).rows(access)]

    assert rows(at_least="0.2", below="0.4") == rows(within="300") == rows(state="answered") == [done.pk]
    assert rows(below="0.2") == rows(at_least="0.200001") == rows(state="bad") == []
    assert len(rows(within="soon", below="NaN", at_least="-1")) == 4
    Request.objects.filter(pk=done.pk).update(finished_at=timezone.now() - timedelta(seconds=61))
    assert rows(within="60") == []


def test_the_panel_is_drawn_by_the_partials_of_the_page(everybody, requests, client):
    client.force_login(everybody.bob)

    page = client.get("/requests/").content.decode()
    panel = board.compute_panel(everybody.bob.access, {})

    assert "Self-test" in page
    assert all(">Self-test</a>" in panel["parts"][part] for part in ("running", "waiting"))
    for part in ("kinds", "waiting"):
        assert panel["parts"][part].split("</thead>")[0] in page


def test_pages_are_for_who_sees_the_customer(everybody, requests, client):
    of_charlie = requests[3]
    for user, status in ((everybody.charlie, 200), (everybody.bob, 404)):
        client.force_login(user)
        assert client.get(f"/requests/{of_charlie.pk}/").status_code == status
        assert client.get(f"/requests/{of_charlie.pk}/state/").status_code == status
    assert f"/requests/{of_charlie.pk}/" not in client.get("/requests/all/?state=queued").content.decode()


def test_a_page_says_why_a_request_is_begun_when_it_is(everybody, requests, client):
    client.force_login(everybody.bob)
    waiting = requests[2]
    order = {
        "value": 2.0, "urgency": 60.0, "expected": 0.25, "spread": 0.031, "index": 480.0, "head_start": 597.3,
        "is_by_deadline": False,
    }  # fmt: skip

    def page(**more):
        Request.objects.filter(pk=waiting.pk).update(order=order | more)
        return client.get(f"/requests/{waiting.pk}/").content.decode()

    for said in (">2 <", ">60 <", "250 ms ± 31 ms", ">480 <", "597.30 s", "less its head start"):
        assert said in page()
    assert "early enough to be answered in time" in page(is_by_deadline=True)


def test_cancelling_by_button_is_for_who_may_change_the_customer(everybody, requests, client):
    waiting = requests[2]
    address = f"/requests/{waiting.pk}/cancellation/"
    for user, status in ((everybody.charlie, 404), (everybody.vera, 403)):
        client.force_login(user)
        assert client.post(address).status_code == status
    assert Request.objects.get(pk=waiting.pk).state == "queued"

    client.force_login(everybody.bob)
    assert client.get(address).status_code == 405
    assert client.post(address).status_code == 302
    assert Request.objects.get(pk=waiting.pk).state == "cancelled"
    assert client.post(address, headers={"HX-Request": "true"}).status_code == 409


def test_a_customers_page_shows_what_they_asked(everybody, requests, client):
    client.force_login(everybody.bob)

    for address in (f"/requests/of/{requests[0].customer_id}/", f"/customers/{requests[0].customer_id}/panels/"):
        assert f"/requests/{requests[0].pk}/" in client.get(address).content.decode()


def test_a_customers_page_leads_to_all_that_they_asked(everybody, ask, client):
    asked = [ask(everybody.alice) for _ in range(6)]
    other, customer = ask(everybody.alice).customer, asked[0].customer
    for each in asked[1:]:
        Request.objects.filter(pk=each.pk).update(customer=customer)
    client.force_login(everybody.alice)

    panel = client.get(f"/requests/of/{customer.pk}/").content.decode()
    listed = client.get(f"/requests/all/?customer={customer.pk}").content.decode()

    assert f"/requests/all/?customer={customer.pk}" in panel
    assert f"/requests/all/?customer={other.pk}" not in client.get(f"/requests/of/{other.pk}/").content.decode()
    assert listed.count("<tr id=") == 6
    assert "<tr id=" not in client.get("/requests/all/?customer=-").content.decode()


def test_a_list_says_whose_it_is_also_when_it_is_empty(everybody, client):
    customer = make_customer(everybody.alice)

    def named(reader, state):
        client.force_login(reader)
        return (
            f'<b class="cut">{customer.name}</b>'
            in client.get(f"/requests/all/?customer={customer.pk}&state={state}").content.decode()
        )

    assert named(everybody.alice, "")
    assert named(everybody.alice, "dead")
    assert not named(everybody.charlie, "")


def test_the_list_goes_on_after_its_first_page(everybody, ask, client, monkeypatch):
    monkeypatch.setattr(listing, "LIMIT", 1)
    older, newer = ask(everybody.alice), ask(everybody.alice)
    client.force_login(everybody.bob)

    narrowed = client.get("/requests/all/?state=queued&kind=probe&by=workers").content.decode()
    assert "?state=queued&amp;kind=probe&amp;by=workers&amp;after=" in narrowed
    assert 'href="?state=done&amp;kind=probe&amp;by=workers"' in narrowed

    first = client.get("/requests/all/").content.decode()
    cursor = first.split("after=")[1].split('"')[0]
    second = client.get(f"/requests/all/?after={cursor}").content.decode()

    assert f"/requests/{newer.pk}/" in first
    assert f"/requests/{older.pk}/" in second
    assert client.get("/requests/all/?after=nonsense").status_code == 400


@pytest.mark.parametrize(
    ("value", "reads"),
    [
        ("2026-11-25T21:12:08.964149Z", "25 Nov 2026, 21:12:08"),
        ("2026-11-26T09:00:00+01:00", "26 Nov 2026, 08:00:00"),
        ("2026-13-45T99:00:00Z", "2026-13-45T99:00:00Z"),
        ({}, "–"),
        (["phones", "x"], "Phone, x"),
    ],
)
def test_what_was_asked_reads_as_people_write(value, reads):
    assert in_words(value, {"phones": "Phone"}) == reads


def listed(access, **asked):
    """What the panel of the list shows: how many are newer, and whose rows are in it."""
    shown = listing.compute_panel(access, asked)
    return shown["newer"], re.findall(r'id="request-(\d+)"', shown["parts"]["rows"])


def test_a_list_stays_where_it_began_and_counts_what_came_since(everybody, ask, client):
    access = everybody.bob.access
    assert listed(access) == (0, [])
    first = ask(everybody.alice)
    assert listed(access) == (1, [])

    client.force_login(everybody.bob)
    asked = client.get("/requests/all/").context["args"]
    ask(everybody.alice)
    ask(everybody.charlie)
    handle_next()

    args = json.loads(asked)
    assert listed(access, **args) == (1, [str(first.pk)])
    assert ">Done<" in listing.compute_panel(access, args)["parts"]["rows"]
    assert listed(access, **args, state="done") == (0, [str(first.pk)])
    assert listed(everybody.charlie.access, **args)[0] == 1


def test_a_further_page_is_live_and_counts_nothing(everybody, ask, monkeypatch):
    monkeypatch.setattr(listing, "LIMIT", 1)
    older, _ = ask(everybody.alice), ask(everybody.alice)
    found = listing.listing(everybody.bob.access, listing.Asked())

    assert listed(everybody.bob.access, after=found.next) == (0, [str(older.pk)])


@pytest.mark.parametrize(
    "wrong", [{"since": "nonsense"}, {"after": "[]"}, {"kind": "\0"}, {"pool": "\0"}, {"since": 1}]
)
def test_a_panel_that_is_asked_nonsense_shows_nothing(everybody, wrong):
    assert listing.compute_panel(everybody.bob.access, wrong) == {}
