"""The panels that modules add to a customer's page: each registers the name of the URL that draws it."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import resolve, reverse


@dataclass(frozen=True)
class Slot:
    """A panel at the right of the page: `url_name` takes the customer's id and answers the panel's HTML."""

    url_name: str
    position: int = 0


_slots: list[Slot] = []


def register_panel(url_name: str, *, position: int = 0) -> None:
    """Called from the module's AppConfig; the view behind it answers 404 for a customer that its reader may not see."""
    _slots.append(Slot(url_name, position))
    _slots.sort(key=lambda slot: slot.position)


def has_panels() -> bool:
    return bool(_slots)


def draw_panels(request: HttpRequest, customer_id: int) -> bytes:
    """All panels as one piece of HTML: fetched one by one, each that comes would push down those below it."""
    views = [resolve(reverse(slot.url_name, args=[customer_id])).func for slot in _slots]
    return b"".join(view(request, customer_id).content for view in views)
