"""The peers' data set and client, which other products were measured with: a program of its own, only called here.

Its figures of the peers were taken on another day on a like machine, so they are a reference and not a control.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.db import connection

from crm.environment import CHECKOUT

PATIENCE = 600  # seconds for the relay to number the whole data set

STAGING = """
CREATE TEMP TABLE peers (n bigint, first_name text, last_name text, email text, phone text, company_no bigint,
                         company text, city text, country text)"""
COMPANIES = """
INSERT INTO customers_customer (kind, name, stage_id, owner_id, team_id, reference)
SELECT DISTINCT 'company', company, 'active', %(owner)s::bigint, %(team)s::bigint, 'C' || company_no FROM peers"""
PEOPLE = """
INSERT INTO customers_customer (kind, name, stage_id, owner_id, team_id, company_id, emails, phones, city, country)
SELECT 'person', p.first_name || ' ' || p.last_name, 'active', %(owner)s, %(team)s, c.id, ARRAY[p.email],
       ARRAY[p.phone], p.city, p.country
FROM peers p JOIN customers_customer c ON c.reference = 'C' || p.company_no ORDER BY p.n
RETURNING id"""
TABLES = "customers_customer, customers_contactpoint, customers_search, change, change_new, records_tally"


def client() -> Path:
    """Where the peers' client is; ends the program with one line where it is not."""
    found = Path(os.environ.get("HTTP_BENCH") or CHECKOUT.parent / "shared" / "bench" / "http_bench.py")
    if not found.is_file():
        sys.exit("The peers' client is not there: name http_bench.py in HTTP_BENCH to measure beside them.")
    return found


def load(program: Path, folder: Path, count: int, owner: Any) -> list[int]:
    """The ids of the people of the data set: loaded, linked to their companies, numbered by the relay, vacuumed."""
    rows = folder / "customers.csv"
    run(program, "dataset", "--n", str(count), "--companies", str(max(count // 10, 1)), "--out", str(rows))
    parameters = {"owner": owner.pk, "team": owner.team_id}
    with connection.cursor() as cursor:
        cursor.execute(STAGING)
        with cursor.copy("COPY peers FROM STDIN WITH (FORMAT csv, HEADER)") as copy:
            copy.write(rows.read_bytes())
        cursor.execute(COMPANIES, parameters)
        cursor.execute(PEOPLE, parameters)
        ids = [row[0] for row in cursor.fetchall()]
        wait_until_numbered(cursor)
        cursor.execute(f"VACUUM (ANALYZE) {TABLES}")
    return ids


def wait_until_numbered(cursor: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        cursor.execute("SELECT EXISTS (SELECT FROM change_new)")
        if not cursor.fetchone()[0]:
            return
        time.sleep(0.2)
    raise TimeoutError("the relay has not numbered the data set")


def run(program: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, str(program), *arguments], check=True)


def measure(program: Path, folder: Path, config: dict[str, Any], *arguments: str, processes: Sequence[str]) -> Any:
    """What the client found: {"ops": {name: {...}}, "load": {...}}; `processes` are its arguments for counting CPU."""
    return ask(program, folder, "run", config, *arguments, *processes)


def statements(program: Path, folder: Path, config: dict[str, Any], log: Path, repetitions: int) -> Any:
    """{name: {"statements", "db_ms"}}, from the server's log."""
    return ask(program, folder, "sql", config, "--pg-log", str(log), "--reps", str(repetitions))


def ask(program: Path, folder: Path, verb: str, config: dict[str, Any], *arguments: str) -> Any:
    told, found = folder / "config.json", folder / "found.json"
    told.write_text(json.dumps(config))
    run(program, verb, "--config", str(told), "--out", str(found), *arguments)
    return json.loads(found.read_text())
