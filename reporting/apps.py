"""Registers the reporting module."""

from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "reporting"

    def ready(self) -> None:
        from reporting.live import register_panels, register_views

        register_panels()
        register_views()
