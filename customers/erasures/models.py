"""An erasure that somebody has asked for, until somebody else approves it or it is withdrawn."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

ANSWERED_WITHIN = timedelta(days=30)  # as the GDPR has it (article 12, 3): so it is never dropped for waiting too long


class Erasure(models.Model):
    """One that waits. Who decides is told by the bell; what became of it stands in the requests."""

    customer = models.OneToOneField(
        "customers.Customer", models.CASCADE, related_name="erasure", verbose_name=_("customer")
    )
    request = models.ForeignKey("requests.Request", models.CASCADE, related_name="+", verbose_name=_("asked by"))

    class Meta:
        verbose_name = _("erasure that waits")
        verbose_name_plural = _("erasures that wait")

    def __str__(self) -> str:
        return str(self.customer_id)

    @property
    def answer_by(self) -> datetime:
        return self.request.received_at + ANSWERED_WITHIN
