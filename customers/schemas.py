"""What the customers' API takes and gives, as its OpenAPI description has it; customers/facts.py makes it clean."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from crm.api.schemas import Given, Text, in_utc, page_of, read_model
from customers.filters import SORTS
from customers.live import CUSTOMER, FOLLOW_UP, NOTE

Kind = Literal["person", "company"]
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Moment = Annotated[AwareDatetime, Field(strict=False), AfterValidator(in_utc)]
Limit = Annotated[int, Field(ge=1, le=200)]

CustomerRead = read_model("Customer", CUSTOMER, kind=Kind, tags=list[int])
NoteRead = read_model("Note", NOTE)
FollowUpRead = read_model("FollowUp", FOLLOW_UP)
CustomerPage, NotePage, FollowUpPage = page_of(CustomerRead), page_of(NoteRead), page_of(FollowUpRead)


class Facts(Given):
    """What is not said stays as it is; of a new customer it stays empty."""

    stage: Text = ""
    owner: Id | None = None
    team: Id | None = None
    title: Text = ""
    company: Id | None = None
    emails: list[Text] = []
    phones: list[Text] = []
    street: Text = ""
    postcode: Text = ""
    city: Text = ""
    region: Text = ""
    country: Text = ""
    born_on: Annotated[str, Field(json_schema_extra={"format": "date"})] | None = None
    language: Text = ""
    source: Text = ""
    reference: Text = ""
    tags: Annotated[
        list[Id | Text], Field(description="Ids; a text is the tag of that name, made when it is new.")
    ] = []


class NewCustomer(Facts):
    kind: Kind
    name: Text


class CustomerChanges(Facts):
    version: Annotated[Id, Field(description="The version that these changes are based on.")]
    kind: Kind = "person"
    name: Text = ""


class NewNote(Given):
    body: Text


class NewFollowUp(Given):
    title: Text
    due_at: Moment
    assignee: Id | None = None


class FollowUpChanges(Given):
    version: Annotated[Id, Field(description="The version that these changes are based on.")]
    title: Text = ""
    due_at: Moment | None = None
    assignee: Id | None = None


class Place(BaseModel):
    """Where in a list to go on, and how far."""

    after: Annotated[Text, Field(description="“next” of the page before.")] = ""
    limit: Limit = 50


class CustomerQuery(Place):
    """Conditions that all hold; of one that is given several times, any value."""

    q: Annotated[Text, Field(description="Words that all stand somewhere in it.")] = ""
    sort: Annotated[Text, Field(json_schema_extra={"enum": list(SORTS)})] = ""
    kind: Kind | None = None
    stage: list[Text] = []
    owner: list[Id] = []
    team: list[Id] = []
    tag: list[Id] = []
    created_since: Annotated[Text, Field(json_schema_extra={"format": "date"})] = ""

    def conditions(self) -> dict[str, Any]:
        return self.model_dump(include=CONDITIONS, exclude_none=True)


CONDITIONS = set(CustomerQuery.model_fields) - set(Place.model_fields) - {"sort"}
