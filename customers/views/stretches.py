"""Lists that are shown stretch by stretch, the newest first: a customer's notes and timeline, imports."""

from typing import Any, NamedTuple

from django.db.models import QuerySet


class Stretch(NamedTuple):
    """`older` is where the next one begins (None: the list ends here), `further` how many there are from there on."""

    rows: list[Any]
    older: int | None
    further: int


def stretch_of(rows: QuerySet[Any], before: int | None, limit: int) -> Stretch:
    """At most `limit` of the rows, which are ordered by falling id."""
    shown = list((rows.filter(pk__lt=before) if before else rows)[:limit])
    further = rows.filter(pk__lt=shown[-1].pk).count() if len(shown) == limit else 0
    return Stretch(shown, shown[-1].pk if further else None, further)
