"""What the bell says is due: a person's open follow-ups of customers that she sees."""

from django.db.models import QuerySet
from django.db.models.functions import Now

from crm.staff.models import User
from crm.staff.notifications import Notification, register_due
from customers.models import FollowUp


def follow_ups(user: User) -> QuerySet[FollowUp]:
    """Those that are due, the longest waiting first."""
    mine = FollowUp.objects.visible_to(user).open().filter(assignee=user, done_at=None, due_at__lte=Now())
    return mine.select_related("customer").order_by("due_at", "id")


def notification(follow_up: FollowUp) -> Notification:
    title = f"{follow_up.title} · {follow_up.customer.name}"
    return Notification(title, follow_up.customer.get_absolute_url(), "calendar-due", follow_up.due_at)


register_due(follow_ups, notification)
