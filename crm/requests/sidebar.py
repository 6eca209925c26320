"""What requests add to the shell."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from crm.staff.models import User
from crm.staff.shell import Action, Entry


def entries(user: User) -> list[Entry]:
    return [
        Entry(_("Requests"), reverse("requests:board"), "inbox", key="r"),
        Entry(_("My requests"), reverse("requests:desk"), "message-question", key="m"),
    ]


def figures(user: User) -> list[QuerySet[Any, Any]]:
    return []


def actions(user: User) -> list[Action]:
    return []
