"""The screens of an import, asked by everybody."""

import io

import pytest
from asgiref.sync import async_to_sync
from django.urls import reverse

from crm.staff.models import Role
from customers.imports import runner, services
from customers.imports.models import Import
from customers.models import Customer
from customers.views import imports as views
from tests.factories import make_user

pytestmark = pytest.mark.django_db

URL = "/customers/import/"
State = Import.State


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def batch(everybody):
    return services.start_import(io.BytesIO(b"name,city\nAnna,York\n,Bath\n"), "people.csv", actor=everybody.alice)


@pytest.fixture
def post_of(browser_of, batch):
    def post(name, place, **data):
        return browser_of(name).post(reverse(f"customers:{place}", args=[batch.pk]), data)

    return post


def plan(**facts):
    return {"column_0": "name", "column_1": "city", "date_format": "%Y-%m-%d", "stage": "lead", "tags": "fair"} | facts


def file(content=b"name\nAnna\n", name="people.csv"):
    upload = io.BytesIO(content)
    upload.name = name
    return upload


def body(response):
    async def collect():
        return b"".join([block async for block in response.streaming_content])

    return async_to_sync(collect)().decode()


def test_an_upload_leads_to_its_columns(browser_of):
    browser = browser_of("alice")
    assert browser.get(URL).status_code == 200
    response = browser.post(URL, {"file": file()}, follow=True)
    assert response.redirect_chain == [(f"{URL}{Import.objects.get().pk}/", 302)]
    assert b'<option value="name" selected>' in response.content


@pytest.mark.parametrize(("content", "said"), [(b"", b"empty"), (b"name\n", b"no rows"), (b"PK\x03\x04", b"workbook")])
def test_a_wrong_file_is_said_so_and_not_kept(browser_of, content, said):
    response = browser_of("alice").post(URL, {"file": file(content)})
    assert response.status_code == 422
    assert said in response.content
    assert not Import.objects.exists()


def test_older_imports_are_counted_and_on_a_page_of_their_own(browser_of, everybody, monkeypatch):
    monkeypatch.setattr(views, "IMPORTS", 2)
    names = [f"people{n}.csv" for n in range(3)]
    held = [services.start_import(file(), name, actor=everybody.alice).pk for name in names]

    first = browser_of("alice").get(URL).content.decode()
    following = browser_of("alice").get(f"{URL}?before={held[1]}").content.decode()

    assert [name in first for name in names] == [False, True, True]
    assert [name in following for name in names] == [True, False, False]
    assert f"?before={held[1]}" in first
    assert '<span class="count">1</span>' in first
    assert "?before=" not in following
    assert browser_of("alice").get(f"{URL}?before=x").status_code == 404


def test_a_stopped_import_says_how_far_it_came(browser_of, batch, post_of):
    post_of("alice", "import_plan", **plan())
    runner.work_on(batch.pk)
    Import.objects.filter(pk=batch.pk).update(state=Import.State.STOPPED, position=1)

    page = " ".join(browser_of("alice").get(batch.get_absolute_url()).content.decode().split())

    assert '<progress value="1" max="2"' in page
    assert ">1</b> of 2 rows." in page
    assert page.count("btn primary") == 1


def test_a_file_without_a_good_row_is_not_offered_to_be_imported(browser_of, everybody):
    batch = services.start_import(io.BytesIO(b"name,city\n,Bath\n"), "people.csv", actor=everybody.alice)
    browser_of("alice").post(reverse("customers:import_plan", args=[batch.pk]), plan())
    runner.work_on(batch.pk)

    page = browser_of("alice").get(batch.get_absolute_url()).content.decode()

    assert 'value="running"' not in page
    assert "Rows with errors" in page


def test_a_file_that_is_too_large_is_refused(browser_of, settings):
    settings.IMPORT_MAX_BYTES = 3
    response = browser_of("alice").post(URL, {"file": file()})
    assert (response.status_code, Import.objects.count()) == (422, 0)


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_may_not_import_is_refused(browser_of, method):
    response = getattr(browser_of("vera"), method)(URL, {"file": file()} if method == "post" else None)
    assert (response.status_code, Import.objects.count()) == (403, 0)


def test_the_flow_from_columns_to_outcome(browser_of, batch, post_of, everybody):
    assert post_of("alice", "import_plan", **plan()).status_code == 302
    runner.work_on(batch.pk)
    page = browser_of("alice").get(batch.get_absolute_url())
    assert b"Import the 1 row without errors" in page.content
    assert b"Give a name." in page.content
    assert post_of("alice", "import_state", state="running").status_code == 302
    runner.work_on(batch.pk)
    customer = Customer.objects.get()
    page = browser_of("alice").get(batch.get_absolute_url())
    assert f"/customers/?tag={customer.tags[0]}".encode() in page.content
    assert (customer.name, customer.owner_id) == ("Anna", everybody.alice.pk)
    download = browser_of("alice").get(reverse("customers:import_errors", args=[batch.pk]))
    assert body(download).splitlines() == ["\ufeffname,city,Reason", ",Bath,Name: Give a name."]
    assert post_of("alice", "import_state", state="undoing").status_code == 302
    runner.work_on(batch.pk)
    assert not Customer.objects.filter(deleted_at=None).exists()
    assert b"undone" in browser_of("alice").get(batch.get_absolute_url()).content


PLACES = ["import_plan", "import_reading", "import_state"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("name", "status"), [("bob", 404), ("charlie", 404), ("vera", 403)])
def test_others_change_nothing(post_of, batch, place, name, status):
    data = {"import_plan": plan(), "import_state": {"state": "checking"}, "import_reading": {}}[place]
    assert post_of(name, place, **data).status_code == status
    before = batch.version
    batch.refresh_from_db()
    assert (batch.state, batch.version) == (State.UPLOADED, before)


@pytest.mark.parametrize("place", ["import", "import_errors"])
@pytest.mark.parametrize(("name", "status"), [("bob", 404), ("charlie", 404), ("vera", 403)])
def test_others_read_nothing(browser_of, batch, place, name, status):
    assert browser_of(name).get(reverse(f"customers:{place}", args=[batch.pk])).status_code == status


def test_who_sees_everything_sees_every_import(browser_of, batch):
    assert browser_of("dana").get(batch.get_absolute_url()).status_code == 200


@pytest.fixture
def onlooker(everybody):
    """Sees all, changes her own, and may import."""
    role = Role.objects.create(code="onlooker", name="Onlooker", view="all", edit="own", may_import=True)
    role.refresh_from_db()
    return role, make_user("olga", "onlooker")


def test_who_sees_everything_but_may_not_change_it_moves_nobody_s_import(client, onlooker, batch):
    role, olga = onlooker
    role.sees_contacts = True
    role.save()
    client.force_login(olga)
    address = {place: reverse(f"customers:{place}", args=[batch.pk]) for place in (*PLACES, "import_errors")}
    assert client.get(batch.get_absolute_url()).status_code == 200
    assert client.get(address["import_errors"]).status_code == 403
    assert [client.post(address[place], plan(state="checking")).status_code for place in PLACES] == [403] * 3


def test_another_s_file_is_not_shown_to_who_sees_contact_details_masked(client, onlooker, batch):
    client.force_login(onlooker[1])
    assert client.get(batch.get_absolute_url()).status_code == 403


@pytest.mark.parametrize("place", PLACES)
def test_a_get_changes_nothing(browser_of, batch, place):
    assert browser_of("alice").get(reverse(f"customers:{place}", args=[batch.pk])).status_code == 405


def test_anonymous_is_sent_to_sign_in(client, batch):
    for url in (URL, batch.get_absolute_url()):
        assert client.get(url).status_code == 302


@pytest.mark.parametrize(
    "wrong",
    [
        {"column_0": "nonsense"},
        {"column_0": "city"},
        {"column_0": ""},
        {"key": "reference"},
        {"country": "Atlantis"},
        {"stage": "nirvana"},
        {"owner": "0"},
        {"date_format": "%s"},
    ],
)
def test_a_wrong_plan_is_said_so_and_changes_nothing(post_of, batch, wrong):
    response = post_of("alice", "import_plan", **plan(**wrong))
    assert response.status_code == 422
    assert b"error" in response.content
    batch.refresh_from_db()
    assert batch.state == State.UPLOADED


@pytest.mark.parametrize("state", ["running", "undoing", "", "nonsense"])
def test_a_state_that_does_not_follow_answers_422(post_of, batch, state):
    response = post_of("alice", "import_state", state=state)
    assert response.status_code == 422
    assert b"This import is" in response.content


def test_cells_of_the_file_are_never_markup(everybody, browser_of):
    text = b'"<script>alert(1)</script>",name\n"<img src=x onerror=alert(1)>",Anna\n'
    batch = services.start_import(io.BytesIO(text), "<b>.csv", actor=everybody.alice)
    page = browser_of("alice").get(batch.get_absolute_url()).content
    for markup in (b"<script>alert", b"<img src=x", b"<b>.csv"):
        assert markup not in page


def test_pages_ask_no_more_for_more_imports(browser_of, everybody, django_assert_max_num_queries):
    def queries():
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as seen:
            browser_of("alice").get(URL)
        return len(seen)

    services.start_import(file(), "a.csv", actor=everybody.alice)
    queries()
    one = queries()
    for _each in range(10):
        services.start_import(file(), "a.csv", actor=everybody.alice)
    assert queries() == one
