"""The sites that customers use, ours but for staff: each has a token that opens the door for requests alone."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from crm.records.models import Logged


class Site(Logged):
    """Only a digest of its token is kept: the token is shown once."""

    record_name: ClassVar[str] = "site"
    unlogged: ClassVar[tuple[str, ...]] = ("digest", "last_used_at")

    name = models.CharField(_("name"), max_length=80, unique=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    class Meta(Logged.Meta):
        ordering = ["name"]
        verbose_name = _("site")
        verbose_name_plural = _("sites")

    def __str__(self) -> str:
        return self.name

    @property
    def sender(self) -> str:
        """Who sent a request, as the request has it."""
        return f"site:{self.pk}"
