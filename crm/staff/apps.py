"""Registers the staff app: its record types, and where sign-in limits are counted."""

from django.apps import AppConfig
from django.core.cache import caches
from django.utils.connection import ConnectionProxy
from django.utils.translation import gettext_lazy as _


class StaffConfig(AppConfig):
    name = "crm.staff"
    verbose_name = _("Staff")

    def ready(self) -> None:
        from crm.staff import live  # noqa: F401

        count_limits_in_database()


def count_limits_in_database() -> None:
    """allauth counts attempts in the default cache, with no setting for another: they must hold without Valkey."""
    from allauth.core.internal import ratelimit
    from allauth.mfa.totp.internal import auth

    ratelimit.cache = auth.cache = ConnectionProxy(caches, "limits")
