"""Turns DATABASE_URL into Django's database settings, pool included."""

import os
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

import crm.pool  # noqa: F401  (which Django's pools are then)
from crm.prepared import Connection

# A machine that is cut off says nothing. Without these its locks, and the lead of its relay, would be held for hours,
# and we would wait as long for a server that is gone. An address that says otherwise wins (`?options=` for a pooler
# that does not know them).
NOTICE_SILENCE = {
    "connect_timeout": 3,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 4000,
    "options": "-c tcp_keepalives_idle=2 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3 -c tcp_user_timeout=4s",
}


def database_settings(url: str) -> dict[str, Any]:
    """Django's settings for a libpq address (`postgresql://user@host:port/name?host=/socket/folder`)."""
    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError as error:
        raise ImproperlyConfigured(f"DATABASE_URL cannot be read: {error}") from None
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    found = {names[key]: str(value) for key, value in parts.items() if key in names}
    options: dict[str, Any] = NOTICE_SILENCE | {key: value for key, value in parts.items() if key not in names}
    # CONN_MAX_AGE leaks connections under ASGI; the bounded pool is what limits them.
    options["pool"] = {
        "min_size": 1,
        "max_size": int(os.environ.get("DATABASE_POOL", "16")),
        "timeout": 10,
        "connection_class": Connection,
    }
    # For cursors that bind on the server; Django's own bind in the client and are not prepared.
    # 0 for a pooler that knows no prepared statements.
    options["prepare_threshold"] = int(os.environ.get("DATABASE_PREPARE", "5")) or None
    return {"ENGINE": "django.db.backends.postgresql", "OPTIONS": options, **found}
