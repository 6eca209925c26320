"""Registers the live app, and the panel of staff, which stands below it and cannot do so itself."""

from django.apps import AppConfig

BELL_SECONDS = 3.0  # at the latest: what becomes due by the clock, or may have left the house or not, is in no log


class LiveConfig(AppConfig):
    name = "crm.live"

    def ready(self) -> None:
        from crm.live.panels import register_panel
        from crm.staff.notifications import bell

        register_panel("staff:notifications", bell, scope=lambda access: (access.user_id,), latest=BELL_SECONDS)
