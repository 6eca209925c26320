"""What customers may ask of this module: each kind's payload, and what is done about it by the services."""

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from crm.records.access import Access
from crm.requests.forms import RequestForm
from crm.requests.kinds import FOR_CUSTOMER, Attempt, Kind, Refused, register
from crm.staff.hours import next_working_hour
from customers import erasing, facts, mails, services
from customers.copies.making import make_copy
from customers.due import may_approve
from customers.erasures import services as erasures
from customers.live import CUSTOMER
from customers.models import Customer
from customers.placement import best_placed
from customers.request_forms import CallBackForm, ConsentForm, DetailsForm

FURTHEST = timedelta(days=366)  # that somebody is asked to call back


class Payload(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Details(Payload):
    """What customers may change of themselves; what is not given stays. The country says how phones are read."""

    name: str = ""
    title: str = ""
    country: str = ""
    emails: list[str] = []
    phones: list[str] = []
    street: str = ""
    postcode: str = ""
    city: str = ""
    region: str = ""
    born_on: str | None = None
    language: str = ""

    @field_validator("*")
    @classmethod
    def holds(cls, value: Any, info: ValidationInfo) -> Any:
        try:
            facts.clean_one(str(info.field_name), value, info.data, FOR_CUSTOMER)
        except ValidationError as error:
            raise PydanticCustomError("fact", "{said}", {"said": " ".join(error.messages)}) from None
        return value

    @model_validator(mode="after")
    def says_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("nothing", "{said}", {"said": _("Say what is to be changed.")})
        return self


def may_say_details(access: Access, payload: dict[str, Any]) -> bool:
    return CUSTOMER.may_write(payload, access.sees_contacts)


def change_details(attempt: Attempt) -> dict[str, Any]:
    version = hold(attempt).version
    changed = services.update_customer(
        attempt.customer_id, actor=FOR_CUSTOMER, version=version, changes=attempt.payload
    )
    return {"changed": sorted(attempt.payload) if changed["version"] > version else [], "version": changed["version"]}


class CallBack(Payload):
    """When it suits the customer (now, if that is not said) and what it is about."""

    when: Annotated[AwareDatetime | None, Field(strict=False)] = None
    about: Annotated[str, Field(max_length=150)] = ""

    @field_validator("when")
    @classmethod
    def is_near(cls, value: Any) -> Any:
        if value is not None and abs(value - timezone.now()) > FURTHEST:
            raise PydanticCustomError("far", "{said}", {"said": _("Name a time within a year from now.")})
        return value


def call_back(attempt: Attempt) -> dict[str, Any]:
    """A follow-up for the best-placed person, not before now, in her working hours."""
    customer = hold(attempt)
    placed = best_placed(customer)
    if placed is None:
        raise Refused(_("There is nobody who could call back."))
    now = timezone.now()
    wanted = parse_datetime(attempt.payload.get("when") or "") or now
    follow_up = services.add_follow_up(
        customer.pk,
        actor=FOR_CUSTOMER,
        title=_("Call back: %s") % (" ".join(attempt.payload.get("about", "").split()) or customer.name)[:150],
        due_at=next_working_hour(max(wanted, now), placed.user),
        assignee_id=placed.user.pk,
    )
    return {
        "follow_up": follow_up.pk,
        "assignee": placed.user.pk,
        "who": placed.user.name,
        "why": placed.why,
        "due_at": follow_up.due_at.isoformat(),
    }


class ConsentGiven(Payload):
    """Whether marketing by a channel is wanted."""

    channel: Literal["email", "phone", "sms", "post"]
    is_given: bool


def consent(attempt: Attempt) -> dict[str, Any]:
    customer = hold(attempt)
    earlier = customer.consents.filter(channel=attempt.payload["channel"]).first()
    said = services.record_consent(customer.pk, actor=FOR_CUSTOMER, **attempt.payload)
    if said != earlier:
        mails.confirm_consent(customer, said)
    return {"channel": said.channel, "is_given": said.is_given, "since": said.created_at.isoformat()}


class NothingMore(Payload):
    """The kind says all."""


def export_data(attempt: Attempt) -> dict[str, Any]:
    """One file with all that is held; the customer is mailed a link, staff who may export fetch it here."""
    customer = hold(attempt)
    held = make_copy(customer)
    is_mailed = mails.hand_over(customer, held)
    return {"url": held.get_absolute_url(), "expires_at": held.expires_at.isoformat(), "is_mailed": is_mailed}


def erase_data(attempt: Attempt) -> dict[str, Any]:
    erasures.ask_erasure(hold(attempt, in_trash=True), attempt)
    return {"waits_for": erasing.APPROVAL}


def approve_erasure(attempt: Attempt) -> dict[str, Any]:
    return {"asked": erasures.approve_erasure(hold(attempt, in_trash=True), attempt)}


def withdraw_erasure(attempt: Attempt) -> dict[str, Any]:
    return {"asked": erasures.withdraw_erasure(hold(attempt, in_trash=True), attempt)}


def hold(attempt: Attempt, *, in_trash: bool = False) -> Customer:
    """The customer, whom nobody else changes before this attempt ends. Refuses one in the trash, unless told so."""
    # Without the key: a request that arrives for the customer meanwhile must not wait for this one, which waits for it.
    rows = Customer.objects.select_for_update(no_key=True)
    customer: Customer = rows.get(pk=attempt.customer_id)
    if customer.deleted_at and not in_trash:
        raise Refused(_("This customer is in the trash."))
    return customer


register(
    Kind(
        name="change_details",
        title=gettext_lazy("Change of details"),
        about=gettext_lazy("Applies what the customer says is right. What is left empty stays as it is."),
        payload=Details,
        apply=change_details,
        may_say=may_say_details,
        module="customers",
        is_customers=True,
        form=DetailsForm,
        handles=frozenset({"version"}),
        value=1.0,
        deadline=timedelta(minutes=10),
        expected=0.02,
    )
)
register(
    Kind(
        name="call_back",
        title=gettext_lazy("Call back"),
        about=gettext_lazy("Makes a follow-up in working hours for the person who is best placed to call."),
        payload=CallBack,
        apply=call_back,
        module="customers",
        is_customers=True,
        form=CallBackForm,
        handles=frozenset({"assignee", "follow_up"}),
        value=2.0,
        deadline=timedelta(minutes=5),
        expected=0.02,
    )
)
register(
    Kind(
        name="consent",
        title=gettext_lazy("Consent to marketing"),
        about=gettext_lazy("Notes whether the customer wishes to hear from us by this channel. Confirmed by mail."),
        payload=ConsentGiven,
        apply=consent,
        module="customers",
        is_customers=True,
        form=ConsentForm,
        value=1.0,
        deadline=timedelta(minutes=10),
        expected=0.01,
    )
)
register(
    Kind(
        name="export_data",
        title=gettext_lazy("Copy of all data"),
        about=gettext_lazy("Gathers all that is held in one file, and mails the customer a link to it."),
        payload=NothingMore,
        apply=export_data,
        module="customers",
        is_customers=True,
        form=RequestForm,
        value=0.5,
        deadline=timedelta(hours=1),
        expected=0.1,
    )
)
register(
    Kind(
        name="erase_data",
        title=gettext_lazy("Erasure of all data"),
        about=gettext_lazy("Asks for all that is held to be erased. Nothing happens until somebody else approves it."),
        payload=NothingMore,
        apply=erase_data,
        module="customers",
        is_customers=True,
        reaches_trash=True,
        form=RequestForm,
        value=1.0,
        deadline=timedelta(hours=1),
        expected=0.01,
    )
)
register(
    Kind(
        name=erasing.APPROVAL,
        title=gettext_lazy("Approval of an erasure"),
        about=gettext_lazy("Erases all that is held about the customer, for good, if somebody else has asked for it."),
        payload=NothingMore,
        apply=approve_erasure,
        module="customers",
        may_ask=may_approve,
        is_signed=True,
        reaches_trash=True,
        is_final=True,
        form=RequestForm,
        value=1.0,
        deadline=timedelta(hours=1),
        expected=0.2,
    )
)
register(
    Kind(
        name="withdraw_erasure",
        title=gettext_lazy("Withdrawal of an erasure"),
        about=gettext_lazy("Takes back that all data be erased, as long as nobody has approved it."),
        payload=NothingMore,
        apply=withdraw_erasure,
        module="customers",
        is_customers=True,
        is_signed=True,
        reaches_trash=True,
        form=RequestForm,
        value=1.0,
        deadline=timedelta(minutes=10),
        expected=0.01,
    )
)
