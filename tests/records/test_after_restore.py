"""After a backup was put back, nothing that was known of the later state may be used any more."""

import pytest
import redis
from django.core.management import CommandError, call_command

from crm.records import log, valkey


@pytest.mark.django_db
def test_positions_and_cached_records_of_the_later_state_are_forgotten(capsys):
    valkey.client().hset("customer:42", mapping={"version": "8", "name": "Later"})
    before = log.position()
    call_command("after_restore")
    after = log.position()
    assert (after.epoch != before.epoch, after.head) == (True, before.head)
    assert after.epoch in capsys.readouterr().out
    assert valkey.client().exists("customer:42") == 0


@pytest.mark.django_db
def test_without_the_cache_s_server_nothing_is_said_to_be_done(monkeypatch):
    before = log.position()
    monkeypatch.setattr(valkey, "client", lambda: redis.Redis.from_url("redis://127.0.0.1:1/0"))
    with pytest.raises(CommandError, match="cannot be emptied"):
        call_command("after_restore")
    assert log.position() == before
