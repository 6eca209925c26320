"""Every HTTP request is timed from arrival to last byte, whatever becomes of it."""

import asyncio

import httpx
import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import include, path

from crm.api import limits
from crm.handler import Handler
from crm.timings import recorder
from crm.timings.middleware import TimedApplication, timed

PAUSE = 0.03


def answer(request, pk=None):
    return HttpResponse("well")


def fail(request):
    raise RuntimeError("on purpose")


async def stream(request):
    async def parts():
        for part in ("one", "two", "three"):
            await asyncio.sleep(PAUSE)
            yield part

    return StreamingHttpResponse(parts())


urlpatterns = [
    path("orders/", include(([path("<int:pk>/", answer, name="page")], "orders"))),
    path("plain/", answer),
    path("fail/", fail),
    path("stream/", stream),
    path("healthz", answer),
    path("metrics", answer),
]


@pytest.fixture
def recorded():
    """What waits to be written."""
    rows = recorder._recorder.buffers["responses"].rows
    rows.clear()
    return rows


@pytest.fixture
def client(settings):
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [f"{timed.__module__}.{timed.__name__}"]
    settings.ALLOWED_HOSTS = ["test"]
    transport = httpx.ASGITransport(TimedApplication(Handler()), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test")


@pytest.mark.parametrize(
    ("method", "address", "status", "kind", "module"),
    [
        ("GET", "/orders/7/", 200, "GET orders:page", "orders"),
        ("POST", "/orders/7/", 200, "POST orders:page", "orders"),
        ("BREW", "/orders/7/", 200, "other orders:page", "orders"),
        ("GET", "/plain/", 200, "GET timings:answer", "timings"),
        ("GET", "/nowhere/", 404, "GET unknown address", "unknown"),
        ("GET", "/fail/", 500, "GET timings:fail", "timings"),
    ],
)
async def test_a_request_is_one_row_named_by_its_view(client, recorded, method, address, status, kind, module):
    answered = await client.request(method, address)
    [row] = recorded
    assert answered.status_code == row.status == status
    assert (row.kind, row.module, row.user_id) == (kind, module, None)
    assert 0 < row.seconds < 5


async def test_a_stream_is_timed_to_its_last_part(client, recorded):
    assert (await client.get("/stream/")).text == "onetwothree"
    assert recorded[0].seconds >= 3 * PAUSE


@pytest.mark.parametrize("address", ["/healthz", "/metrics", "/static/css/pulse.css"])
async def test_probes_and_static_files_are_left_out(client, recorded, address):
    await client.get(address)
    assert not recorded


async def test_a_reader_who_leaves_is_recorded_all_the_same(recorded):
    async def endless(scope, receive, send):
        await asyncio.Event().wait()

    scope = {"type": "http", "method": "GET", "path": "/orders/7/"}
    asked = asyncio.ensure_future(TimedApplication(endless)(scope, None, None))
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert [row.status for row in recorded] == [499]


async def test_who_is_turned_away_at_the_door_is_not_timed(client, recorded, monkeypatch):
    monkeypatch.setattr(limits, "door", limits.Door())
    limits.door.note("loud", "site:1", limits.Rate(limit=1, ahead=60 * limits.SECOND, is_exceeded=False))

    refused = await client.get("/", headers={"Authorization": "Bearer loud"})

    assert (refused.status_code, list(recorded)) == (429, [])
