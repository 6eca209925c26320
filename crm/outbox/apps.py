"""Registers the outbox: what leaves the house by mail or call, sent after the commit that asked for it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OutboxConfig(AppConfig):
    name = "crm.outbox"
    label = "outbox"
    verbose_name = _("Outbox")

    def ready(self) -> None:
        from crm.outbox import live

        live.register()
