"""The self-test of an installation: waits, then leaves one effect, so that order and once-ness can be seen outside."""

import time
from datetime import timedelta
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict, Field

from crm.records.access import Access
from crm.records.statements import prepared
from crm.requests.kinds import Attempt, Kind, register
from crm.requests.models import ProbeEffect

# Not by ORM: what is measured with probes is the engine. A bare INSERT would be stamped with who writes: no log asks.
EFFECT = """
WITH effect AS (INSERT INTO requests_probeeffect (key, request_id) VALUES (%s, %s) RETURNING id) SELECT id
FROM effect"""


class Probe(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    ms: Annotated[int, Field(ge=0, le=60_000)]
    key: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


def wait(attempt: Attempt) -> None:
    time.sleep(attempt.payload["ms"] / 1000)


def apply(attempt: Attempt) -> dict[str, Any]:
    with prepared() as cursor:
        cursor.execute(EFFECT, [attempt.payload["key"], attempt.request_id])
    return {"key": attempt.payload["key"], "attempt": attempt.number}


def size(payload: dict[str, Any]) -> int:
    """Twice as long a wait is the next size."""
    return int(payload["ms"]).bit_length()


def may_ask(access: Access) -> bool:
    return access.is_administrator


def effects(key: str) -> list[int]:
    """The requests that left an effect under the key, in the order in which they did."""
    return list(ProbeEffect.objects.filter(key=key).order_by("id").values_list("request_id", flat=True))


register(
    Kind(
        name="probe",
        title=_("Self-test"),
        payload=Probe,
        wait=wait,
        apply=apply,
        time_limit=90,
        deadline=timedelta(minutes=1),
        size=size,
        may_ask=may_ask,
    )
)
