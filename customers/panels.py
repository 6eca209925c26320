"""The panels that other modules add to a customer's page: each registers the name of a URL, which the page asks for."""

from dataclasses import dataclass

from django.urls import reverse


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


def panel_urls(customer_id: int) -> list[str]:
    return [reverse(slot.url_name, args=[customer_id]) for slot in _slots]
