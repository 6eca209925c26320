"""What was measured. Raw rows are partitioned by day and live for days, roll-ups stay.

Only `recorder` and `rollups` write.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ChangeTiming(models.Model):
    """When one change was written, numbered and cached; from the relay."""

    seq = models.BigIntegerField(_("number in the log"), primary_key=True)
    record = models.TextField(_("record"))
    record_id = models.BigIntegerField(_("record id"))
    subject = models.TextField(_("about"))
    module = models.TextField(_("module"))
    way = models.TextField(_("way"), null=True)
    written_at = models.DateTimeField(_("written"))
    numbered_at = models.DateTimeField(_("numbered"))
    cached_at = models.DateTimeField(_("cached"), null=True)
    stored_at = models.DateTimeField(_("stored"))

    class Meta:
        managed = False
        db_table = "timings_change"
        ordering = ["-seq"]
        verbose_name = _("change timing")
        verbose_name_plural = _("change timings")

    def __str__(self) -> str:
        return f"{self.seq} {self.record}:{self.record_id}"


class DeliveryTiming(models.Model):
    """How one hub's watchers got one change; written when the last has acknowledged, or is late."""

    id = models.BigAutoField(primary_key=True)
    seq = models.BigIntegerField(_("number in the log"))
    process = models.TextField(_("process"))
    sent_at = models.DateTimeField(_("sent"))
    watchers = models.IntegerField(_("watchers"))
    acked_at = models.DateTimeField(_("last acknowledged"), null=True)
    acked = models.IntegerField(_("acknowledged"))
    late = models.IntegerField(_("late"))
    ended_at = models.DateTimeField(_("ended"))
    stored_at = models.DateTimeField(_("stored"))

    class Meta:
        managed = False
        db_table = "timings_delivery"
        ordering = ["-id"]
        verbose_name = _("delivery timing")
        verbose_name_plural = _("delivery timings")

    def __str__(self) -> str:
        return f"{self.seq} {self.process}"


class ResponseTiming(models.Model):
    """How long one request of a customer took; or, where nothing waited, one HTTP request or socket command."""

    id = models.BigAutoField(primary_key=True)
    ended_at = models.DateTimeField(_("ended"))
    kind = models.TextField(_("kind"))
    module = models.TextField(_("module"))
    seconds = models.FloatField(_("seconds"))
    status = models.SmallIntegerField(_("status"))
    user_id = models.BigIntegerField(_("user"), null=True)
    waited = models.FloatField(_("of these waiting"), null=True)
    stored_at = models.DateTimeField(_("stored"))

    class Meta:
        managed = False
        db_table = "timings_response"
        ordering = ["-id"]
        verbose_name = _("response timing")
        verbose_name_plural = _("response timings")

    def __str__(self) -> str:
        return f"{self.kind} {self.seconds:.4f}"


class Rollup(models.Model):
    """All that ended in one minute or one hour, of one family (see raw.FAMILIES, and stage:...), module and kind."""

    class Span(models.IntegerChoices):
        MINUTE = 60, _("minute")
        HOUR = 3600, _("hour")

    span = models.IntegerField(_("span"), choices=Span)
    start = models.DateTimeField(_("start"))
    family = models.TextField(_("family"))
    module = models.TextField(_("module"))
    kind = models.TextField(_("kind"))
    count = models.BigIntegerField(_("count"))
    total = models.FloatField(_("sum of seconds"))
    late = models.BigIntegerField(_("late"))
    longest = models.FloatField(_("longest"))
    sketch = models.JSONField(_("sketch"))

    class Meta:
        verbose_name = _("roll-up")
        verbose_name_plural = _("roll-ups")
        ordering = ["-start", "family", "module", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["span", "start", "family", "module", "kind"], name="timings_rollup_once"),
        ]

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M} {self.family} {self.module} {self.kind}"


class SubjectHour(models.Model):
    """One customer's updates of one hour, so that a mean of customers' means stays exact over any time."""

    hour = models.DateTimeField(_("hour"))
    subject = models.TextField(_("about"))
    count = models.BigIntegerField(_("count"))
    total = models.FloatField(_("sum of seconds"))

    class Meta:
        db_table = "timings_subject_hour"
        verbose_name = _("customer's hour")
        verbose_name_plural = _("customers' hours")
        constraints = [models.UniqueConstraint(fields=["hour", "subject"], name="timings_subject_hour_once")]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H} {self.subject}"


class RollupState(models.Model):
    """One row: everything that ended before `rolled_to` is rolled up, as far as it was stored by then."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    rolled_to = models.DateTimeField()

    class Meta:
        db_table = "timings_rollup_state"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="timings_rollup_state_one_row")]

    def __str__(self) -> str:
        return f"{self.rolled_to:%Y-%m-%d %H:%M}"


class Screens(models.Model):
    """What one hub said of its sockets last; stale after a few seconds."""

    process = models.TextField(_("process"), primary_key=True)
    at = models.DateTimeField(_("at"))
    sockets = models.IntegerField(_("sockets"))
    watching = models.IntegerField(_("watching"))
    frames = models.FloatField(_("frames per second"))
    behind = models.IntegerField(_("behind"))
    catching_up = models.IntegerField(_("catching up"))

    class Meta:
        db_table = "timings_screens"
        verbose_name = _("hub's screens")
        verbose_name_plural = _("hubs' screens")

    def __str__(self) -> str:
        return self.process


class Drop(models.Model):
    """Timings that one process had to throw away, its buffer being full while the database was away."""

    at = models.DateTimeField(_("at"))
    process = models.TextField(_("process"))
    count = models.BigIntegerField(_("count"))

    class Meta:
        db_table = "timings_drop"
        ordering = ["-at"]
        verbose_name = _("dropped timings")
        verbose_name_plural = _("dropped timings")

    def __str__(self) -> str:
        return f"{self.process} {self.count}"
