"""Registers the API, which has a table of its own: answers kept for repeated writes."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApiConfig(AppConfig):
    name = "crm.api"
    verbose_name = _("API")
