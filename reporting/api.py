"""The measured times for programs: how fast an update reaches everybody, how fast a request is answered."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import BaseModel, Field

from crm.api.answers import answer
from crm.timings.figures import figures

router = Router(tags=["timings"])

MOST_SECONDS = 366 * 86_400


class ResponseTimes(Schema):
    """Seconds; null when nothing ended in the window. `n` counts requests."""

    mean: float | None
    p50: float | None
    p95: float | None
    p99: float | None
    max: float | None
    n: int


class UpdateTimes(ResponseTimes):
    """`mean` is over customers of each customer's mean and `n` counts customers; quantiles are over the changes."""

    late: int
    changes: int


class Timings(Schema):
    update: UpdateTimes
    response: ResponseTimes


class Window(BaseModel):
    window: Annotated[float, Field(gt=0, le=MOST_SECONDS, description="Seconds back from now.")] = 300


@router.get("", response=Timings, url_name="timings")
def get_timings(request: HttpRequest, wanted: Query[Window]) -> HttpResponse:
    """T_update and T_response of what ended in the last so many seconds."""
    return answer(figures(wanted.window))
