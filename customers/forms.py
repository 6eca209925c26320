"""What people type about customers, as the facts that services take. Whether a fact holds is said by the services."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from crm.records import naming
from crm.records.directory import Directory
from customers.live import CUSTOMER
from customers.models import Customer, FollowUp, Note

SEPARATORS = re.compile(r"[,;\n]")
TEXTS = ("name", "title", "street", "postcode", "city", "region", "country", "language", "source", "reference")
PERSONAL = {"title", "company", "born_on"}


class ListField(forms.CharField):
    """Several values in one line, with commas between them."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(str(each) for each in value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        return [part.strip() for part in SEPARATORS.split(value or "") if part.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(initial) != self.to_python(data))


class TagsField(ListField):
    """Tags by their names; a name that there is not yet makes a tag."""

    def __init__(self, names: Mapping[int, str], **options: Any) -> None:
        super().__init__(**options)
        self.names = names
        self.ids = {name.lower(): tag_id for tag_id, name in names.items()}

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            value = [self.names.get(each, each) for each in value]
        return super().prepare_value(value)

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return sorted(value)
        wanted = dict.fromkeys(super().to_python(value))
        return sorted((self.ids.get(name.lower(), name) for name in wanted), key=str)


class IdField(forms.TypedChoiceField):
    """One entry of the directory, or nobody."""

    def __init__(self, entries: Iterable[tuple[int, str]], nothing: str, **options: Any) -> None:
        choices = [("", nothing), *entries]
        super().__init__(choices=choices, coerce=int, empty_value=None, required=False, **options)


class CountryField(forms.CharField):
    """Shown by its name; taken by its name or its two letters. What is neither, the service refuses."""

    def prepare_value(self, value: Any) -> Any:
        return naming.country(value or "", get_language() or "en")

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        return naming.country_named(text) or text


class CustomerForm(forms.Form):
    """The fields named by `only`, filled with `opened`: the projection of a customer, or a new one's first values."""

    def __init__(
        self,
        data: Any = None,
        *,
        directory: Directory,
        only: Sequence[str],
        opened: Mapping[str, Any],
    ) -> None:
        super().__init__(data, initial={name: opened.get(name) for name in only}, auto_id="customer-%s")
        for name in only:
            self.fields[name] = field(name, directory, opened.get(name))
            self.fields[name].show_hidden_initial = "version" in opened and len(only) > 1
        self.opened = opened

    def changes(self) -> dict[str, Any]:
        """The facts that were sent and are not those that the form was opened with (where it tells them)."""
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if self.add_initial_prefix(name) not in self.data or name in self.changed_data
        }

    def refuse(self, error: ValidationError) -> None:
        """Puts what a service refused beside the fields that it is about."""
        for name, messages in error.message_dict.items() if hasattr(error, "error_dict") else [("", error.messages)]:
            self.add_error(name if name in self.fields else None, messages)


def field(name: str, directory: Directory, held: Any = None) -> forms.Field:
    """A form field for a fact about a customer, who has `held` there now."""
    label = Customer._meta.get_field(name).verbose_name  # type: ignore[union-attr]
    maker = FIELDS.get(name)
    made = maker(directory, held) if maker else text_field(name)
    made.label = str(label)[:1].upper() + str(label)[1:]
    made.widget.attrs.setdefault("class", "form-select" if isinstance(made.widget, forms.Select) else "form-control")
    made.widget.attrs["aria-label"] = made.label
    return made


def text_field(name: str) -> forms.Field:
    most = Customer._meta.get_field(name).max_length  # type: ignore[union-attr]
    return forms.CharField(max_length=most, required=name == "name", widget=forms.TextInput({"autocomplete": "off"}))


def stage_field(directory: Directory, _held: Any) -> forms.Field:
    stages = sorted(directory["stages"].items(), key=lambda entry: entry[1]["position"])
    return forms.ChoiceField(choices=[(code, stage["name"]) for code, stage in stages])


def owner_field(directory: Directory, held: Any) -> forms.Field:
    """Who has left is offered only where she is the owner still, so that saving the form does not take it from her."""
    users = {key: user["name"] for key, user in directory["users"].items() if user["is_active"] or key == held}
    if held:
        users.setdefault(held, str(held))
    return IdField(sorted(users.items(), key=lambda entry: entry[1].lower()), _("Nobody"))


def team_field(directory: Directory, _held: Any) -> forms.Field:
    return IdField(sorted((key, team["name"]) for key, team in directory["teams"].items()), _("No team"))


def tags_field(directory: Directory, _held: Any) -> forms.Field:
    names = {key: tag["name"] for key, tag in directory["tags"].items()}
    return TagsField(names, required=False, widget=forms.TextInput({"autocomplete": "off", "data-behaviour": "tags"}))


def points_field(kind: str) -> forms.Field:
    attrs = {"autocomplete": "off", "placeholder": _("several with commas between"), "inputmode": kind}
    return ListField(required=False, widget=forms.TextInput(attrs))


FIELDS: dict[str, Any] = {
    "kind": lambda *_: forms.ChoiceField(choices=Customer.Kind.choices),
    "stage": stage_field,
    "owner": owner_field,
    "team": team_field,
    "tags": tags_field,
    "company": lambda *_: forms.IntegerField(required=False, widget=forms.HiddenInput),
    "born_on": lambda *_: forms.CharField(required=False, widget=forms.DateInput({"type": "date"})),
    "country": lambda *_: CountryField(required=False, widget=forms.TextInput({"autocomplete": "off"})),
    "emails": lambda *_: points_field("email"),
    "phones": lambda *_: points_field("tel"),
}

ORDER = (
    "kind", "name", "title", "company", "emails", "phones", "stage", "owner", "team", "tags",
    "street", "postcode", "city", "region", "country", "born_on", "language", "source", "reference",
)  # fmt: skip


def names_for(kind: str, *, sees_contacts: bool) -> list[str]:
    """The fields that a reader may change of a person or company: not those that are shown masked."""
    left_out = (PERSONAL if kind == Customer.Kind.COMPANY else set()) | (set() if sees_contacts else CUSTOMER.contact)
    return [name for name in ORDER if name not in left_out]


class NoteForm(forms.Form):
    body = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=Note._meta.get_field("body").max_length,
        widget=forms.Textarea(
            {
                "rows": 1,
                "data-behaviour": "send-by-key",
                "data-hotkey": "n",
                "data-hotkey-label": gettext_lazy("Write a note"),
                "placeholder": gettext_lazy("Write a note"),
                "aria-label": gettext_lazy("Write a note"),
            }
        ),
    )


class FollowUpForm(forms.Form):
    title = forms.CharField(
        max_length=FollowUp._meta.get_field("title").max_length,
        widget=forms.TextInput(
            {
                "id": "follow-up-title",
                "class": "form-control",
                "autocomplete": "off",
                "placeholder": gettext_lazy("What is to be done?"),
                "aria-label": gettext_lazy("What is to be done?"),
            }
        ),
    )
    due_at = forms.DateTimeField(
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput(
            {"type": "datetime-local", "class": "form-control", "aria-label": gettext_lazy("Due")},
            format="%Y-%m-%dT%H:%M",
        ),
    )


def next_morning() -> datetime:
    """Nine o'clock of the reader's next working day: when most follow-ups are due."""
    day = timezone.localdate() + timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return timezone.make_aware(datetime.combine(day, time(9)))
