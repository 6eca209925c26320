"""What the customers module adds to the shell: its line at the left, and its actions in the palette."""

from django.urls import reverse
from django.utils.translation import gettext as _

from crm.records.access import Reach
from crm.staff.models import User
from crm.staff.shell import Action, Entry
from customers.counts import PANEL, counts_for


def entries(user: User) -> list[Entry]:
    count = counts_for(user).everybody
    return [Entry(_("Customers"), reverse("customers:list"), "users", key="c", count=count, count_panel=PANEL)]


def actions(user: User) -> list[Action]:
    if user.access.edit is Reach.NONE:
        return []
    return [Action(_("New customer"), reverse("customers:new"), "user-plus")]
