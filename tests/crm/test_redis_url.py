"""One address names Valkey for cache, bus, broker and Django's cache, also where Sentinels know who leads."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from redis.sentinel import SentinelConnectionPool

from crm.redis_url import RedisUrl

WATCHED = RedisUrl.parse("redis+sentinel://:s%2Fcret@10.0.0.5:26380,10.0.0.6/pulse/0")


def test_one_server_has_a_database_for_each_use():
    plain = RedisUrl.parse("redis://valkey:6379/0")
    assert plain.of_database(2) == "redis://valkey:6379/2"
    assert plain.django_cache(2)["LOCATION"] == "redis://valkey:6379/2"
    assert (plain.broker(1), plain.broker_options) == ("redis://valkey:6379/1", {})


def test_a_unix_socket_is_named_as_each_client_wants_it():
    local = RedisUrl.parse("unix:///run/valkey.sock?db=0")
    assert local.of_database(2) == "unix:///run/valkey.sock?db=2"
    assert local.broker(1) == "redis+socket:///run/valkey.sock?virtual_host=1"
    assert local.keepalive == {}


def test_sentinels_are_asked_by_all():
    assert WATCHED.sentinels == (("10.0.0.5", 26380), ("10.0.0.6", 26379))
    assert WATCHED.broker(1) == "sentinel://:s%2Fcret@10.0.0.5:26380/1;sentinel://:s%2Fcret@10.0.0.6:26379/1"
    assert WATCHED.broker_options["master_name"] == "pulse"
    cache = WATCHED.django_cache(2, IGNORE_EXCEPTIONS=True)
    assert cache["LOCATION"] == "redis://pulse/2"
    assert cache["OPTIONS"]["SENTINELS"] == [("10.0.0.5", 26380), ("10.0.0.6", 26379)]
    assert cache["OPTIONS"]["IGNORE_EXCEPTIONS"]
    assert isinstance(WATCHED.client().connection_pool, SentinelConnectionPool)
    assert WATCHED.client().connection_pool.service_name == "pulse"


@pytest.mark.parametrize("url", ["redis+sentinel:///pulse/0", "redis+sentinel://10.0.0.5:26379"])
def test_without_sentinels_or_a_name_it_is_refused(url):
    with pytest.raises(ImproperlyConfigured, match="redis\\+sentinel://host:26379/name/0"):
        RedisUrl.parse(url)
