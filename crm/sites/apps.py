"""Registers the sites through which customers send their requests."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SitesConfig(AppConfig):
    name = "crm.sites"
    label = "sites"
    verbose_name = _("Sites")

    def ready(self) -> None:
        from crm.sites import live  # noqa: F401
