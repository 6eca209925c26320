"""Registers the staff app: its record types."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StaffConfig(AppConfig):
    name = "crm.staff"
    verbose_name = _("Staff")

    def ready(self) -> None:
        from crm.staff import live  # noqa: F401
