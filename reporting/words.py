"""How modules, kinds and stages of what was measured are called on the page."""

from django.utils.translation import gettext as _

from crm.requests.kinds import kinds


def labels() -> dict[str, dict[str, str]]:
    """By their code; what has no name here is shown by its code."""
    return {
        "modules": {
            "account": _("Sign-in"),
            "admin": _("Administration"),
            "api": _("API"),
            "customers": _("Customers"),
            "base": _("Second factor"),  # allauth's name for it
            "generic": _("Redirects"),  # Django's name for it
            "live": _("Live connection"),
            "outbox": _("Outbox"),
            "reporting": _("Reporting"),
            "requests": _("Requests"),
            "staff": _("Staff"),
            "unknown": _("Unknown addresses"),
        },
        "kinds": {
            "customer": _("Customer itself"),
            "consent": _("Consent"),
            "contactpoint": _("Contact point"),
            "followup": _("Follow-up"),
            "note": _("Note"),
            "request": _("Request"),
            **{kind.timed_as: str(kind.title) for kind in kinds()},
        },
        "stages": {"number": _("Number"), "cache": _("Cache"), "send": _("Send"), "paint": _("Paint")},
        "ways": {
            "screen": _("screen"),
            "api": _("API"),
            "admin": _("administration"),
            "import": _("import"),
            "request": _("request"),
            "worker": _("worker"),
            "system": _("system"),
        },
    }
