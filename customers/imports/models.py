"""One import of a file, and what became of each of its rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.records.models import Record

if TYPE_CHECKING:
    from crm.staff.models import User


class Import(Record):
    """A file on its way into the customers. Seen by its owner and by who sees everything; it has no team."""

    record_name: ClassVar[str] = "import"
    # How it is read and who works on it is no news; what is wrong with a cell may quote contact details.
    unlogged: ClassVar[tuple[str, ...]] = (
        "stored_name", "reading", "header", "plan", "problems", "attempt", "leased_until",
    )  # fmt: skip

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("waiting for its columns")
        CHECKING = "checking", _("being checked")
        CHECKED = "checked", _("checked")
        RUNNING = "running", _("running")
        STOPPED = "stopped", _("stopped")
        DONE = "done", _("done")
        UNDOING = "undoing", _("being undone")
        UNDONE = "undone", _("undone")
        FAILED = "failed", _("failed")

    WORKING: ClassVar[tuple[str, ...]] = (State.CHECKING, State.RUNNING, State.UNDOING)

    file_name = models.CharField(_("file"), max_length=200)
    stored_name = models.CharField(max_length=80, blank=True, default="")
    reading = models.JSONField(default=dict)
    header = models.JSONField(default=list)
    plan = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.UPLOADED)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    position = models.PositiveIntegerField(_("rows done"), default=0)
    created_count = models.PositiveIntegerField(_("new"), default=0)
    updated_count = models.PositiveIntegerField(_("changed"), default=0)
    unchanged_count = models.PositiveIntegerField(_("unchanged"), default=0)
    failed_count = models.PositiveIntegerField(_("with errors"), default=0)
    problems = models.JSONField(default=list)
    reason = models.TextField(_("reason"), blank=True, default="")
    attempt = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta(Record.Meta):
        abstract = False
        ordering = ["-id"]
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        indexes = [models.Index("owner", "id", name="import_owner")]

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("customers:import", args=[self.pk])

    @property
    def actor(self) -> User:
        """Who imports: its owner, by whose rights every row is judged."""
        assert self.owner is not None
        return self.owner

    @property
    def path(self) -> Path:
        """Where the file lies: in no folder that is served."""
        return Path(settings.MEDIA_ROOT) / "imports" / self.stored_name

    @property
    def errors_path(self) -> Path:
        """Where `manage.py import_customers` puts the rows that failed."""
        return self.path.with_suffix(".errors.csv")

    @property
    def has_file(self) -> bool:
        return bool(self.stored_name)

    @property
    def is_working(self) -> bool:
        return self.state in self.WORKING

    @property
    def is_halted(self) -> bool:
        """Between its rows: it can go on."""
        return self.state in (self.State.STOPPED, self.State.FAILED)

    @property
    def good_count(self) -> int:
        """Rows without errors, of those looked at."""
        return self.created_count + self.updated_count + self.unchanged_count


class ImportLine(models.Model):
    """What became of one row: how it is found again, undone, or explained in the error file."""

    class Outcome(models.TextChoices):
        CREATED = "created", _("new")
        UPDATED = "updated", _("changed")
        UNCHANGED = "unchanged", _("unchanged")
        FAILED = "failed", _("error")
        COMPANY = "company", _("company made for a person")

    batch = models.ForeignKey(Import, models.CASCADE, related_name="lines", db_index=False)
    number = models.PositiveIntegerField()
    outcome = models.CharField(max_length=9, choices=Outcome.choices)
    customer = models.ForeignKey("customers.Customer", models.CASCADE, null=True, related_name="+")
    version = models.PositiveIntegerField(null=True)
    before = models.JSONField(null=True)
    reason = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            # The second wall against doubled rows; a person's row may have made a company as well.
            models.UniqueConstraint("batch", "number", name="import_line_once", condition=~models.Q(outcome="company")),
        ]
        indexes = [models.Index("batch", "outcome", "number", name="import_line_outcome")]

    def __str__(self) -> str:
        return f"{self.number}: {self.outcome}"
