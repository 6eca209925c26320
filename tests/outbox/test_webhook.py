"""A site is told once that a request it has sent has ended, signed, and nobody is called who is not public."""

import base64
import hashlib
import hmac
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from crm.outbox import sending, webhook
from crm.outbox.models import Dispatch
from crm.requests.services import accept_from_site, accept_request, cancel_request
from crm.sites.services import create_site, revoke_site
from tests.requests.handling import handled

pytestmark = pytest.mark.django_db
DRIPPING = 100
CONSENT = {"channel": "email", "is_given": True}


class Hook(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls.append((self.path, dict(self.headers), body))
        while self.server.status == DRIPPING:
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            time.sleep(0.05)
        if self.server.status:
            self.send_response(self.server.status)
            self.send_header("Location", "http://elsewhere.example/")
            self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def shop():
    """The server of a site: `.calls`; `.status` is what it answers, or 0 for breaking off."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    server.calls, server.status = [], 204
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def site(shop, everybody, settings):
    settings.DEBUG = True  # where addresses of this machine may be called
    url = f"http://127.0.0.1:{shop.server_port}/pulse?shop=1"
    return create_site(actor=everybody.admin, name="Shop", webhook_url=url)[0]


@pytest.fixture
def told(site, customer):
    """The call about a request that the site has sent and that is done."""
    handled(accept_from_site(site, "consent", customer.pk, CONSENT))
    return Dispatch.objects.get(site=site)


def again(dispatch):
    dispatch.refresh_from_db()
    return dispatch


def test_the_end_of_a_request_is_told_once_and_signed(shop, site, told, customer):
    assert [sending.drain(), sending.drain()][1] == 0
    ((path, headers, body),) = shop.calls

    assert (again(told).state, path) == ("sent", "/pulse?shop=1")
    assert told.content["type"] == "request.done"
    assert told.content["data"].keys() == {"id", "kind", "customer", "state"}
    assert headers["Idempotency-Key"] == headers["webhook-id"] == str(told.key)
    key = base64.b64decode(site.signing_secret.removeprefix("whsec_"))
    signed = b".".join([str(told.key).encode(), headers["webhook-timestamp"].encode(), body])
    signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{signature}"


def test_every_end_is_told_to_who_has_sent_it_and_nobody_else(site, customer, everybody):
    accept_request("consent", customer.pk, CONSENT, actor=everybody.bob)
    cancelled = accept_from_site(site, "export_data", customer.pk, {})
    other, _ = create_site(actor=everybody.admin, name="Without a webhook")
    cancel_request(accept_from_site(other, "consent", customer.pk, CONSENT).pk, actor=everybody.bob)

    cancel_request(cancelled.pk, actor=everybody.bob)

    assert [each.content["data"]["id"] for each in Dispatch.objects.exclude(site=None)] == [cancelled.pk]


@pytest.mark.parametrize("status", [301, 404, 500])
def test_an_answer_that_is_no_yes_is_tried_again(shop, told, status):
    shop.status = status

    sending.drain()

    assert (again(told).state, told.reason) == ("waiting", f"the site answered {status}")


def test_an_answer_that_never_comes_leaves_it_unknown(shop, told):
    shop.status = 0

    sending.drain()

    assert (again(told).state, len(shop.calls)) == ("unknown", 1)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "[fd00::1]", "0.0.0.0"]
)
def test_addresses_that_are_not_public_are_not_called(shop, site, told, settings, address):
    settings.DEBUG = False
    site.webhook_url = f"http://{address}:{shop.server_port}/"
    site.save()

    sending.drain()

    assert (again(told).state, shop.calls) == ("dead", [])
    assert "not a public address" in told.reason


def test_a_site_that_was_revoked_is_not_called(shop, site, told, everybody):
    revoke_site(site.pk, actor=everybody.admin)

    sending.drain()

    assert (again(told).state, shop.calls) == ("dead", [])


def test_a_slow_site_is_called_by_a_few_at_a_time(site, told, write):
    Dispatch.objects.filter(pk=told.pk).update(state="sending")
    for _ in range(sending.MOST_AT_ONCE):
        Dispatch.objects.create(customer_id=told.customer_id, site=site, recipient="", content=told.content)
    mail = write()

    claimed = [sending.claim() for _ in range(sending.MOST_AT_ONCE + 1)]

    assert [each.site_id for each in claimed if each and each.site_id] == [site.pk] * (sending.MOST_AT_ONCE - 1)
    assert mail.pk in [each.pk for each in claimed if each]


@pytest.mark.parametrize(
    ("address", "is_public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::93.184.216.34", True),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::10.0.0.1", False),
        ("64:ff9b:1::10.0.0.1", False),
        ("2002:a00:1::", False),
        ("2002:5db8:d822::", False),
        ("2001:0:53aa:64c:0:fbff:f5ff:fffe", False),
        ("::10.0.0.1", False),
        ("fec0::1", False),
        ("fe80::1%eth0", False),
        ("ff02::1", False),
    ],
)
def test_which_addresses_are_public(address, is_public):
    assert webhook.is_public(address) is is_public


def test_what_was_looked_at_is_what_is_called(shop, site, told, settings, monkeypatch):
    """A name that is asked twice may lead elsewhere the second time."""
    real, asked = socket.getaddrinfo, []

    def resolve(host: str, *args: object, **kwargs: object) -> object:
        if host == "rebinding.example":
            asked.append(host)
            host = "127.0.0.1" if len(asked) == 1 else "127.0.0.9"
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(webhook, "is_public", lambda host: host == "127.0.0.1")
    settings.DEBUG = False
    site.webhook_url = f"http://rebinding.example:{shop.server_port}/"
    site.save()

    sending.drain()

    assert again(told).state == "sent"
    assert shop.calls[0][1]["Host"] == f"rebinding.example:{shop.server_port}"
    assert asked == ["rebinding.example"]


@pytest.mark.parametrize(
    "address", ["http://example.org:99999/", "http://example.org:0/", "http://me:secret@example.org/", "http://a..b/"]
)
def test_what_only_looks_like_an_address_is_given_up(site, told, address):
    site.webhook_url = address
    site.save()

    sending.drain()

    assert (again(told).state, told.reason) == ("dead", "this address cannot be called")


def test_an_address_in_any_script_is_called(shop, site, told):
    site.webhook_url += "&name=王"
    site.save()

    sending.drain()

    assert (again(told).state, shop.calls[0][0]) == ("sent", "/pulse?shop=1&name=%E7%8E%8B")


def test_a_site_that_never_comes_to_an_end_is_cut_off(shop, told, monkeypatch):
    monkeypatch.setattr(webhook, "MOST_SECONDS", 0.3)
    shop.status = DRIPPING

    sending.drain()

    assert again(told).state == "unknown"
