"""The raw rows and roll-ups, for reading: nobody edits what was measured."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator

from crm.timings.models import ChangeTiming, DeliveryTiming, Drop, ResponseTiming, Rollup, Screens


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is untyped
    """Pages without counting: some of these tables have millions of rows."""

    paginator = InfinitePaginator
    show_full_result_count = False
    list_per_page = 100
    list_display_links = None
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ChangeTiming)
class ChangeTimingAdmin(ReadOnlyAdmin):
    list_display = ["seq", "subject", "record", "record_id", "module", "way", "written_at", "numbered_at", "cached_at"]


@admin.register(DeliveryTiming)
class DeliveryTimingAdmin(ReadOnlyAdmin):
    list_display = ["seq", "process", "watchers", "acked", "late", "sent_at", "acked_at", "ended_at"]


@admin.register(ResponseTiming)
class ResponseTimingAdmin(ReadOnlyAdmin):
    list_display = ["ended_at", "module", "kind", "seconds", "status", "user_id"]


@admin.register(Rollup)
class RollupAdmin(ReadOnlyAdmin):
    list_display = ["start", "span", "family", "module", "kind", "count", "total", "late", "longest"]
    list_filter = ["span"]


@admin.register(Screens)
class ScreensAdmin(ReadOnlyAdmin):
    list_display = ["process", "at", "sockets", "watching", "frames", "behind", "catching_up"]


@admin.register(Drop)
class DropAdmin(ReadOnlyAdmin):
    list_display = ["at", "process", "count"]
