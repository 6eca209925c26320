"""What Django admin does with logged rows: it writes through services, and refuses to overwrite a newer version."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from crm.records import log
from crm.records.directory import directory
from crm.records.errors import Conflict, RecordError
from crm.records.models import Logged
from crm.staff.guarded import rewind
from crm.staff.models import User


class RecordForm(forms.ModelForm):  # type: ignore[type-arg]
    """Carries the version that was opened, so that only what the person herself changed counts as changed."""

    refusal: ClassVar[RecordError | ValidationError | None] = None

    opened_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, files: Any = None, *, instance: Logged | None = None, **kwargs: Any) -> None:
        if instance is not None:
            opened = str((data or {}).get("opened_version", ""))
            if opened.isdecimal():
                rewind(instance, int(opened))
            kwargs["initial"] = {"opened_version": instance.version}
        super().__init__(data, files, instance=instance, **kwargs)
        self.fields["opened_version"].required = instance is not None

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if isinstance(self.refusal, Conflict):
            self.show_conflict(self.refusal)
        elif isinstance(self.refusal, ValidationError):
            self.show_errors(self.refusal)
        elif self.refusal is not None:
            self.add_error(None, _("You may not change this."))
        return cleaned

    def show_errors(self, refusal: ValidationError) -> None:
        by_field = refusal.message_dict if hasattr(refusal, "error_dict") else {"": refusal.messages}
        for name, messages in by_field.items():
            self.add_error(name if name in self.fields else None, messages)

    def show_conflict(self, conflict: Conflict) -> None:
        for name, sides in conflict.conflicts.items():
            facts = {side: self.worded(name, value) for side, value in sides.items()} | {"who": self.who_changed(name)}
            said = _("%(who)s changed this meanwhile. Theirs: “%(theirs)s”, yours: “%(yours)s”.") % facts
            self.add_error(name if name in self.fields else None, [said, _("Open the page again to change it.")])

    def worded(self, name: str, value: Any) -> str:
        """A value of the database as people read it."""
        found = self.fields[name].to_python(value) if name in self.fields else value
        return ", ".join(map(str, found)) if isinstance(found, list) else str("–" if found in (None, "") else found)

    def who_changed(self, name: str) -> str:
        row, opened = self.instance, self.cleaned_data["opened_version"]
        columns = [field.column for field in row._meta.concrete_fields if field.name == name]
        actor_id = log.who_changed(row, opened, columns)
        return str(directory()["users"].get(actor_id, {}).get("name") or _("Somebody"))

    def changes(self) -> dict[str, Any]:
        """{field: value as the database holds it} of what the person changed."""
        fields = {field.name: field for field in self.instance._meta.concrete_fields}
        return {name: getattr(self.instance, fields[name].attname) for name in self.changed_data if name in fields}


class RecordAdmin(ModelAdmin):  # type: ignore[misc]
    """Subclasses call their module's services in `create_record` and `change_record`."""

    form = RecordForm
    warn_unsaved_form = True

    def create_record(self, actor: User, form: Any) -> Logged:
        raise NotImplementedError

    def change_record(self, actor: User, record_id: int, version: int, changes: dict[str, Any]) -> None:
        raise NotImplementedError

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.pk = self.create_record(request.user, form).pk  # type: ignore[arg-type]
        elif changes := form.changes():
            self.change_record(request.user, obj.pk, form.cleaned_data["opened_version"], changes)  # type: ignore[arg-type]

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """What a service refuses is rolled back and said in the same form."""
        view: Callable[..., HttpResponse] = super().changeform_view
        try:
            return view(request, object_id, form_url, extra_context)
        except (RecordError, ValidationError) as refusal:
            request.record_refusal = refusal  # type: ignore[attr-defined]
            return view(request, object_id, form_url, extra_context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.refusal = getattr(request, "record_refusal", None)
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        *others, (name, options) = super().get_fieldsets(request, obj)
        shown = [field for field in options["fields"] if field != "opened_version"]
        return [*others, (name, {**options, "fields": [*shown, "opened_version"]})]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
