"""Turns REDIS_URL into what each client of Valkey needs: one server, or the primary that its Sentinels name.

redis://host:6379/0     unix:///folder/valkey.sock?db=0     redis+sentinel://:password@host:26379,host2:26379/name/0
"""

import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import redis
import redis.asyncio
import redis.asyncio.sentinel
import redis.sentinel
from django.core.exceptions import ImproperlyConfigured

SENTINEL_SCHEME = "redis+sentinel"
SENTINEL_PORT = 26379
SENTINEL_LIMIT = 0.5  # seconds for a Sentinel to say who leads; the next one is asked then
# A server whose machine is cut off says nothing, and would be believed in for a quarter of an hour.
KEEPALIVE = {"TCP_KEEPIDLE": 1, "TCP_KEEPINTVL": 1, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 3000}


@dataclass(frozen=True)
class RedisUrl:
    """`sentinels` is empty for one server of a known address."""

    url: str
    sentinels: tuple[tuple[str, int], ...] = ()
    name: str = ""
    password: str | None = None

    @classmethod
    def parse(cls, url: str) -> "RedisUrl":
        """Raises ImproperlyConfigured for an address without Sentinels or without the name of what they watch."""
        parts = urlsplit(url)
        if parts.scheme != SENTINEL_SCHEME:
            return cls(url)
        secret, _, hosts = parts.netloc.rpartition("@")
        name = parts.path.strip("/").partition("/")[0]
        if not hosts or not name:
            raise ImproperlyConfigured(
                "REDIS_URL: name Sentinels and whom they watch: redis+sentinel://host:26379/name/0"
            )
        sentinels = tuple(address(host) for host in hosts.split(","))
        return cls(url, sentinels, name, unquote(secret.rpartition(":")[2]) or None)

    def of_database(self, number: int) -> str:
        """One server's address, with another of its databases."""
        parts = urlsplit(self.url)
        if parts.scheme == "unix":
            return f"unix://{parts.netloc}{parts.path}?db={number}"
        return urlunsplit(parts._replace(path=f"/{number}"))

    def client(self, **options: Any) -> "redis.Redis":
        """Of database 0."""
        if not self.sentinels:
            return redis.Redis.from_url(self.of_database(0), **self.keepalive, **options)
        found = redis.sentinel.Sentinel(self.sentinels, sentinel_kwargs=SENTINEL_OPTIONS)  # type: ignore[no-untyped-call]
        client: redis.Redis = found.master_for(  # type: ignore[no-untyped-call]
            self.name, db=0, password=self.password, **self.keepalive, **options
        )
        return client

    def async_client(self, **options: Any) -> "redis.asyncio.Redis":
        """Of database 0."""
        if not self.sentinels:
            return redis.asyncio.Redis.from_url(self.of_database(0), **self.keepalive, **options)
        found = redis.asyncio.sentinel.Sentinel(self.sentinels, sentinel_kwargs=SENTINEL_OPTIONS)  # type: ignore[no-untyped-call]
        client: redis.asyncio.Redis = found.master_for(
            self.name, db=0, password=self.password, **self.keepalive, **options
        )
        return client

    @property
    def keepalive(self) -> dict[str, Any]:
        if urlsplit(self.url).scheme == "unix":
            return {}
        known = {getattr(socket, name): value for name, value in KEEPALIVE.items() if hasattr(socket, name)}
        return {"socket_keepalive": True, "socket_keepalive_options": known}

    def django_cache(self, number: int, **options: Any) -> dict[str, Any]:
        """The settings of a cache in that database."""
        location = self.of_database(number)
        if self.sentinels:
            location = f"redis://{self.name}/{number}"
            options |= {
                "CONNECTION_FACTORY": "django_redis.pool.SentinelConnectionFactory",
                "SENTINELS": list(self.sentinels),
                "SENTINEL_KWARGS": SENTINEL_OPTIONS,
                "PASSWORD": self.password,
            }
        return {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": location, "OPTIONS": options}

    def broker(self, number: int) -> str:
        """Celery's word for that database."""
        if self.sentinels:
            secret = f":{quote(self.password, safe='')}@" if self.password else ""
            return ";".join(f"sentinel://{secret}{host}:{port}/{number}" for host, port in self.sentinels)
        return self.of_database(number).replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")

    @property
    def broker_options(self) -> dict[str, Any]:
        return {"master_name": self.name, "sentinel_kwargs": SENTINEL_OPTIONS} if self.sentinels else {}


SENTINEL_OPTIONS = {"socket_timeout": SENTINEL_LIMIT, "socket_connect_timeout": SENTINEL_LIMIT}


def address(text: str) -> tuple[str, int]:
    host, _, port = text.partition(":")
    return host, int(port or SENTINEL_PORT)
