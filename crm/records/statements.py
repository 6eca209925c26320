"""Statements of the hot paths, bound and prepared by the server: each connection plans them once, not at every call."""

from typing import Any

from django.db import connection

from crm.prepared import Cursor


def prepared() -> Any:
    """A cursor as `connection.cursor()` gives, for one statement at a time whose text is the same at every call.

    From its sixth execution on psycopg prepares a statement (`prepare_threshold`, see crm/database_url.py).
    """
    connection.ensure_connection()
    return connection._prepare_cursor(Cursor(connection.connection))  # type: ignore[attr-defined]
