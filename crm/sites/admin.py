"""Django admin of sites: made here, their token shown once, revoked but never deleted."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crm.sites import services
from crm.sites.models import Site
from crm.staff.admin_record import RecordAdmin
from crm.staff.models import User


@admin.register(Site)
class SiteAdmin(RecordAdmin):
    list_display = ("name", "created_at", "last_used_at", "revoked_at")
    fields = ("name", "created_at", "last_used_at", "revoked_at")
    readonly_fields = ("created_at", "last_used_at", "revoked_at")
    actions = ("revoke",)

    def create_record(self, actor: User, form: Any) -> Site:
        site, form.token = services.create_site(actor=actor, name=form.cleaned_data["name"])
        return site

    def change_record(self, actor: User, record_id: int, version: int, changes: dict[str, Any]) -> None:
        services.change_site(record_id, actor=actor, version=version, changes=changes)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            messages.warning(request, _("Copy the token of the site now, it is not shown again: %s") % form.token)

    @admin.action(description=_("Revoke"))
    def revoke(self, request: HttpRequest, queryset: QuerySet[Site]) -> None:
        for site in queryset:
            services.revoke_site(site.pk, actor=request.user)  # type: ignore[arg-type]
        messages.success(request, _("Revoked: they open nothing any more."))
