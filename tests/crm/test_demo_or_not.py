"""The demo's people have a password that everybody knows: they may come into a database only where that is meant."""

import pytest

from crm.starter.home import Home
from crm.starter.run import prepare_command


@pytest.mark.parametrize(
    ("said", "is_ours", "seeds"),
    [(None, True, True), (None, False, False), ("0", True, False), ("1", False, True), ("", False, False)],
)
def test_a_database_of_your_own_gets_no_demo_unless_you_say_so(said, is_ours, seeds, tmp_path, monkeypatch):
    monkeypatch.delenv("DEMO", raising=False)
    if said is not None:
        monkeypatch.setenv("DEMO", said)
    assert ("--demo" in prepare_command(Home(tmp_path), is_ours=is_ours)) is seeds
