"""The ASGI door: HTTP to Django, /ws/live to the live consumer."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402  (needs the apps loaded)
from django.urls import path  # noqa: E402

from crm.handler import Handler  # noqa: E402
from crm.live.consumer import live  # noqa: E402
from crm.timings.middleware import TimedApplication  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": TimedApplication(Handler()),
        "websocket": URLRouter([path("ws/live", live)]),  # type: ignore[arg-type]  # Django expects views there
    }
)
