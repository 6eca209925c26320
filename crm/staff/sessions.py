"""Where a person is signed in: each of her browsers, by the name that people know it by."""

from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.staff.models import User

# Each names itself beside those it descends from, so the most particular stands first.
BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


@dataclass(frozen=True)
class OpenSession:
    id: int
    browser: str
    ip: str
    since: datetime
    is_current: bool


def open_sessions(user: User, current_key: str | None) -> list[OpenSession]:
    """The latest first."""
    living = Session.objects.filter(expire_date__gt=timezone.now())
    sessions = UserSession.objects.filter(user_id=user.pk, session_key__in=living.values("session_key"))
    return [
        OpenSession(each.pk, browser_name(each.user_agent), each.ip, each.created_at, each.session_key == current_key)
        for each in sessions.order_by("-created_at")
    ]


def browser_name(user_agent: str) -> str:
    """`Firefox on Linux`; what cannot be told is left out."""
    browser = next((name for mark, name in BROWSERS.items() if mark in user_agent), _("A browser"))
    system = next((name for mark, name in SYSTEMS.items() if mark in user_agent), None)
    return _("%(browser)s on %(system)s") % {"browser": browser, "system": system} if system else browser
