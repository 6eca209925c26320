"""What customers asked us to do: the row is the request; whatever else speaks of it is only a wake-up."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.records.access import Access
from crm.records.models import Logged, Reader
from crm.requests.kinds import PEOPLE, kinds, title_of
from crm.requests.triggers import TRIGGERS
from crm.sites.models import Site

CUSTOMER_TABLE = settings.CUSTOMER_MODEL.replace(".", "_").lower()


class State(models.TextChoices):
    QUEUED = "queued", _("waiting")
    RUNNING = "running", _("in work")
    DONE = "done", _("done")
    FAILED = "failed", _("refused")
    CANCELLED = "cancelled", _("cancelled")
    DEAD = "dead", _("given up")


OPEN = (State.QUEUED, State.RUNNING)


class Priority(models.IntegerChoices):
    LOW = 1, _("low")
    NORMAL = 2, _("normal")
    HIGH = 3, _("high")
    URGENT = 4, _("urgent")


class RequestQuerySet(models.QuerySet[Any]):
    """Requests are seen by whoever sees the customer; of one in the trash those that reach it there."""

    def visible_to(self, user: Reader) -> Self:
        return self.seen_by(user.access)

    def seen_by(self, access: Access) -> Self:
        return self.within_reach().filter(access.q("view", "customer__"))

    def sent_by(self, site: Site) -> Self:
        return self.within_reach().filter(sender=site.sender)

    def within_reach(self) -> Self:
        reaching = [kind.name for kind in kinds() if kind.reaches_trash]
        return self.filter(models.Q(customer__deleted_at=None) | models.Q(kind__in=reaching))

    def open(self) -> Self:
        return self.filter(state__in=OPEN)

    def with_people(self) -> Self:
        """Those that a person is to answer."""
        return self.filter(queue=PEOPLE)


class Request(Logged):
    """One request of a customer, on its way from the door to its end."""

    record_name: ClassVar[str] = "request"
    root_record: ClassVar[str | None] = settings.CUSTOMER_MODEL.partition(".")[2].lower()
    root_table: ClassVar[str | None] = CUSTOMER_TABLE
    root_column: ClassVar[str | None] = "customer_id"
    # What moves a request through the queue is nobody's news, and what is in it stays out of the log.
    unlogged: ClassVar[tuple[str, ...]] = (
        "payload", "result", "is_ready", "lease_until", "idempotency_key", "take_by", "desk",
    )  # fmt: skip

    kind = models.TextField(_("kind"))
    customer = models.ForeignKey(
        settings.CUSTOMER_MODEL,
        models.CASCADE,
        related_name="requests",
        verbose_name=_("customer"),
        db_index=False,
    )
    payload = models.JSONField(_("what was asked"))
    sender = models.TextField(_("sent by"))
    idempotency_key = models.TextField(_("idempotency key"), null=True)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.QUEUED, db_default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0, db_default=0)
    forgiven = models.PositiveSmallIntegerField(_("attempts before it was retried"), default=0, db_default=0)
    result = models.JSONField(_("result"), null=True)
    reason = models.TextField(_("reason"), default="", db_default="", blank=True)
    queue = models.TextField(_("queue"))
    size = models.SmallIntegerField(_("size"), default=0, db_default=0)
    begin_by = models.DateTimeField(_("to be begun by"))
    order = models.JSONField(_("why then"))
    deadline_at = models.DateTimeField(_("expected by"))
    is_ready = models.BooleanField(_("first in line"), default=False, db_default=False)
    retry_at = models.DateTimeField(_("tried again at"), null=True)
    lease_until = models.DateTimeField(_("leased until"), null=True)
    worker = models.TextField(_("worker"), default="", db_default="", blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("with"), db_index=False
    )
    take_by = models.DateTimeField(_("to be taken by"), null=True)
    topic = models.TextField(_("topic"), default="", db_default="", blank=True)
    priority = models.SmallIntegerField(
        _("priority"), choices=Priority, default=Priority.NORMAL, db_default=Priority.NORMAL
    )
    desk = models.JSONField(_("how it was placed"), null=True)
    received_at = models.DateTimeField(_("received"), db_default=Now())
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    objects: ClassVar[Any] = RequestQuerySet.as_manager()

    class Meta(Logged.Meta):
        abstract = False
        ordering = ["-id"]
        triggers = [*Logged.Meta.triggers, *TRIGGERS]
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        constraints = [
            models.UniqueConstraint("sender", "idempotency_key", name="request_key_once"),
            models.CheckConstraint(condition=models.Q(state__in=State.values), name="request_state_known"),
            # Who takes a request is written into it, so that one person has it and nobody else.
            models.CheckConstraint(
                condition=~models.Q(queue=PEOPLE, state=State.RUNNING, person=None), name="request_taken_by_somebody"
            ),
        ]
        indexes = [
            models.Index("queue", "begin_by", name="request_ready", condition=models.Q(is_ready=True)),
            models.Index("customer", "id", name="request_line", condition=models.Q(state__in=OPEN)),
            models.Index("customer", "id", name="request_customer"),
            models.Index("lease_until", name="request_lease", condition=models.Q(state=State.RUNNING)),
            models.Index("retry_at", name="request_retry", condition=models.Q(retry_at__isnull=False)),
            models.Index("finished_at", name="request_finished", condition=models.Q(finished_at__isnull=False)),
            models.Index("person", name="request_person", condition=models.Q(person__isnull=False, finished_at=None)),
            models.Index("take_by", name="request_take", condition=models.Q(queue=PEOPLE, state=State.QUEUED)),
            models.Index("topic", "finished_at", name="request_topic", condition=~models.Q(topic="")),
            models.Index("received_at", "id", name="request_received"),
            models.Index("state", "received_at", "id", name="request_state"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("requests:page", args=[self.pk])

    @property
    def title(self) -> str:
        return title_of(self.kind)

    @property
    def waited(self) -> float | None:
        """Seconds from the arrival to the start of the last attempt."""
        return (self.started_at - self.received_at).total_seconds() if self.started_at else None

    @property
    def handled(self) -> float | None:
        """Seconds that the last attempt took."""
        if self.started_at and self.finished_at:
            return (self.finished_at - self.started_at).total_seconds()
        return None

    @property
    def is_in_time(self) -> bool:
        return self.finished_at is not None and self.finished_at <= self.deadline_at

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def waits_for_person(self) -> bool:
        return self.queue == PEOPLE and self.state == State.QUEUED

    @property
    def is_taken(self) -> bool:
        return self.queue == PEOPLE and self.state == State.RUNNING


class HandlingTime(models.Model):
    """The learned seconds of handling of one kind and size: exponentially weighted mean and variance."""

    kind = models.TextField(_("kind"))
    size = models.SmallIntegerField(_("size"))
    count = models.BigIntegerField(_("seen"))
    mean = models.FloatField(_("mean seconds"))
    variance = models.FloatField(_("variance"))

    class Meta:
        verbose_name = _("handling time")
        verbose_name_plural = _("handling times")
        constraints = [models.UniqueConstraint("kind", "size", name="handling_time_once")]

    def __str__(self) -> str:
        return f"{self.kind}/{self.size}: {self.mean:.3f} s"


class LearningState(models.Model):
    """One row: up to which end of handling the times are learned."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    learned_to = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="learning_state_one_row")]

    def __str__(self) -> str:
        return f"{self.learned_to:%Y-%m-%d %H:%M:%S}"


class TriageModel(models.Model):
    """What was learned about one aim from answered requests, and how good that is; no content where it is of no use."""

    class Aim(models.TextChoices):
        TOPIC = "topic", _("topic")
        PRIORITY = "priority", _("priority")
        PERSON = "person", _("who answers such")

    aim = models.CharField(_("aim"), max_length=8, primary_key=True, choices=Aim)
    trained_at = models.DateTimeField(_("trained"))
    newest = models.DateTimeField(_("learned up to"))
    examples = models.PositiveIntegerField(_("answers learned from"))
    classes = models.PositiveSmallIntegerField(_("classes"))
    accuracy = models.FloatField(_("accuracy"), null=True)
    baseline = models.FloatField(_("accuracy of the most frequent"), null=True)
    content = models.JSONField(_("what was learned"), null=True)

    class Meta:
        verbose_name = _("triage model")
        verbose_name_plural = _("triage models")

    def __str__(self) -> str:
        return self.aim


class Worker(models.Model):
    """What one pool of workers said of itself last; stale after a few seconds."""

    name = models.TextField(_("name"), primary_key=True)
    slots = models.PositiveSmallIntegerField(_("slots"))
    queues = models.TextField(_("queues"))
    seen_at = models.DateTimeField(_("seen"))

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")

    def __str__(self) -> str:
        return self.name


class ProbeEffect(models.Model):
    """The one effect of a `probe`: that it was there is all it says."""

    key = models.TextField(_("key"), db_index=True)
    request = models.ForeignKey(Request, models.CASCADE, related_name="+", verbose_name=_("request"))
    at = models.DateTimeField(_("at"), db_default=Now())

    class Meta:
        verbose_name = _("probe's effect")
        verbose_name_plural = _("probes' effects")

    def __str__(self) -> str:
        return self.key
