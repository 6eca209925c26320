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
import threading
import time
from contextlib import closing, suppress
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.encoding import iri_to_uri, punycode

from crm.outbox.errors import NotSent
from crm.outbox.models import Dispatch
from crm.sites.models import Site

PATIENCE = 5  # seconds for each answer of the network
MOST_SECONDS = 20.0  # for a whole call: who says one byte every four seconds may not hold a slot for days
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")  # all that was ever given out (RFC 4291, 2.4)
NAT64 = ipaddress.ip_network("64:ff9b::/96")  # with an IPv4 address in its last 32 bits (RFC 6052)


class Connection(http.client.HTTPConnection):
    """To an address that has been looked at; the name is still what the certificate has to be of."""

    def __init__(self, url: SplitResult, address: tuple[str, int]) -> None:
        super().__init__(url.hostname or "", address[1], timeout=PATIENCE)
        self.address = address
        self.is_secure = url.scheme == "https"
        self.deadline = threading.Timer(MOST_SECONDS, self.cut)
        self.deadline.daemon = True

    def connect(self) -> None:
        self.sock = socket.create_connection(self.address, PATIENCE)
        self.deadline.start()
        if self.is_secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)

    def cut(self) -> None:
        with suppress(OSError):
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)  # SSLSocket's own is not for other threads

    def close(self) -> None:
        self.deadline.cancel()
        super().close()


def send(dispatch: Dispatch) -> None:
    """Raises NotSent; after any other exception nobody knows whether the site has heard."""
    site = dispatch.site
    if site is None or site.revoked_at or not site.webhook_url:
        raise NotSent("the site wishes no calls any more", is_final=True)
    url = address_of(site)
    body = json.dumps(dispatch.content).encode()
    with closing(Connection(url, public_address(url))) as connection:
        try:
            connection.connect()
        except OSError as error:
            raise NotSent(f"{type(error).__name__}: {error}") from error
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        connection.request("POST", path, body, headers_of(dispatch, site, body) | {"Host": url.netloc})
        answer = connection.getresponse()
    if not 200 <= answer.status < 300:
        raise NotSent(f"the site answered {answer.status}")


def address_of(site: Site) -> SplitResult:
    """As it goes over the network, in ASCII. Raises NotSent for what only looks like one."""
    try:
        url = urlsplit(site.webhook_url)
        named = url._replace(netloc=punycode(url.netloc), path=iri_to_uri(url.path), query=iri_to_uri(url.query))
        is_one = named.port != 0 and "@" not in named.netloc  # names and passwords are not sent
    except ValueError:  # UnicodeError is one
        is_one = False
    if not is_one:
        raise NotSent("this address cannot be called", is_final=True)
    return named


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
    """Addresses that carry another (6to4, Teredo) are not, whatever that is: nobody runs a server there."""
    address = ipaddress.ip_address(host)
    if isinstance(address, IPv6Address) and (carried := carried_by(address)):
        address = carried
    if isinstance(address, IPv6Address) and (address not in GLOBAL_UNICAST or address.sixtofour):
        return False
    return address.is_global and not address.is_multicast


def carried_by(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that is called under this name."""
    return address.ipv4_mapped or (IPv4Address(int(address) % 2**32) if address in NAT64 else None)


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
