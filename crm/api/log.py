"""The change log for programs: what changed since a position, as far as the asker may see it; and the directory."""

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import BaseModel, Field

from crm.api import feed
from crm.api.answers import answer
from crm.api.auth import asker
from crm.records.directory import page_state

router = Router(tags=["log"])


class ChangeRead(Schema):
    seq: int
    record: Annotated[str, Field(description="As in “customer:42”.")]
    root: Annotated[str, Field(description="The record on whose timeline it stands.")]
    version: int
    op: Annotated[str, Field(json_schema_extra={"enum": ["c", "u", "d"]})]
    fields: dict[str, Any]
    gone: Annotated[bool, Field(description="The record is in the trash or deleted since.")]
    by: dict[str, Any] | None
    way: str | None
    at: str


class Changes(Schema):
    epoch: str
    items: list[ChangeRead]
    next: Annotated[int | None, Field(description="Go on after this; null: you have everything up to “head”.")]
    head: int


class Directory(Schema):
    epoch: str
    head: int
    users: dict[str, Any]
    teams: dict[str, Any]
    stages: dict[str, Any]
    tags: dict[str, Any]


class Position(BaseModel):
    after: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


@router.get("/changes", response=Changes, url_name="changes")
def list_changes(request: HttpRequest, position: Query[Position]) -> HttpResponse:
    """Changes after a position in the log, in its order: of all that you may see now, each one once."""
    return answer(feed.changes_after(position.after, asker(request), limit=position.limit))


@router.get("/directory", response=Directory, url_name="directory")
def get_directory(request: HttpRequest) -> HttpResponse:
    """The names behind the ids and codes that records refer to by."""
    epoch, head, entries = page_state()
    return answer({"epoch": epoch, "head": head, **entries})
