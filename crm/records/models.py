"""What every record is: versioned, logged, owned. And the log itself, which nothing but the relay writes."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from crm.records.access import Access
from crm.records.triggers import LOG_TRIGGERS


class Reader(Protocol):
    """Whoever asks: a user, or a socket of one."""

    @property
    def access(self) -> Access: ...


class Actor(Reader, Protocol):
    """Whoever writes: a user, known here by number and rights alone; no number is nobody of staff."""

    @property
    def pk(self) -> int | None: ...


class Logged(models.Model):
    """A row whose every committed change is one row of the log. Subclasses write `class Meta(Logged.Meta)`."""

    record_name: ClassVar[str]
    unlogged: ClassVar[tuple[str, ...]] = ()
    root_record: ClassVar[str | None] = None
    root_table: ClassVar[str | None] = None
    root_column: ClassVar[str | None] = None
    assigned_column: ClassVar[str | None] = None

    version = models.PositiveIntegerField(_("version"), default=1, db_default=1, editable=False)

    class Meta:
        abstract = True
        triggers = LOG_TRIGGERS

    @property
    def topic(self) -> str:
        """The record's name on the socket and in the log, as in `customer:42`."""
        return f"{self.record_name}:{self.pk}"

    @property
    def root_topic(self) -> str:
        """The name of the record on whose timeline its changes stand: its own, or that of the one it belongs to."""
        return f"{self.root_record}:{getattr(self, self.root_column)}" if self.root_column else self.topic


class RecordQuerySet(models.QuerySet[Any]):
    """Readable scopes that every record has."""

    def visible_to(self, user: Reader) -> Self:
        return self.filter(user.access.q("view"), deleted_at=None)

    def editable_by(self, user: Reader) -> Self:
        return self.filter(user.access.q("view"), user.access.q("edit"), deleted_at=None)

    def in_trash(self) -> Self:
        return self.exclude(deleted_at=None)


class Record(Logged):
    """A logged row that somebody owns, a team sees, and that goes to the trash before it goes for good."""

    assigned_column: ClassVar[str | None] = "owner_id"

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("owner"),
        db_index=False,
    )
    team = models.ForeignKey(
        "staff.Team", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team"), db_index=False
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("updated"), db_default=Now(), editable=False)
    deleted_at = models.DateTimeField(_("in trash since"), null=True, blank=True, editable=False)

    objects: ClassVar[Any] = RecordQuerySet.as_manager()

    class Meta(Logged.Meta):
        abstract = True


class ChangeRow(models.Model):
    """The columns that inbox and log share; see `crm/records/migrations` for the tables."""

    record = models.TextField()
    record_id = models.BigIntegerField()
    root = models.TextField()
    version = models.PositiveIntegerField()
    op = models.CharField(max_length=1, choices=[("c", _("created")), ("u", _("changed")), ("d", _("deleted"))])
    before = models.JSONField(null=True)
    data = models.JSONField()
    owner_id = models.BigIntegerField(null=True)
    team_id = models.BigIntegerField(null=True)
    assigned_id = models.BigIntegerField(null=True)
    actor_id = models.BigIntegerField(null=True)
    way = models.TextField(null=True)
    written_at = models.DateTimeField()

    class Meta:
        abstract = True
        managed = False


class ChangeNew(ChangeRow):
    """The inbox: what triggers wrote and the relay has not numbered yet."""

    id = models.BigAutoField(primary_key=True)

    class Meta(ChangeRow.Meta):
        abstract = False
        managed = False
        db_table = "change_new"
        verbose_name = _("waiting change")
        verbose_name_plural = _("waiting changes")


class Change(ChangeRow):
    """One row of the log: what was committed, numbered without gaps by the relay; never changed afterwards."""

    seq = models.BigIntegerField(primary_key=True)
    numbered_at = models.DateTimeField()

    class Meta(ChangeRow.Meta):
        abstract = False
        managed = False
        db_table = "change"
        ordering = ["seq"]
        verbose_name = _("change")
        verbose_name_plural = _("changes")

    def __str__(self) -> str:
        return f"{self.seq}: {self.record}:{self.record_id} v{self.version}"


class LogState(models.Model):
    """The log's one row of state: its epoch (another once numbers were taken back), its head, its directory's head."""

    epoch = models.UUIDField()
    head = models.BigIntegerField()
    directory_seq = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "log_state"


class Tally(models.Model):
    """How many records there are by owner, team and one dimension; counted by the relay as it numbers changes."""

    record = models.TextField()
    dimension = models.TextField()
    value = models.TextField()
    owner_id = models.BigIntegerField()
    team_id = models.BigIntegerField()
    n = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "records_tally"
