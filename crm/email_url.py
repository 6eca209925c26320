"""Turns EMAIL_URL into Django's mail settings.

smtp://user:password@host:587 (STARTTLS; `?tls=0` without)   smtps://user:password@host:465   file:///folder   console:
"""

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

PORTS = {"smtp": 587, "smtps": 465}


def email_settings(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme == "console":
        return {"EMAIL_BACKEND": backend("console")}
    if parts.scheme == "file" and parts.path:
        return {"EMAIL_BACKEND": backend("filebased"), "EMAIL_FILE_PATH": unquote(parts.path)}
    if parts.scheme not in PORTS or not parts.hostname:
        raise ImproperlyConfigured("EMAIL_URL: smtp://host:587, smtps://host:465, file:///folder or console:")
    return {
        "EMAIL_BACKEND": backend("smtp"),
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or PORTS[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp" and parse_qs(parts.query).get("tls") != ["0"],
    }


def backend(name: str) -> str:
    return f"django.core.mail.backends.{name}.EmailBackend"
