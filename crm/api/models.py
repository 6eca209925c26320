"""Answers that were given to writes with an `Idempotency-Key`, kept so that a repeated write is answered alike."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class KeptAnswer(models.Model):
    """One write and what it was answered, committed together with what it changed."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("user"))
    key = models.CharField(_("key"), max_length=255)
    method = models.CharField(_("method"), max_length=7)
    path = models.TextField(_("path"))
    digest = models.CharField(_("digest of the request"), max_length=64)
    status = models.PositiveSmallIntegerField(_("status"), default=0)
    location = models.TextField(_("location"), blank=True, default="")
    body = models.TextField(_("answer"), blank=True, default="")
    # Already when it was given, as after handing a customer over: then it says no more than it did.
    out_of_sight = models.BooleanField(_("about what the user could not see any more"), default=False, db_default=False)
    created_at = models.DateTimeField(_("created"), db_default=Now())

    class Meta:
        db_table = "api_kept_answer"
        ordering = ["-pk"]
        verbose_name = _("kept answer")
        verbose_name_plural = _("kept answers")
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="api_kept_answer_once")]
        indexes = [models.Index(fields=["created_at"], name="api_kept_answer_age")]

    def __str__(self) -> str:
        return f"{self.method} {self.path}: {self.status}"
