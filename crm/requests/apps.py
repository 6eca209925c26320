"""Registers what requests show live, and the kinds that modules handle."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class RequestsConfig(AppConfig):
    name = "crm.requests"
    label = "requests"

    def ready(self) -> None:
        from crm.requests import listing, live, probe, roll_call  # noqa: F401
        from crm.requests.desk import desk

        live.register_board()
        listing.register()
        desk.register()
        autodiscover_modules("requests")
