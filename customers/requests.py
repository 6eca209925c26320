"""What customers may ask of this module: each kind's payload, and what is done about it by the services."""

from datetime import timedelta
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from crm.requests.kinds import FOR_CUSTOMER, Attempt, Kind, Refused, register
from customers import facts, services
from customers.models import Customer


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


def change_details(attempt: Attempt) -> dict[str, Any]:
    version = hold(attempt).version
    changed = services.update_customer(
        attempt.customer_id, actor=FOR_CUSTOMER, version=version, changes=attempt.payload
    )
    return {"changed": sorted(attempt.payload) if changed["version"] > version else [], "version": changed["version"]}


def hold(attempt: Attempt) -> Customer:
    """The customer, whom nobody else changes before this attempt ends. Refuses what is asked for one in the trash."""
    # Without the key: a request that arrives for the customer meanwhile must not wait, since this one's end waits for it.
    rows = Customer.objects.select_for_update(no_key=True)
    customer: Customer | None = rows.filter(pk=attempt.customer_id, deleted_at=None).first()
    if customer is None:
        raise Refused(_("This customer is in the trash."))
    return customer


register(
    Kind(
        name="change_details",
        title=gettext_lazy("Change of details"),
        payload=Details,
        apply=change_details,
        module="customers",
        value=1.0,
        deadline=timedelta(minutes=10),
        expected=0.02,
    )
)
