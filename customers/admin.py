"""Django admin of customers: every write goes through the module's services, and none over a newer version."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import ModelAdmin, TabularInline
from unfold.paginator import InfinitePaginator
from unfold.widgets import UnfoldAdminSelect2MultipleWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from crm.read_only import ReadOnly
from crm.records.errors import RecordError
from crm.staff.admin_record import RecordAdmin, RecordForm
from crm.staff.models import User
from customers import search, services
from customers.forms import ListField
from customers.models import Consent, ContactPoint, Customer, FollowUp, Import, Note, Stage, Tag

COLORS = ("grey", "blue", "green", "teal", "violet", "pink", "red", "orange", "amber", "indigo")


def tag_choices() -> list[tuple[int, str]]:
    return list(Tag.objects.values_list("pk", "name"))


class CustomerForm(RecordForm):
    emails = ListField(label=gettext_lazy("E-mail"), required=False, widget=UnfoldAdminTextInputWidget)
    phones = ListField(label=gettext_lazy("Phone"), required=False, widget=UnfoldAdminTextInputWidget)
    tags = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Tags"),
        choices=tag_choices,
        coerce=int,
        empty_value=[],
        required=False,
        widget=UnfoldAdminSelect2MultipleWidget,
    )

    def worded(self, name: str, value: Any) -> str:
        if name == "tags":
            names = dict(tag_choices())
            value = [names.get(each, "") for each in value]
        return super().worded(name, value)


class StageForm(RecordForm):
    color = forms.ChoiceField(
        label=gettext_lazy("Colour"), choices=[(name, name) for name in COLORS], widget=UnfoldAdminSelectWidget
    )


class TrashFilter(admin.SimpleListFilter):
    """What is in the trash is shown when it is asked for."""

    title = gettext_lazy("trash")
    parameter_name = "trash"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("only", gettext_lazy("In the trash"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(deleted_at__isnull=self.value() != "only")


class ContactPointInline(ReadOnly, TabularInline):  # type: ignore[misc]  # unfold is untyped
    """The parts as they are, with their labels; they change with the lists and the address above."""

    model = ContactPoint
    fields = ("kind", "__str__", "label", "position")
    readonly_fields = fields
    extra = 0


class CountlessAdmin(RecordAdmin):
    """For tables of any size: none is counted to show a page of it."""

    paginator = InfinitePaginator
    show_full_result_count = False
    list_per_page = 50


@admin.register(Customer)
class CustomerAdmin(CountlessAdmin):
    """Deleting means the trash, from which a customer comes back."""

    form = CustomerForm
    inlines = (ContactPointInline,)
    list_display = ("name", "kind", "stage", "owner", "team", "city", "updated_at", "version")
    list_filter = (TrashFilter, "stage", "kind", "team", "owner")
    list_select_related = ("stage", "owner", "team")
    ordering = ("-updated_at", "-pk")
    search_fields = ("name",)
    autocomplete_fields = ("company",)
    actions = ("trash", "restore")
    readonly_fields = ("version", "created_at", "updated_at", "deleted_at")
    delete_confirmation_template = "customers/admin_trash.html"
    fieldsets = (
        (None, {"fields": ("kind", "name", "stage", "title", "company", "tags", "owner", "team")}),
        (gettext_lazy("Contact"), {"fields": ("emails", "phones", "street", "postcode", "city", "region", "country")}),
        (gettext_lazy("More"), {"fields": ("born_on", "language", "source", "reference", *readonly_fields)}),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """As everywhere else, by the index made for it."""
        question = search_term.strip()[: search.MAX_LENGTH]
        return (queryset.filter(search.condition(question, True)) if question else queryset), False

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    def create_record(self, actor: User, form: Any) -> Customer:
        return services.create_customer(actor=actor, **form.changes())

    def change_record(self, actor: User, record_id: int, version: int, changes: dict[str, Any]) -> None:
        services.update_customer(record_id, actor=actor, version=version, changes=changes)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(super().has_change_permission(request, obj)) and (obj is None or obj.deleted_at is None)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[Any, int], set[str], list[str]]:
        """Only what goes to the trash: the parts stay with it."""
        return [str(each) for each in objs], {Customer._meta.verbose_name_plural: len(objs)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        services.trash_customer(obj.pk, actor=request.user, version=obj.version)  # type: ignore[arg-type]

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        messages.success(request, _("“%s” is in the trash now.") % obj_display)
        return redirect("admin:customers_customer_changelist")

    def get_actions(self, request: HttpRequest) -> Any:
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    @admin.action(description=gettext_lazy("Move to the trash"))
    def trash(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        rows = queryset.filter(deleted_at=None)
        seen = dict(rows.values_list("pk", "version"))
        moved = done(lambda pk, actor: services.trash_customer(pk, actor=actor, version=seen[pk]), request, rows)
        text = ngettext("%d customer is in the trash now.", "%d customers are in the trash now.", moved)
        messages.success(request, text % moved)

    @admin.action(description=gettext_lazy("Take out of the trash"))
    def restore(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        restored = done(services.restore_customer, request, queryset.exclude(deleted_at=None))
        text = ngettext("%d customer is back.", "%d customers are back.", restored)
        messages.success(request, text % restored)


def done(verb: Callable[..., object], request: HttpRequest, rows: QuerySet[Any], **more: Any) -> int:
    """How many of the rows let it be done; one whose service refuses stays as it is, and is named."""
    n = 0
    for row in rows:
        try:
            verb(row.pk, actor=request.user, **more)
            n += 1
        except RecordError:
            messages.warning(request, _("%s was left alone: it changed meanwhile, or is in the trash.") % row)
    return n


@admin.register(Stage)
class StageAdmin(RecordAdmin):
    form = StageForm
    list_display = ("name", "code", "color", "position", "version")
    fields = ("name", "code", "color", "position", "version")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("code", "version") if obj else ("version",)

    def create_record(self, actor: User, form: Any) -> Stage:
        names = ("name", "code", "color", "position")
        return services.create_stage(actor=actor, **{name: form.cleaned_data[name] for name in names})

    def change_record(self, actor: User, record_id: int, version: int, changes: dict[str, Any]) -> None:
        services.change_stage(record_id, actor=actor, version=version, changes=changes)


@admin.register(Tag)
class TagAdmin(RecordAdmin):
    list_display = ("name", "version")
    search_fields = ("name",)
    fields = ("name", "version")
    readonly_fields = ("version",)

    def create_record(self, actor: User, form: Any) -> Tag:
        return services.create_tag(actor=actor, name=form.cleaned_data["name"])

    def change_record(self, actor: User, record_id: int, version: int, changes: dict[str, Any]) -> None:
        services.change_tag(record_id, actor=actor, version=version, changes=changes)


class PartAdmin(CountlessAdmin):
    """What belongs to a customer: whose it is never changes."""

    ordering = ("-pk",)
    autocomplete_fields = ("customer",)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        found: tuple[str, ...] = tuple(super().get_readonly_fields(request, obj))
        return (*found, "customer") if obj else found


@admin.register(Note)
class NoteAdmin(PartAdmin):
    list_display = ("__str__", "customer", "author", "created_at", "version")
    list_select_related = ("customer", "author")
    fields = ("customer", "body", "author", "created_at", "deleted_at", "version")
    readonly_fields = ("author", "created_at", "deleted_at", "version")
    actions = ("trash", "restore")

    def create_record(self, actor: User, form: Any) -> Note:
        facts = form.cleaned_data
        return services.add_note(facts["customer"].pk, actor=actor, body=facts["body"])

    def change_record(self, actor: User, record_id: int, version: int, changes: dict[str, Any]) -> None:
        services.edit_note(record_id, actor=actor, version=version, body=changes["body"])

    @admin.action(description=gettext_lazy("Move to the trash"))
    def trash(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        done(services.trash_note, request, queryset)

    @admin.action(description=gettext_lazy("Take out of the trash"))
    def restore(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        done(services.trash_note, request, queryset, deleted=False)


@admin.register(FollowUp)
class FollowUpAdmin(PartAdmin):
    """What was planned stays as it was said; it can be done, or opened again."""

    list_display = ("title", "customer", "assignee", "due_at", "done_at", "version")
    list_filter = ("assignee", ("done_at", admin.EmptyFieldListFilter))
    list_select_related = ("customer", "assignee")
    fields = ("customer", "title", "due_at", "assignee", "done_at", "created_at", "deleted_at", "version")
    readonly_fields = ("done_at", "created_at", "deleted_at", "version")
    actions = ("complete", "reopen")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def create_record(self, actor: User, form: Any) -> FollowUp:
        facts = form.cleaned_data
        return services.add_follow_up(
            facts["customer"].pk,
            actor=actor,
            title=facts["title"],
            due_at=facts["due_at"],
            assignee_id=facts["assignee"].pk,
        )

    @admin.action(description=gettext_lazy("Mark as done"))
    def complete(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        done(services.complete_follow_up, request, queryset)

    @admin.action(description=gettext_lazy("Open again"))
    def reopen(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        done(services.complete_follow_up, request, queryset, done=False)


@admin.register(Consent)
class ConsentAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]  # unfold is untyped
    list_display = ("customer", "channel", "is_given", "created_at")
    list_filter = ("channel", "is_given")
    list_select_related = ("customer",)


@admin.register(Import)
class ImportAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]  # unfold is untyped
    list_display = ("file_name", "owner", "state", "rows", "position", "failed_count", "created_at")
    list_filter = ("state",)
    list_select_related = ("owner",)
    fields = (
        "file_name", "owner", "state", "rows", "position", "created_count", "updated_count", "unchanged_count",
        "failed_count", "reason", "created_at", "started_at", "finished_at", "version",
    )  # fmt: skip
