"""What the bell says is due: a person's open follow-ups of customers that she sees, erasures that she may approve."""

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _

from crm.records.access import Access, Reach
from crm.staff.models import User
from crm.staff.notifications import Notification, register_due
from customers.erasing import APPROVAL
from customers.models import Erasure, FollowUp


def follow_ups(user: User) -> QuerySet[FollowUp]:
    """Those that are due, the longest waiting first."""
    mine = FollowUp.objects.visible_to(user).open().filter(assignee=user, done_at=None, due_at__lte=Now())
    return mine.select_related("customer").order_by("due_at", "id")


def follow_up_notification(follow_up: FollowUp) -> Notification:
    title = f"{follow_up.title} · {follow_up.customer.name}"
    return Notification(title, follow_up.customer.get_absolute_url(), "calendar-due", follow_up.due_at)


def may_approve(access: Access) -> bool:
    return access.edit is Reach.ALL


def erasures(user: User) -> QuerySet[Erasure]:
    """Those that somebody else has asked for, the longest waiting first; also of customers in the trash."""
    if not may_approve(user.access):
        return Erasure.objects.none()
    others = Erasure.objects.filter(user.access.q("view", "customer__")).exclude(request__sender=f"user:{user.pk}")
    return others.select_related("customer", "request").order_by("request__received_at", "id")


def erasure_notification(erasure: Erasure) -> Notification:
    title = _("Erasure to approve: %s") % erasure.customer.name
    url = f"{reverse('requests:new', args=[erasure.customer_id])}?kind={APPROVAL}"
    return Notification(title, url, "eraser", erasure.answer_by)


register_due(follow_ups, follow_up_notification)
register_due(erasures, erasure_notification)
