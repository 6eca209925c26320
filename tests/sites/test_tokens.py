"""What a site's token opens: the door for its customers' requests, and what it has sent itself."""

import pytest

from crm.requests.models import Request
from crm.sites.models import Site
from crm.sites.services import create_site, revoke_site
from tests.api.asking import Program, is_problem
from tests.factories import make_customer
from tests.requests.handling import handle_next

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(everybody):
    return make_customer(everybody.alice)


@pytest.fixture
def asked(customer):
    return {"kind": "consent", "customer": customer.pk, "payload": {"channel": "email", "is_given": True}}


@pytest.fixture
def site_named(everybody):
    """`site_named("Shop")`: the program of a new site."""

    def make(name):
        return Program(None, create_site(actor=everybody.admin, name=name)[1])

    return make


def test_a_site_sends_for_a_customer_and_asks_what_came_of_it(site_named, asked, programs):
    shop = site_named("Shop")

    path = f"/requests/{shop.post('/requests', asked).json()['id']}"
    handle_next()

    assert shop.get(path).json()["state"] == "done"
    assert programs.bob.get(path).json()["kind"] == "consent"
    assert is_problem(site_named("Other").get(path), 404)
    assert Request.objects.get().sender == Site.objects.get(name="Shop").sender


def test_keys_are_one_sites_by_body_or_header(site_named, asked):
    shop, other = site_named("Shop"), site_named("Other")
    first = shop.post("/requests", asked | {"idempotency_key": "k"}).json()

    assert shop.post("/requests", asked, Idempotency_Key="k").json() == first
    assert is_problem(shop.post("/requests", asked | {"kind": "export_data", "payload": {}}, Idempotency_Key="k"), 422)
    assert other.post("/requests", asked | {"idempotency_key": "k"}).json() != first


@pytest.mark.parametrize(("kind", "payload"), [("probe", {"ms": 0, "key": "k"}), ("approve_erasure", {})])
def test_what_is_not_the_customers_own_to_send_is_refused(site_named, asked, kind, payload):
    assert is_problem(site_named("Shop").post("/requests", asked | {"kind": kind, "payload": payload}), 403)
    assert not Request.objects.exists()


def test_what_is_giant_is_refused_before_it_is_read(site_named, asked):
    refused = site_named("Shop").post("/requests", asked | {"payload": {"channel": "e" * 200_000}})

    assert is_problem(refused, 413)


def test_a_revoked_site_opens_nothing(site_named, asked, everybody):
    shop = site_named("Shop")
    revoke_site(Site.objects.get().pk, actor=everybody.admin)

    assert is_problem(shop.post("/requests", asked), 401)


def test_each_site_has_its_own_rate(site_named, asked, settings):
    settings.SITE_RATE = 4
    shop, other = site_named("Shop"), site_named("Other")
    statuses = [shop.get("/requests/1").status_code for _ in range(2)]

    assert statuses == [404, 429]
    assert is_problem(shop.post("/requests", asked), 429)
    assert other.post("/requests", asked).status_code == 202


def test_an_administrator_makes_a_site_and_sees_its_token_once(client, everybody):
    client.force_login(everybody.admin)

    made = client.post("/admin/sites/site/add/", {"name": "Shop"}, follow=True)
    token = "site_" + made.content.decode().split("site_")[1].split()[0]
    site = Site.objects.get()

    assert is_problem(Program(None, token).get("/requests/1"), 404)
    assert token not in client.get(f"/admin/sites/site/{site.pk}/change/").content.decode()
    client.post("/admin/sites/site/", {"action": "revoke", "_selected_action": [site.pk]})
    assert is_problem(Program(None, token).get("/requests/1"), 401)
