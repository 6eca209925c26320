"""Django admin of sites: made here, their token shown once, revoked but never deleted."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crm.sites import services
from crm.sites.models import Site
from crm.staff.admin_record import RecordAdmin
from crm.staff.models import User


@admin.register(Site)
class SiteAdmin(RecordAdmin):
    list_display = ("name", "webhook_url", "created_at", "last_used_at", "revoked_at")
    readonly_fields = ("created_at", "last_used_at", "revoked_at")
    actions = ("revoke",)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("name", "webhook_url", *(self.readonly_fields if obj else ()))

    def create_record(self, actor: User, form: Any) -> Site:
        facts = {name: form.cleaned_data[name] for name in ("name", "webhook_url")}
        site, form.token = services.create_site(actor=actor, **facts)
        return site

    def change_record(self, actor: User, record_id: int, version: int, changes: dict[str, Any]) -> None:
        services.change_site(record_id, actor=actor, version=version, changes=changes)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            secrets = {"token": form.token, "key": Site.objects.get(pk=obj.pk).signing_secret}
            messages.warning(
                request,
                _("Copy these now, they are not shown again. Token: %(token)s Key of the webhook: %(key)s") % secrets,
            )

    @admin.action(description=_("Revoke"))
    def revoke(self, request: HttpRequest, queryset: QuerySet[Site]) -> None:
        for site in queryset:
            services.revoke_site(site.pk, actor=request.user)  # type: ignore[arg-type]
        messages.success(request, _("Revoked: they open nothing any more."))
