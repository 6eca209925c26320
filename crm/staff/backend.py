"""Who a session belongs to; signing in itself is django-allauth's."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from crm.staff import services
from crm.staff.models import User


class StaffBackend(AuthenticationBackend):  # type: ignore[misc]
    def get_user(self, user_id: Any) -> User | None:
        return services.active_user(int(user_id))
