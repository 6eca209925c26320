"""What people choose about an import. Whether a choice can be done is said by the services."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.records import transfer
from crm.staff.models import Team, User
from customers.forms import ListField
from customers.imports import columns, values
from customers.imports.plan import Plan
from customers.models import Stage

EXAMPLES = 3
DELIMITERS = [
    (",", gettext_lazy("comma")),
    (";", gettext_lazy("semicolon")),
    ("\t", gettext_lazy("tab")),
    ("|", gettext_lazy("bar")),
]


class UploadForm(forms.Form):
    file = forms.FileField(label=gettext_lazy("CSV file"))

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if (file.size or 0) > settings.IMPORT_MAX_BYTES:
            raise ValidationError(_("It is larger than %s; divide it.") % filesizeformat(settings.IMPORT_MAX_BYTES))
        return file


class ReadingForm(forms.Form):
    encoding = forms.ChoiceField(label=gettext_lazy("Encoding"), choices=[(each, each) for each in transfer.ENCODINGS])
    delimiter = forms.ChoiceField(label=gettext_lazy("Columns are divided by"), choices=DELIMITERS)


class PlanForm(forms.Form):
    """One choice for each column of the file, and what holds for all rows."""

    date_format = forms.ChoiceField(label=gettext_lazy("Days are written like"), choices=[*values.DATE_FORMATS.items()])
    key = forms.ChoiceField(
        label=gettext_lazy("Rows that we know already"),
        choices=[
            ("", gettext_lazy("Every row is a new customer")),
            ("reference", gettext_lazy("Same reference: update that customer")),
            ("emails", gettext_lazy("Same e-mail: update that customer")),
        ],
        required=False,
    )
    stage = forms.ModelChoiceField(
        Stage.objects.all(), to_field_name="code", empty_label=None, label=gettext_lazy("Stage")
    )
    owner = forms.ModelChoiceField(
        User.objects.filter(is_active=True), empty_label=gettext_lazy("Me"), required=False, label=gettext_lazy("Owner")
    )
    team = forms.ModelChoiceField(
        Team.objects.all(), empty_label=gettext_lazy("The owner’s"), required=False, label=gettext_lazy("Team")
    )
    country = forms.CharField(label=gettext_lazy("Country"), required=False, max_length=60)
    tags = ListField(label=gettext_lazy("Tags"), required=False, max_length=400)
    is_tidied = forms.BooleanField(
        label=gettext_lazy("Write names with capitals where they are all small or all capitals"), required=False
    )

    def __init__(self, header: Sequence[str], rows: Sequence[Sequence[str]], plan: Plan, data: Any = None) -> None:
        super().__init__(data, initial=plan.as_dict() | {"tags": list(plan.tags)})
        self.header, self.rows = header, rows
        choices = [("", _("Leave out")), *((each.name, each.label) for each in columns.TARGETS)]
        for at, column in enumerate(header):
            initial = plan.columns[at] if at < len(plan.columns) else ""
            field = forms.ChoiceField(choices=choices, initial=initial, required=False, label=column)
            self.fields[f"column_{at}"] = field

    def columns(self) -> Iterator[tuple[forms.BoundField, list[str]]]:
        """Each column's choice with some of its cells."""
        for at in range(len(self.header)):
            filled = [row[at] for row in self.rows if at < len(row) and row[at].strip()]
            yield self[f"column_{at}"], list(dict.fromkeys(filled))[:EXAMPLES]

    def rest(self) -> list[forms.BoundField]:
        return [field for field in self if not field.name.startswith("column_")]

    def clean_country(self) -> str:
        return values.country(self.cleaned_data["country"])

    def clean(self) -> dict[str, Any]:
        chosen = [self.cleaned_data.get(f"column_{at}", "") for at in range(len(self.header))]
        twice = {name for name in chosen if name and chosen.count(name) > 1 and not columns.BY_NAME[name].many}
        for at, name in enumerate(chosen):
            if name in twice:
                self.add_error(f"column_{at}", _("Choose this for one column."))
        return self.cleaned_data | {"columns": tuple(chosen)}

    def plan(self) -> Plan:
        given = self.cleaned_data
        return Plan(
            columns=given["columns"],
            date_format=given["date_format"],
            key=given["key"],
            is_tidied=given["is_tidied"],
            stage=given["stage"].code,
            owner=given["owner"].pk if given["owner"] else None,
            team=given["team"].pk if given["team"] else None,
            country=given["country"],
            tags=tuple(given["tags"]),
        )
