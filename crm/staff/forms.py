"""What people may set about themselves."""

from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from crm.staff.models import User


def time_zones() -> list[tuple[str, object]]:
    """Those that people know by a city; the rest are aliases and fixed offsets."""
    named = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/")))
    return [
        ("", _("as the site: %(zone)s") % {"zone": settings.TIME_ZONE}),
        ("UTC", "UTC"),
        *((name, name) for name in named),
    ]


def languages() -> list[tuple[str, object]]:
    return [("", _("as the browser")), *settings.LANGUAGES]


class ThemeForm(forms.Form):
    theme = forms.ChoiceField(label=_("Theme"), choices=User.Theme.choices)


class SettingsForm(ThemeForm):
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zones, required=False)
    language = forms.ChoiceField(label=_("Language"), choices=languages, required=False)


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("What it is for"), max_length=80, widget=forms.TextInput(attrs={"placeholder": _("Nightly export")})
    )


class SeenForm(forms.Form):
    """Which of the notifications the reader has seen: those up to this place in the log."""

    seq = forms.IntegerField(min_value=0)
