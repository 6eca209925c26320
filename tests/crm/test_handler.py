"""How requests are served: one thread each, as many as there may be, and none for a reader who has left."""

import asyncio
import threading
import time
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

from crm import lines
from crm.api import limits
from crm.handler import PAUSE, Handler
from crm.lines import Caller

PARTS = 1000
SITE_RATE = 600  # requests a minute: twenty at once

threads: list[str] = []
began_at: list[float] = []
started = threading.Event()
released = threading.Event()
ended = threading.Event()


def hold(request):
    threads.append(threading.current_thread().name)
    started.set()
    assert released.wait(10)
    return HttpResponse("well")


def ask_database(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("well")


def count_body(request):
    return HttpResponse(str(len(request.body)))


def stream(request):
    async def parts():
        try:
            for part in range(PARTS):
                yield f"{part} "
                await asyncio.sleep(0)
        finally:
            ended.set()

    return StreamingHttpResponse(parts())


def fail_within(request):
    async def parts():
        yield "one"
        raise RuntimeError("on purpose")

    return StreamingHttpResponse(parts())


def be_site(request):
    """Does what the door of sites does, of one that is so many requests ahead of its rate."""
    began_at.append(time.monotonic())
    rate = limits.Rate(SITE_RATE, int(request.GET["ahead"]) * limits.distance_of(SITE_RATE), is_exceeded=False)
    limits.door.note("site", "site:1", rate)
    request.sent_by, request.rate = "site", rate
    return HttpResponse("well")


urlpatterns = [
    *(path(view.__name__, view) for view in (hold, ask_database, count_body, stream, fail_within, be_site)),
    path("healthz", count_body),
]


@pytest.fixture(autouse=True)
def nothing_happened():
    threads.clear()
    began_at.clear()
    for event in (started, released, ended):
        event.clear()


@pytest.fixture
def handler(settings):
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = ["crm.timings.middleware.timed"]
    settings.ALLOWED_HOSTS = ["test"]
    settings.WEB_THREADS = 2
    return Handler()


@pytest.fixture
def client(handler):
    transport = httpx.ASGITransport(handler)
    return httpx.AsyncClient(transport=transport, base_url="http://test")


@pytest.fixture
def clock(monkeypatch):
    """Time as the door has it that turns tokens away: `.now` in microseconds, which stands until a test moves it."""
    clock = SimpleNamespace(now=0)
    monkeypatch.setattr(limits, "microseconds", lambda: clock.now)
    monkeypatch.setattr(limits, "door", limits.Door())
    return clock


async def begun():
    assert await asyncio.to_thread(started.wait, 10)


def held_connections() -> int:
    found = connection.pool.get_stats()
    return found["pool_size"] - found["pool_available"]


def scope_of(view: Any) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "GET",
        "path": f"/{view.__name__}",
        "query_string": b"",
        "headers": [(b"host", b"test")],
    }


class Reader:
    """Sends an empty body, takes some parts of the answer, and leaves."""

    def __init__(self, parts: int) -> None:
        self.parts = parts
        self.said: list[dict[str, Any]] = []
        self.left = asyncio.Event()
        self.asked = False

    async def receive(self):
        if not self.asked:
            self.asked = True
            return {"type": "http.request"}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.said.append(message)
        if len(self.said) > self.parts:
            self.left.set()


async def test_who_has_asked_too_often_is_turned_away_without_a_thread(client, clock):
    limits.door.note("loud", "site:1", limits.Rate(limit=240, ahead=limits.BURST, is_exceeded=False))
    released.set()

    refused = await client.get("/hold", headers={"Authorization": "Bearer loud"})
    respelled = await client.get("/hold", headers={"Authorization": "bearer   loud "})
    others = await client.get("/count_body", headers={"Authorization": "Bearer quiet"})

    assert (refused.status_code, refused.json()["status"], refused.headers["Retry-After"]) == (429, 429, "1")
    assert refused.headers["Content-Length"] == str(len(refused.content))
    assert refused.headers["RateLimit-Policy"] == '"token";q=8;w=2'
    assert (respelled.status_code, others.status_code, threads) == (429, 200, [])
    clock.now += limits.distance_of(240)
    assert (await client.get("/hold", headers={"Authorization": "Bearer loud"})).status_code == 200


async def test_one_token_leaves_threads_for_the_others(client, handler):
    for name in ("loud", "quiet"):
        handler.lines.know(Caller("token", name))
    loud = [asyncio.ensure_future(client.get("/hold", headers={"Authorization": "Bearer loud"})) for _ in range(6)]
    await begun()

    quiet = await client.get("/count_body", headers={"Authorization": "Bearer quiet"})

    assert (quiet.status_code, len(threads)) == (200, 1)
    released.set()
    assert {(await each).status_code for each in loud} == {200}


async def test_tokens_that_are_made_up_wait_in_one_line(client, handler):
    handler.lines.know(Caller("session", "known"))
    made_up = [asyncio.ensure_future(client.get("/hold", headers={"Authorization": f"Bearer {n}"})) for n in range(6)]
    await begun()

    known = await client.get("/count_body", headers={"Cookie": f"a=b; {settings.SESSION_COOKIE_NAME}=known"})

    assert (known.status_code, len(threads)) == (200, 1)
    released.set()
    assert {(await each).status_code for each in made_up} == {200}
    assert (len(handler.lines.known), len(handler.lines.lines)) == (1, 0)


async def test_who_would_wait_for_too_long_is_sent_away(client, handler, monkeypatch):
    monkeypatch.setattr(lines, "MOST_WAITING", 2)
    asked = [asyncio.ensure_future(client.get("/hold")) for _ in range(3)]
    await begun()

    refused = await client.get("/hold")

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    released.set()
    assert {(await each).status_code for each in asked} == {200}
    assert (await client.get("/hold")).status_code == 200


async def test_no_more_threads_than_there_may_be(client, handler):
    for number in range(6):
        handler.lines.know(Caller("token", str(number)))
    asked = [asyncio.ensure_future(client.get("/hold", headers={"Authorization": f"Bearer {n}"})) for n in range(6)]
    await begun()
    await asyncio.sleep(0.05)
    assert len(threads) == 2
    released.set()
    answered = await asyncio.gather(*asked)

    assert {each.status_code for each in answered} == {200}
    assert len(threads) == 6
    assert len(set(threads)) == 2


async def test_a_probe_does_not_wait_for_busy_threads(client):
    asked = [asyncio.ensure_future(client.get("/hold")) for _ in range(3)]
    await begun()
    assert (await asyncio.wait_for(client.get("/healthz"), 5)).text == "0"
    released.set()
    await asyncio.gather(*asked)


async def test_a_body_arrives_whole(client):
    assert (await client.post("/count_body", content=b"x" * 300_000)).text == "300000"


@pytest.mark.django_db(transaction=True)
async def test_an_answer_gives_its_connection_back(client):
    before = held_connections()
    await client.get("/ask_database")

    assert held_connections() == before


async def test_a_stream_arrives_whole(client):
    assert (await client.get("/stream")).text.split() == [str(part) for part in range(PARTS)]


async def test_a_stream_ends_when_its_reader_leaves(handler):
    reader = Reader(parts=3)
    await handler(scope_of(stream), reader.receive, reader.send)

    assert 3 < len(reader.said) < PARTS
    assert ended.is_set()


async def test_a_fault_within_a_stream_is_told(handler):
    reader = Reader(parts=PARTS)
    with pytest.raises(RuntimeError, match="on purpose"):
        await handler(scope_of(fail_within), reader.receive, reader.send)


async def test_who_left_is_not_answered(handler):
    reader = Reader(parts=PARTS)
    answering = asyncio.ensure_future(handler(scope_of(hold), reader.receive, reader.send))
    await begun()
    reader.left.set()
    await asyncio.sleep(0)
    released.set()
    await answering

    assert reader.said == []


async def test_a_reader_who_breaks_off_is_not_waited_for(handler):
    async def gone():
        return {"type": "http.disconnect"}

    await handler(scope_of(hold), gone, None)

    assert not threads


@pytest.mark.parametrize(("ahead", "is_paced"), [(limits.SOME, False), (limits.SOME + 1, True)])
async def test_a_burst_of_a_site_is_worked_off_at_the_pace_of_its_rate(client, clock, rests, ahead, is_paced):
    def ask():
        return client.get(f"/be_site?ahead={ahead}", headers={"Authorization": "Bearer site"})

    await ask()  # from now on it is known
    await asyncio.gather(ask(), ask())

    assert rests[1] == (60 / SITE_RATE if is_paced else 0)
    assert began_at[2] - began_at[1] >= rests[1]


async def test_what_waits_counts_before_it_is_worked_on(client, clock):
    def ask():
        return client.get("/be_site?ahead=17", headers={"Authorization": "Bearer site"})

    await ask()
    found = await asyncio.gather(*(ask() for _ in range(6)))  # one is answered, three may wait for it

    assert sorted(each.status_code for each in found) == [200, 200, 200, 200, 429, 429]


async def test_who_is_turned_away_waits_and_is_told_of_once_a_minute(client, clock, caplog):
    limits.door.note("loud", "site:1", limits.Rate(limit=1, ahead=60 * limits.SECOND, is_exceeded=False))

    for _ in range(3):
        begun_at = time.monotonic()
        refused = await client.get("/hold", headers={"Authorization": "Bearer loud"})
        assert refused.status_code == 429
        assert time.monotonic() - begun_at >= PAUSE

    assert [record.message for record in caplog.records] == ["Turned away for asking too often: site:1 (1)"]
    assert limits.door.turned_away == {"site:1": 2}
