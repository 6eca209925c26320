"""The log in Django admin: to be read and searched, never written."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator

from crm.read_only import ReadOnly
from crm.records import registry
from crm.records.directory import directory
from crm.records.models import Change

WAYS = ("screen", "api", "admin", "import", "request", "worker", "system")


class RecordFilter(admin.SimpleListFilter):
    """The kinds that are registered: asking the log which it holds would read all of it."""

    title = _("record")
    parameter_name = "record"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind.name, str(kind.model._meta.verbose_name)) for kind in registry.record_types()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Change]) -> QuerySet[Change]:
        return queryset.filter(record=self.value()) if self.value() else queryset


class WayFilter(admin.SimpleListFilter):
    title = _("way")
    parameter_name = "way"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*((way, way) for way in WAYS), ("sql", _("plain SQL"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Change]) -> QuerySet[Change]:
        if self.value() == "sql":
            return queryset.filter(way=None)
        return queryset.filter(way=self.value()) if self.value() else queryset


@admin.register(Change)
class ChangeAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]  # unfold is untyped
    """Searched by the whole name of a record, `customer:42`: the one search that an index serves."""

    list_display = ("seq", "written_at", "root", "record", "record_id", "op", "version", "actor", "way")
    list_filter = (RecordFilter, WayFilter)
    search_fields = ("root",)
    search_help_text = _("A record by its name and number: customer:42")
    ordering = ("-seq",)
    sortable_by = ("seq",)
    list_per_page = 50
    # Counting the log would read all of it.
    paginator = InfinitePaginator
    show_full_result_count = False
    fields = (
        "seq", "record", "record_id", "root", "version", "op", "actor", "way", "written_at", "numbered_at",
        "replaced", "written",
    )  # fmt: skip
    readonly_fields = fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Change], search_term: str
    ) -> tuple[QuerySet[Change], bool]:
        return (queryset.filter(root=search_term.strip()) if search_term else queryset), False

    @admin.display(description=_("by"))
    def actor(self, change: Change) -> str:
        person = directory()["users"].get(change.actor_id, {})
        return str(person.get("name", change.actor_id or "–"))

    @admin.display(description=_("before"))
    def replaced(self, change: Change) -> str:
        return pretty(change.before)

    @admin.display(description=_("after"))
    def written(self, change: Change) -> str:
        return pretty(change.data)


def pretty(columns: dict[str, Any] | None) -> str:
    return json.dumps(columns, indent=2, ensure_ascii=False) if columns else "–"
