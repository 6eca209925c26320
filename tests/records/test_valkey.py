"""Valkey may go at any time: nobody waits for it, and each time it goes and comes is written down once."""

import pytest
import redis

from crm.records import valkey


@pytest.fixture(autouse=True)
def _known_to_be_up(monkeypatch):
    monkeypatch.setattr(valkey, "_down_until", valkey.UP)
    monkeypatch.setattr(valkey, "PAUSE", 0.0)


def fail(_client):
    raise redis.ConnectionError("refused")


def test_every_outage_is_told_once_with_its_end(caplog):
    for _outage in range(2):
        assert [valkey.attempt(fail), valkey.attempt(fail)] == [None, None]
        assert valkey.attempt(lambda client: client.ping())
    assert [record.getMessage().partition(",")[0] for record in caplog.records] == [
        "Valkey does not answer", "Valkey answers again",
    ] * 2  # fmt: skip


def test_nobody_asks_a_server_that_did_not_answer_a_moment_ago(monkeypatch):
    monkeypatch.setattr(valkey, "PAUSE", 60.0)
    valkey.attempt(fail)
    assert valkey.attempt(lambda client: client.ping()) is None
