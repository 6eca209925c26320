"""Every screen that writes asks the same: is she signed in, may she see it, may she change it, was it a POST?"""

import pytest
from django.test import Client

from crm.records.models import ChangeNew
from customers import services
from customers.models import Customer, FollowUp, Note
from tests.factories import make_customer

pytestmark = pytest.mark.django_db

WRITES = {
    "field": ("/customers/{customer}/fields/name/", {"version": "1", "name": "Bo Ek"}),
    "edit": ("/customers/{customer}/edit/", {"version": "1", "name": "Bo Ek"}),
    "note": ("/customers/{customer}/notes/", {"body": "Call her."}),
    "follow_up": ("/customers/{customer}/follow-ups/", {"title": "Call", "due_at": "2030-01-02T09:00"}),
    "done": ("/customers/follow-ups/{follow_up}/done/", {}),
    "trash": ("/customers/{customer}/trash/", {"version": "1"}),
}
PAGES = [
    f"/customers/{{customer}}/{part}" for part in ("", "drawer/", "timeline/", "fields/name/", "follow-ups/", "edit/")
]


@pytest.fixture
def ids(everybody, customer):
    follow_up = services.add_follow_up(customer.pk, actor=everybody.alice, title="Write", due_at="2030-01-01T09:00Z")
    return {"customer": customer.pk, "follow_up": follow_up.pk}


@pytest.fixture(params=WRITES)
def write(request, ids):
    """`write(browser)` does one of the writes."""
    path, data = WRITES[request.param]
    return lambda browser: browser.post(path.format(**ids), data)


def everything():
    """All that a write could change, and how much of it was announced."""
    rows = [list(model.objects.order_by("pk").values()) for model in (Customer, FollowUp, Note)]
    return rows, ChangeNew.objects.filter(record__in=["customer", "followup", "note"]).count()


def test_owner_and_teammate_may(write, browser_of):
    before = everything()
    assert write(browser_of("bob")).status_code in (200, 204, 302)
    assert everything() != before


def test_outsider_gets_404_and_nothing_changes(write, browser_of):
    before = everything()
    assert write(browser_of("charlie")).status_code == 404
    assert write(browser_of("charlie", htmx="list")).status_code == 404
    assert everything() == before


def test_viewer_gets_403_and_nothing_changes(write, browser_of):
    before = everything()
    assert write(browser_of("vera")).status_code == 403
    assert everything() == before


def test_anonymous_is_sent_to_sign_in(write):
    before = everything()
    assert write(Client())["Location"].startswith("/accounts/login/")
    assert everything() == before


@pytest.mark.parametrize("name", ["note", "done", "trash"])
def test_only_a_post_writes(name, ids, browser_of):
    before = everything()
    assert browser_of("alice").get(WRITES[name][0].format(**ids)).status_code == 405
    assert everything() == before


@pytest.mark.parametrize("address", PAGES)
def test_readers_see_and_outsiders_get_404(address, ids, browser_of):
    alice, charlie = browser_of("alice"), browser_of("charlie")

    assert alice.get(address.format(**ids)).status_code == 200
    assert charlie.get(address.format(**ids)).status_code == 404
    assert alice.get(address.format(customer=10**9)).status_code == 404
    assert alice.get(address.format(customer=10**30)).status_code == 404


def test_viewers_see_no_way_to_change_anything(ids, browser_of):
    page = browser_of("vera").get(f"/customers/{ids['customer']}/").content.decode()

    assert "Aisha Rahman" in page
    assert "data-edit" not in page.replace('data-when="[data-edit]"', "")  # the sheet of keys names it
    assert "aisha@kestrel" not in page
    assert "a•••@k•••.example" in page
    refused = browser_of("vera").get(f"/customers/{ids['customer']}/edit/")
    assert refused.status_code == 403
    assert "You may see this customer but not change it." in refused.content.decode()
    assert browser_of("vera").get(f"/customers/{ids['customer']}/fields/name/").status_code == 403


def test_what_is_in_the_trash_is_nobodys_page(ids, browser_of, everybody):
    services.trash_customer(ids["customer"], actor=everybody.alice, version=1)

    assert browser_of("alice").get(f"/customers/{ids['customer']}/").status_code == 404
    assert browser_of("alice").post(WRITES["note"][0].format(**ids), WRITES["note"][1]).status_code == 404


def test_another_customers_note_is_not_hers_to_change(everybody, browser_of):
    note = services.add_note(make_customer(everybody.alice).pk, actor=everybody.alice, body="Hers")

    for name, status in {"bob": 403, "charlie": 404}.items():
        for path in ("", "trash/", "restoration/"):
            answer = browser_of(name).post(f"/customers/notes/{note.pk}/{path}", {"version": "1", "body": "x"})
            assert answer.status_code == status
    note.refresh_from_db()
    assert (note.body, note.deleted_at) == ("Hers", None)
