"""What is to leave the house: a row for each mail or call, written with what caused it, sent once it is committed."""

from __future__ import annotations

import json
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from crm.records.access import Access
from crm.records.models import Reader
from crm.sites.models import Site


class State(models.TextChoices):
    WAITING = "waiting", _("waiting")
    SENDING = "sending", _("being sent")
    SENT = "sent", _("sent")
    UNKNOWN = "unknown", _("unknown")
    DEAD = "dead", _("given up")
    DISCARDED = "discarded", _("discarded")


TO_LOOK_AT = (State.UNKNOWN, State.DEAD)  # by a person
NOT_ENDED = (State.WAITING, State.SENDING, *TO_LOOK_AT)


class DispatchQuerySet(models.QuerySet[Any]):
    """Dispatches are seen by whoever sees the customer."""

    def visible_to(self, user: Reader) -> Self:
        return self.seen_by(user.access)

    def seen_by(self, access: Access) -> Self:
        return self.filter(access.q("view", "customer__"), customer__deleted_at=None)

    def editable_by(self, user: Reader) -> Self:
        return self.visible_to(user).filter(user.access.q("edit", "customer__"))


def title_of(content: dict[str, Any], sees_contacts: bool) -> str:
    """A mail's subject, which may quote the customer, or what a call tells of."""
    if "type" in content:
        return str(content["type"])
    return str(content["subject"] if sees_contacts else _("Mail"))


class Dispatch(models.Model):
    """One mail, or call of a site's webhook. Who sends it says so before (`sending`), and after what came of it."""

    customer = models.ForeignKey(
        settings.CUSTOMER_MODEL, models.CASCADE, related_name="dispatches", verbose_name=_("customer")
    )
    # Whose webhook is called; none for a mail.
    site = models.ForeignKey(Site, models.CASCADE, related_name="+", verbose_name=_("site"), null=True)
    # What the receiver knows it by, whichever attempt it is.
    key = models.UUIDField(_("key"), db_default=RandomUUID(), editable=False)
    recipient = models.TextField(_("to"))
    content = models.JSONField(_("content"))
    state = models.CharField(_("state"), max_length=9, choices=State, db_default=State.WAITING)
    attempt = models.PositiveIntegerField(_("attempt"), db_default=0)
    forgiven = models.PositiveIntegerField(_("attempts before it was retried"), db_default=0)
    reason = models.TextField(_("reason"), db_default="")
    created_at = models.DateTimeField(_("created"), db_default=Now())
    due_at = models.DateTimeField(_("due"), db_default=Now())
    claimed_at = models.DateTimeField(_("begun"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)

    objects: ClassVar[Any] = DispatchQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("dispatch")
        verbose_name_plural = _("dispatches")
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=State.values), name="dispatch_state_known"),
        ]
        indexes = [
            models.Index("due_at", name="dispatch_due", condition=models.Q(state=State.WAITING)),
            models.Index("site", name="dispatch_sending", condition=models.Q(state=State.SENDING)),
            models.Index("ended_at", name="dispatch_ended", condition=models.Q(ended_at__isnull=False)),
            models.Index("created_at", "id", name="dispatch_created"),
            models.Index("state", "created_at", "id", name="dispatch_state"),
        ]

    def __str__(self) -> str:
        return f"{self.recipient} {self.pk}"

    @property
    def text(self) -> str:
        return str(json.dumps(self.content, indent=2) if self.site_id else self.content["body"])

    @property
    def is_private(self) -> bool:
        return bool(self.content.get("is_private"))

    @property
    def is_to_look_at(self) -> bool:
        return self.state in TO_LOOK_AT
