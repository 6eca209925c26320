"""What belongs to a customer and has a version of its own: what staff note and plan, what the customer allowed."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.records.models import Logged, Reader
from customers.models.customer import Customer


class ChildQuerySet(models.QuerySet[Any]):
    """Records that belong to a customer are seen by whoever sees the customer."""

    def visible_to(self, user: Reader) -> Self:
        return self.filter(user.access.q("view", "customer__"), customer__deleted_at=None)

    def open(self) -> Self:
        return self.filter(deleted_at=None)


class Child(Logged):
    """A record of its own version on a customer's timeline."""

    root_record: ClassVar[str | None] = "customer"
    root_table: ClassVar[str | None] = "customers_customer"
    root_column: ClassVar[str | None] = "customer_id"

    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    deleted_at = models.DateTimeField(_("in trash since"), null=True, blank=True, editable=False)

    objects: ClassVar[Any] = ChildQuerySet.as_manager()

    class Meta(Logged.Meta):
        abstract = True


class Note(Child):
    """A remark of a member of staff about a customer."""

    record_name: ClassVar[str] = "note"

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="notes", verbose_name=_("customer"))
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("author"))
    body = models.TextField(_("note"), max_length=10_000)

    class Meta(Child.Meta):
        abstract = False
        ordering = ["-id"]
        verbose_name = _("note")
        verbose_name_plural = _("notes")

    def __str__(self) -> str:
        return self.body[:60]


class FollowUp(Child):
    """A dated to-do of one person about a customer."""

    record_name: ClassVar[str] = "followup"
    assigned_column: ClassVar[str | None] = "assignee_id"

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="follow_ups", verbose_name=_("customer"))
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("assignee"))
    title = models.CharField(_("what to do"), max_length=200)
    due_at = models.DateTimeField(_("due"))
    done_at = models.DateTimeField(_("done"), null=True, blank=True)

    class Meta(Child.Meta):
        abstract = False
        ordering = ["due_at", "id"]
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")
        indexes = [
            models.Index("assignee", "due_at", name="followup_open", condition=models.Q(done_at=None, deleted_at=None))
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.done_at is None

    @property
    def is_late(self) -> bool:
        return self.is_open and bool(self.due_at < timezone.now())


class Consent(Child):
    """What a customer said about marketing by one channel. The newest word counts, the earlier ones are its history."""

    record_name: ClassVar[str] = "consent"

    class Channel(models.TextChoices):
        EMAIL = "email", _("e-mail")
        PHONE = "phone", _("phone")
        SMS = "sms", _("text message")
        POST = "post", _("letter")

    customer = models.ForeignKey(
        Customer, models.CASCADE, related_name="consents", verbose_name=_("customer"), db_index=False
    )
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    is_given = models.BooleanField(_("agreed"))

    class Meta(Child.Meta):
        abstract = False
        ordering = ["-id"]
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(channel__in=["email", "phone", "sms", "post"]), name="consent_channel_known"
            )
        ]
        indexes = [models.Index(fields=["customer", "channel", "-id"], name="consent_newest")]

    def __str__(self) -> str:
        return str(self.get_channel_display())
