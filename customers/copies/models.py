"""A copy of what was held about a customer at one moment, until it expires."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

KEPT = timedelta(days=7)


def expiry() -> datetime:
    return timezone.now() + KEPT


class DataCopy(models.Model):
    """JSON as text. It stands in no log and no cache, so that it is gone when it has expired."""

    customer = models.ForeignKey(
        "customers.Customer", models.CASCADE, related_name="copies", verbose_name=_("customer")
    )
    content = models.TextField(_("content"))
    created_at = models.DateTimeField(_("created"), db_default=Now())
    expires_at = models.DateTimeField(_("expires"), default=expiry, db_index=True)

    class Meta:
        verbose_name = _("copy of a customer's data")
        verbose_name_plural = _("copies of customers' data")

    def __str__(self) -> str:
        return f"{self.customer_id}-{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("customers:copy", args=[self.customer_id, self.pk])
