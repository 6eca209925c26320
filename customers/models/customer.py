"""People and companies that we serve, how they are reached and found, and the stages and tags that sort them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.records.models import Logged, Record, RecordQuerySet
from customers.triggers import COMPANY_TRIGGERS, FOLD_TRIGGERS, FOLLOW_TRIGGERS

if TYPE_CHECKING:
    from crm.records.access import Access
    from customers.filters import CustomerFilter


class Stage(Logged):
    """A step of a customer's life with us; administrators edit them."""

    record_name: ClassVar[str] = "stage"

    code = models.SlugField(_("code"), unique=True, max_length=30)
    name = models.CharField(_("name"), max_length=60)
    color = models.CharField(_("colour"), max_length=12, default="grey")
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta(Logged.Meta):
        abstract = False
        ordering = ["position", "code"]
        verbose_name = _("stage")
        verbose_name_plural = _("stages")

    def __str__(self) -> str:
        return self.name


class Tag(Logged):
    """A word that staff put on customers."""

    record_name: ClassVar[str] = "tag"

    name = models.CharField(_("name"), max_length=40)

    class Meta(Logged.Meta):
        abstract = False
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="tag_name_once")]
        verbose_name = _("tag")
        verbose_name_plural = _("tags")

    def __str__(self) -> str:
        return self.name


class CustomerQuerySet(RecordQuerySet):
    def matching(self, wanted: CustomerFilter, access: Access) -> Self:
        found: Self = wanted.narrow(self, access)
        return found


class Customer(Record):
    """A person or company. Lists (emails, phones) and the address are folded in from the contact points by triggers."""

    record_name: ClassVar[str] = "customer"

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        COMPANY = "company", _("Company")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.PERSON)
    name = models.CharField(_("name"), max_length=200)
    stage = models.ForeignKey(
        Stage,
        models.PROTECT,
        to_field="code",
        default="lead",
        related_name="+",
        verbose_name=_("stage"),
        db_index=False,
    )
    title = models.CharField(_("job title"), max_length=120, blank=True, default="", db_default="")
    company = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="people",
        limit_choices_to={"kind": "company"},
        verbose_name=_("company"),
    )
    company_name = models.CharField(_("company"), max_length=200, blank=True, default="", db_default="")
    emails = ArrayField(models.EmailField(), verbose_name=_("e-mail"), default=list, blank=True, db_default=[])
    phones = ArrayField(models.TextField(), verbose_name=_("phone"), default=list, blank=True, db_default=[])
    street = models.CharField(_("street"), max_length=200, blank=True, default="", db_default="")
    postcode = models.CharField(_("postcode"), max_length=20, blank=True, default="", db_default="")
    city = models.CharField(_("city"), max_length=120, blank=True, default="", db_default="")
    region = models.CharField(_("region"), max_length=120, blank=True, default="", db_default="")
    country = models.CharField(_("country"), max_length=2, blank=True, default="", db_default="")
    born_on = models.DateField(_("date of birth"), null=True, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True, default="", db_default="")
    source = models.CharField(_("source"), max_length=120, blank=True, default="", db_default="")
    reference = models.CharField(_("reference"), max_length=120, blank=True, default="", db_default="")
    tags = ArrayField(models.BigIntegerField(), verbose_name=_("tags"), default=list, blank=True, db_default=[])

    objects: ClassVar[Any] = CustomerQuerySet.as_manager()

    class Meta(Record.Meta):
        abstract = False
        triggers = [*Record.Meta.triggers, *COMPANY_TRIGGERS, *FOLLOW_TRIGGERS]
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints = [
            models.CheckConstraint(condition=~models.Q(name=""), name="customer_has_name"),
            models.CheckConstraint(condition=models.Q(kind__in=["person", "company"]), name="customer_kind"),
        ]
        indexes = [
            models.Index("updated_at", "id", name="customer_updated", condition=models.Q(deleted_at=None)),
            models.Index("created_at", "id", name="customer_created", condition=models.Q(deleted_at=None)),
            models.Index(Lower("name"), "id", name="customer_name", condition=models.Q(deleted_at=None)),
            models.Index("team", "updated_at", "id", name="customer_team", condition=models.Q(deleted_at=None)),
            models.Index("owner", "updated_at", "id", name="customer_owner", condition=models.Q(deleted_at=None)),
            models.Index("reference", name="customer_reference", condition=~models.Q(reference="")),
            models.Index("deleted_at", name="customer_trash", condition=models.Q(deleted_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("customers:page", args=[self.pk])


class Search(models.Model):
    """What a customer is found by: open to every reader, or only to those who may see contact details.

    `readers` are those whose customer it is: the owner's number, and the team's below zero (`Access.numbers`).
    """

    customer = models.OneToOneField(Customer, models.CASCADE, primary_key=True, related_name="search")
    open_text = models.TextField()
    contact_text = models.TextField()
    readers = ArrayField(models.BigIntegerField(), default=list, db_default=[])

    class Meta:
        db_table = "customers_search"


class ContactPoint(models.Model):
    """An e-mail address, phone or postal address; a part of its customer, whose columns its triggers keep."""

    class Kind(models.TextChoices):
        EMAIL = "email", _("E-mail")
        PHONE = "phone", _("Phone")
        ADDRESS = "address", _("Address")

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="contact_points", verbose_name=_("customer"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    value = models.CharField(_("value"), max_length=254, blank=True, default="")
    label = models.CharField(_("label"), max_length=40, blank=True, default="")
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    street = models.CharField(_("street"), max_length=200, blank=True, default="")
    postcode = models.CharField(_("postcode"), max_length=20, blank=True, default="")
    city = models.CharField(_("city"), max_length=120, blank=True, default="")
    region = models.CharField(_("region"), max_length=120, blank=True, default="")
    country = models.CharField(_("country"), max_length=2, blank=True, default="")

    class Meta:
        triggers = FOLD_TRIGGERS
        ordering = ["kind", "position", "id"]
        verbose_name = _("contact point")
        verbose_name_plural = _("contact points")
        constraints = [
            models.UniqueConstraint(
                "customer", "kind", Lower("value"), name="contact_point_once", condition=~models.Q(kind="address")
            ),
        ]

    def __str__(self) -> str:
        return self.value or ", ".join(filter(None, [self.street, self.postcode, self.city, self.country]))
