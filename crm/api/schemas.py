"""What stands in the OpenAPI description: read models follow the projections, so that they cannot fall behind them."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from django.utils.translation import gettext as _
from ninja import Schema
from pydantic import AfterValidator, BaseModel, ConfigDict, create_model

from crm.records.projection import Projection

TYPES: dict[str, Any] = {
    "text": str,
    "integer": int | None,
    "list": list[str],
    "time": datetime | None,
    "date": date | None,
    "flag": bool,
}


def storable(text: str) -> str:
    """PostgreSQL holds every text but one with a NUL in it."""
    if "\x00" in text:
        raise ValueError(_("A text cannot hold the character NUL."))
    return text


def in_utc(moment: datetime) -> datetime:
    """Python knows offsets and years that PostgreSQL does not."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(_("There is no such moment.")) from None


Text = Annotated[str, AfterValidator(storable)]


class Given(BaseModel):
    """A body that is sent to us: unknown fields and wrong types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)

    def said(self) -> dict[str, Any]:
        """Only what the caller wrote down."""
        return self.model_dump(exclude_unset=True)


class Problem(Schema):
    type: str
    title: str
    status: int
    detail: str
    errors: dict[str, list[str]] | None = None
    version: int | None = None
    conflicts: dict[str, Any] | None = None


def read_model(name: str, projection: Projection, **better: Any) -> type[Schema]:
    """The schema of a projection; `better` gives types that its kinds are too coarse for."""
    fields: dict[str, Any] = {each.name: (better.get(each.name, TYPES[each.kind]), ...) for each in projection.fields}
    return create_model(name, __base__=Schema, **fields)


def page_of(item: type[Schema]) -> type[Schema]:
    fields: dict[str, Any] = {"items": (list[item], ...), "next": (str | None, ...)}  # type: ignore[valid-type]
    return create_model(f"{item.__name__}Page", __base__=Schema, **fields)
