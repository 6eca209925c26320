"""How django-allauth signs in staff: nobody signs up by themselves, and a new password ends every other session."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crm.staff import services
from crm.staff.models import User

WRONG = _("This username or e-mail and this password do not belong together.")


class StaffAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages: dict[str, Any] = DefaultAccountAdapter.error_messages | {
        "account_inactive": _("This account was deactivated. An administrator can turn it on again."),
        "email_password_mismatch": WRONG,
        "username_password_mismatch": WRONG,
        "invalid_login": WRONG,
        "too_many_login_attempts": _("Too many failed attempts. Wait five minutes, or ask an administrator."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def set_password(self, user: User, password: str) -> None:
        services.set_password(user, password, keep_session=self.request.session.session_key)
