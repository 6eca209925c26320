"""The sites that customers use, ours but for staff: each has a token that opens the door for requests alone."""

from __future__ import annotations

import base64
from typing import ClassVar

from django.core.validators import URLValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from crm.records.models import Logged


class Site(Logged):
    """Only a digest of its token is kept: the token is shown once."""

    record_name: ClassVar[str] = "site"
    unlogged: ClassVar[tuple[str, ...]] = ("digest", "last_used_at")

    name = models.CharField(_("name"), max_length=80, unique=True)
    webhook_url = models.CharField(
        _("webhook"), max_length=500, blank=True, default="", db_default="",
        validators=[URLValidator(["http", "https"])],
        help_text=_("Called when a request that the site has sent ends. Without one, nothing is called."),
    )  # fmt: skip
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
    def signing_key(self) -> bytes:
        """By which it knows that a call of its webhook is ours: derived, so that the database does not hold it."""
        return salted_hmac("crm.sites.webhook", str(self.pk), algorithm="sha256").digest()

    @property
    def signing_secret(self) -> str:
        """The key as it is handed to whoever runs the site."""
        return f"whsec_{base64.b64encode(self.signing_key).decode()}"

    @property
    def sender(self) -> str:
        """Who sent a request, as the request has it."""
        return f"site:{self.pk}"
