"""How Django admin looks: like the product it belongs to, as far as its library lets itself be dressed."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static


def sign(request: HttpRequest) -> str:
    return static("icons/pulse.svg")


def names(request: HttpRequest) -> str:
    return static("js/admin-names.js")


# The accent of static/css/pulse.css, from its palest to its darkest shade.
ACCENT = {
    "50": "oklch(96.2% .018 272.314)",
    "100": "oklch(93% .034 272.788)",
    "200": "oklch(87% .065 274.039)",
    "300": "oklch(78.5% .115 274.713)",
    "400": "oklch(67.3% .182 276.935)",
    "500": "oklch(58.5% .233 277.117)",
    "600": "oklch(51.1% .262 276.966)",
    "700": "oklch(45.7% .24 277.023)",
    "800": "oklch(39.8% .195 277.366)",
    "900": "oklch(35.9% .144 278.697)",
    "950": "oklch(25.7% .09 281.288)",
}
LOOK: dict[str, Any] = {
    "SITE_TITLE": "Pulse",
    "SITE_HEADER": "Pulse",
    "SITE_SYMBOL": "monitor_heart",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": sign}],
    "COLORS": {"primary": ACCENT},
    "SCRIPTS": [names],
}
