"""`manage.py relay`: one leads, the others stand by."""

import signal
from typing import Any

from django.core.management.base import BaseCommand

from crm.live.prompt import be_prompt
from crm.live.relay import Relay


class Command(BaseCommand):
    help = "Moves committed changes into the log and publishes them. Start as many as you like: one leads."

    def handle(self, *args: Any, **options: Any) -> None:
        relay = Relay()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: relay.stop())
        be_prompt()
        relay.run()
