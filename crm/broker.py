"""How Celery speaks with its broker: whoever needs one that is away asks for it evenly, and for good."""

from typing import Any

import kombu
from celery.app.amqp import AMQP

# Kombu would ask ever more seldom, in the end every 30 s: so long would a broker that is back again be without us.
PAUSES = {"interval_start": 0.5, "interval_step": 0.5, "interval_max": 2.0}  # seconds


class Connection(kombu.Connection):
    def _ensure_connection(self, *args: Any, **options: Any) -> Any:
        return super()._ensure_connection(*args, **(PAUSES | options))


class Broker(AMQP):
    Connection = Connection
