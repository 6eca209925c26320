"""The raw rows and roll-ups, for reading: nobody edits what was measured."""

from django.contrib import admin
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator

from crm.read_only import ReadOnly
from crm.timings.models import ChangeTiming, DeliveryTiming, Drop, ResponseTiming, Rollup, Screens


class TimingAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]  # unfold is untyped
    """Pages without counting: some of these tables have millions of rows."""

    paginator = InfinitePaginator
    show_full_result_count = False
    list_per_page = 100
    list_display_links = None
    actions = None


@admin.register(ChangeTiming)
class ChangeTimingAdmin(TimingAdmin):
    list_display = ["seq", "subject", "record", "record_id", "module", "way", "written_at", "numbered_at", "cached_at"]


@admin.register(DeliveryTiming)
class DeliveryTimingAdmin(TimingAdmin):
    list_display = ["seq", "process", "watchers", "acked", "late", "sent_at", "acked_at", "ended_at"]


@admin.register(ResponseTiming)
class ResponseTimingAdmin(TimingAdmin):
    list_display = ["ended_at", "module", "kind", "seconds", "status", "user_id"]


@admin.register(Rollup)
class RollupAdmin(TimingAdmin):
    list_display = ["start", "span", "family", "module", "kind", "count", "total", "late", "longest"]
    list_filter = ["span"]


@admin.register(Screens)
class ScreensAdmin(TimingAdmin):
    list_display = ["process", "at", "sockets", "watching", "frames", "behind", "catching_up"]


@admin.register(Drop)
class DropAdmin(TimingAdmin):
    list_display = ["at", "process", "count"]
