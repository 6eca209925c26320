"""What the customers module adds to the shell: its line at the left, and its actions in the palette."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from crm.records.access import Reach
from crm.staff.models import User
from crm.staff.shell import Action, Entry
from customers import counts


def entries(user: User) -> list[Entry]:
    count = counts.counts_for(user).everybody
    return [Entry(_("Customers"), reverse("customers:list"), "users", key="c", count=count, count_panel=counts.PANEL)]


def figures(user: User) -> list[QuerySet[Any, Any]]:
    return counts.figures(user.access)


def actions(user: User) -> list[Action]:
    if user.access.edit is Reach.NONE:
        return []
    return [Action(_("New customer"), reverse("customers:new"), "user-plus")]
