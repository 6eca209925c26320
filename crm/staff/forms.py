"""What people may set about themselves."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from crm.records.paging import HIGHEST_ID
from crm.staff.models import User

AUTO = "auto"


def time_zones() -> list[tuple[str, Any]]:
    """Those that people know by a city; the rest are aliases and fixed offsets."""
    cities = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/")))
    site = _("as the site: %(zone)s") % {"zone": settings.TIME_ZONE}
    return [(AUTO, site), ("UTC", "UTC"), *((zone, zone.replace("_", " ")) for zone in cities)]


def languages() -> list[tuple[str, Any]]:
    return [(AUTO, _("as the browser")), *settings.LANGUAGES]


def chosen(value: str) -> str:
    """As the user's row has it: nothing for who follows the site or the browser."""
    return "" if value == AUTO else value


class ThemeForm(forms.Form):
    theme = forms.ChoiceField(label=_("Theme"), choices=User.Theme.choices)


class SettingsForm(ThemeForm):
    time_zone = forms.TypedChoiceField(label=_("Time zone"), choices=time_zones, coerce=chosen)
    language = forms.TypedChoiceField(label=_("Language"), choices=languages, coerce=chosen)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(settings.LANGUAGES) == 1:
            del self.fields["language"]


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("What it is for"), max_length=80, widget=forms.TextInput(attrs={"placeholder": _("Nightly export")})
    )


class SeenForm(forms.Form):
    """Which of the notifications the reader has seen: those up to this place in the log."""

    seq = forms.IntegerField(min_value=0, max_value=HIGHEST_ID)
