"""A dispatch as a call of a site's webhook, signed as https://www.standardwebhooks.com has it.

The address is an administrator's word, and so may name what only this machine can reach: what is not public is refused,
by the very address that is then connected to. Redirects are answers like any other that is not a yes.
"""

import base64
import hashlib
import hmac
import http.client
import ipaddress
import json
import socket
import ssl
import time
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from crm.outbox.errors import NotSent
from crm.outbox.models import Dispatch
from crm.sites.models import Site

PATIENCE = 5  # seconds for each answer of the network


class Connection(http.client.HTTPConnection):
    """To an address that has been looked at; the name is still what the certificate has to be of."""

    def __init__(self, url: SplitResult, address: tuple[str, int]) -> None:
        super().__init__(url.hostname or "", address[1], timeout=PATIENCE)
        self.address = address
        self.is_secure = url.scheme == "https"

    def connect(self) -> None:
        self.sock = socket.create_connection(self.address, PATIENCE)
        if self.is_secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def send(dispatch: Dispatch) -> None:
    """Raises NotSent; after any other exception nobody knows whether the site has heard."""
    site = dispatch.site
    if site is None or site.revoked_at or not site.webhook_url:
        raise NotSent("the site wishes no calls any more", is_final=True)
    url = urlsplit(site.webhook_url)
    body = json.dumps(dispatch.content).encode()
    connection = Connection(url, public_address(url))
    try:
        connection.connect()
    except OSError as error:
        raise NotSent(f"{type(error).__name__}: {error}") from error
    try:
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        connection.request("POST", path, body, headers_of(dispatch, site, body) | {"Host": url.netloc})
        answer = connection.getresponse()
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise NotSent(f"the site answered {answer.status}")


def public_address(url: SplitResult) -> tuple[str, int]:
    """Where the name leads. Raises NotSent where that is nowhere, or not for everybody to reach (DEBUG apart)."""
    port = url.port or {"http": 80, "https": 443}[url.scheme]
    try:
        found = socket.getaddrinfo(url.hostname, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise NotSent(f"{url.hostname}: {error}") from error
    host = str(found[0][4][0])
    if not settings.DEBUG and not is_public(host):
        raise NotSent(f"{url.hostname} is not a public address", is_final=True)
    return host, port


def is_public(host: str) -> bool:
    address = ipaddress.ip_address(host)
    return (getattr(address, "ipv4_mapped", None) or address).is_global


def headers_of(dispatch: Dispatch, site: Site, body: bytes) -> dict[str, str]:
    said_at = str(int(time.time()))
    return {
        "Content-Type": "application/json",
        "User-Agent": "Pulse",
        "Idempotency-Key": str(dispatch.key),
        "webhook-id": str(dispatch.key),
        "webhook-timestamp": said_at,
        "webhook-signature": f"v1,{signature(site, str(dispatch.key), said_at, body)}",
    }


def signature(site: Site, key: str, said_at: str, body: bytes) -> str:
    signed = b".".join([key.encode(), said_at.encode(), body])
    return base64.b64encode(hmac.digest(site.signing_key, signed, hashlib.sha256)).decode()
