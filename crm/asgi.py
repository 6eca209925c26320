"""The ASGI door: HTTP to Django, /ws/live to the live consumer."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
django = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402  (needs the apps loaded)
from django.urls import path  # noqa: E402

from crm.live.consumer import LiveConsumer  # noqa: E402
from crm.timings.middleware import TimedApplication  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": TimedApplication(django),
        "websocket": URLRouter([path("ws/live", LiveConsumer.as_asgi())]),
    }
)
