"""PostgreSQL as a process: whose CPU is counted, and what it says of the statements of one client."""

from pathlib import Path
from urllib.parse import quote

from django.db import connection


def data_folder() -> Path:
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        return Path(cursor.fetchone()[0])


def postmaster() -> int:
    return int((data_folder() / "postmaster.pid").read_text().split()[0])


def server_log() -> Path:
    return data_folder().parent / "log" / "postgres.log"


def logged(url: str) -> str:
    """The address of a database whose statements, sent by who uses this address, are all logged with their time."""
    return f"{url}&options={quote('-c log_min_duration_statement=0')}"
