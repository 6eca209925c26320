"""Whether this process lives (/healthz) and may be sent requests (/readyz), for load balancers and people.

Both answer before any other middleware: whoever probes comes by address, without a session and without TLS.
"""

import time
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from psycopg import Connection, Error, connect

from crm.live.relay import LOCK
from crm.records import valkey

CONNECT_SECONDS = 2
RELAY_SECONDS = 5  # a change that has waited longer means that no relay does its work
WORKER_SECONDS = 300  # the worker rolls timings up every minute

STATE = """
SELECT EXISTS (
        SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = 0 AND objid = %s AND objsubid = 1
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())),
    (SELECT extract(epoch FROM clock_timestamp() - written_at)::float8 FROM change_new ORDER BY id LIMIT 1),
    (SELECT extract(epoch FROM clock_timestamp() - rolled_to)::float8 FROM timings_rollup_state)"""

Finding = dict[str, Any]


def probes_middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    probes = {"/healthz": healthz, "/readyz": readyz}

    def middleware(request: HttpRequest) -> HttpResponseBase:
        return probes.get(request.path, get_response)(request)

    return middleware


def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers; it asks nobody else."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """503 without the database, which alone no request can do without; of the others it says how they are."""
    found = findings()
    is_down = not found["database"]["ok"]
    is_whole = all(each["ok"] for each in found.values())
    status = "down" if is_down else "ready" if is_whole else "degraded"
    return JsonResponse({"status": status, "dependencies": found}, status=503 if is_down else 200)


def findings() -> dict[str, Finding]:
    """Each dependency by name: {"ok": ..., and what is known of it}."""
    started = time.perf_counter()
    try:
        leading, waiting, unrolled = ask_database()
    except (Error, DatabaseError) as error:
        unknown = {"ok": False, "error": "unknown without the database"}
        database, relay, worker = {"ok": False, "error": type(error).__name__}, unknown, unknown
    else:
        database, relay, worker = {"ok": True}, relay_finding(leading, waiting), worker_finding(unrolled)
    database["ms"] = milliseconds(started)
    return {"database": database, "valkey": valkey_finding(), "relay": relay, "worker": worker}


def ask_database() -> tuple[bool, float | None, float | None]:
    """Past the pool, which would let us wait for a database that is away."""
    parameters = connection.get_connection_params() | {"connect_timeout": CONNECT_SECONDS}
    with connect(**parameters, autocommit=True) as plain:
        return state(plain)


def state(plain: "Connection[Any]") -> tuple[bool, float | None, float | None]:
    """Whether a relay leads, how old the oldest waiting change and the last roll-up are."""
    plain.execute(f"SET statement_timeout = '{CONNECT_SECONDS}s'")
    leading, waiting, unrolled = plain.execute(STATE, [LOCK]).fetchone() or (False, None, None)
    return leading, waiting, unrolled


def relay_finding(leading: bool, waiting: float | None) -> Finding:
    seconds = round(waiting or 0, 3)
    return {"ok": leading and seconds < RELAY_SECONDS, "leading": leading, "oldest_waiting_seconds": seconds}


def worker_finding(unrolled: float | None) -> Finding:
    """Judged by what it leaves in the database: asking workers themselves takes a second."""
    return {"ok": unrolled is not None and unrolled < WORKER_SECONDS, "seconds_since_its_work": unrolled}


def valkey_finding() -> Finding:
    started = time.perf_counter()
    return {"ok": valkey.is_up(), "ms": milliseconds(started)}


def milliseconds(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 2)
