"""The lines in which requests wait for a thread: whose they are, how many of one are answered at once, its rests."""

import asyncio
import time
from contextlib import AsyncExitStack
from types import SimpleNamespace

import pytest

from crm import lines
from crm.lines import Caller


@pytest.mark.parametrize(
    ("caller", "at_once"),
    [(Caller("token", "site"), 1), (Caller("token", "program"), 2), (Caller("token", "made up"), 1), (None, 2)],
)
async def test_sites_and_unknown_tokens_are_answered_one_after_the_other(caller, at_once):
    kept = lines.Lines(2)
    kept.know(Caller("token", "site"), is_site=True)
    kept.know(Caller("token", "program"))
    line = kept.of(caller)

    async with AsyncExitStack() as turns:
        for number in range(at_once):
            assert not line.room.locked(), number
            await turns.enter_async_context(line.turn())
        assert line.room.locked()


@pytest.mark.parametrize(
    ("caller", "request_has", "is_known"),
    [
        (Caller("token", "t"), {"rate": None}, True),
        (Caller("token", "t"), {"_cached_user": SimpleNamespace(is_authenticated=True)}, False),
        (Caller("session", "s"), {"_cached_user": SimpleNamespace(is_authenticated=True)}, True),
        (Caller("session", "s"), {"_cached_user": SimpleNamespace(is_authenticated=False)}, False),
        (Caller("session", "s"), {}, False),
    ],
)
def test_who_a_request_was_really_from(caller, request_has, is_known):
    assert lines.is_from(caller, SimpleNamespace(**request_has)) is is_known


def test_only_so_many_callers_are_remembered(monkeypatch):
    monkeypatch.setattr(lines, "MOST_KNOWN", 2)
    kept = lines.Lines(1)
    for name in ("a", "b", "a", "c"):
        kept.know(Caller("token", name))

    assert [caller.secret for caller in kept.known] == ["a", "c"]


@pytest.mark.parametrize(("name", "waiting", "is_resting"), [
    ("site", lines.MANY, True), ("site", lines.MANY - 1, False), ("program", lines.MANY, False),
])  # fmt: skip
async def test_a_line_of_strangers_rests_as_long_as_its_answer_took_while_many_wait(rests, name, waiting, is_resting):
    kept = lines.Lines(1)
    kept.know(Caller("token", "site"), is_site=True)
    kept.know(Caller("token", "program"))
    line, began = kept.of(Caller("token", name)), []

    async def take():
        async with line.turn():
            began.append(time.monotonic())
            await asyncio.sleep(0.1)

    async with asyncio.timeout(10):
        await asyncio.gather(*(take() for _ in range(waiting + 1)))

    assert (rests[0] > 0.08) is is_resting
    assert began[1] - began[0] > 0.08 + rests[0]
    assert rests[-2:] == [0, 0]


async def test_who_is_turned_away_makes_nobody_wait():
    line = lines.Line(1, rests=True)
    line.pace = lines.LONGEST_REST
    with pytest.raises(ZeroDivisionError):
        async with line.turn():
            raise ZeroDivisionError

    async with asyncio.timeout(lines.LONGEST_REST / 2), line.turn():
        pass
