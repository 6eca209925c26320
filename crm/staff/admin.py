"""Django admin of staff: for administrators alone, who enter by the product's own sign-in."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminPasswordWidget

from crm.read_only import ReadOnly
from crm.staff import services
from crm.staff.admin_record import RecordAdmin, RecordForm
from crm.staff.models import ApiToken, Role, Team, User

# Django's own sign-in page knows neither limits nor second factors.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

for model in (Group, EmailAddress, Authenticator, UserSession):
    admin.site.unregister(model)


class UserForm(RecordForm):
    new_password = forms.CharField(
        label=_("New password"),
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("Leave it empty to keep the old one. A new one signs the user out everywhere."),
    )

    def clean_new_password(self) -> str:
        password: str = self.cleaned_data["new_password"]
        if password:
            validate_password(password, self.instance)
        return password


@admin.register(User)
class UserAdmin(RecordAdmin):
    form = UserForm
    list_display = ("username", "name", "email", "role", "team", "is_active", "last_login")
    list_filter = ("role", "team", "is_active")
    list_select_related = ("role", "team")
    search_fields = ("username", "first_name", "last_name", "email")
    fields = (
        "username", "first_name", "last_name", "email", "role", "team", "is_active", "new_password",
        "date_joined", "last_login",
    )  # fmt: skip
    readonly_fields = ("date_joined", "last_login")
    actions = ("sign_out", "forget_second_factors")

    def create_record(self, actor: User, form: Any) -> User:
        facts = {name: form.cleaned_data[name] for name in ("username", "first_name", "last_name", "email", "team")}
        role: Role = form.cleaned_data["role"]
        return services.create_user(actor=actor, role=role.code, **facts)

    def change_record(self, actor: User, record_id: int, version: int, changes: dict[str, Any]) -> None:
        services.change_user(record_id, version=version, changes=changes, actor=actor)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if password := form.cleaned_data["new_password"]:
            self.set_password(request, User.objects.get(pk=obj.pk), password)

    def set_password(self, request: HttpRequest, user: User, password: str) -> None:
        is_own = user.pk == request.user.pk
        services.set_password(user, password, keep_session=request.session.session_key if is_own else None)
        if is_own:
            update_session_auth_hash(request, user)

    @admin.action(description=_("Sign out everywhere"))
    def sign_out(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            services.end_sessions(user.pk)
        messages.success(request, _("Signed out everywhere."))

    @admin.action(description=_("Remove second factors (lost phone)"))
    def forget_second_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            services.forget_second_factors(user, actor=request.user)  # type: ignore[arg-type]
        messages.success(request, _("The password alone signs in again."))


@admin.register(Team)
class TeamAdmin(RecordAdmin):
    list_display = ("name",)
    search_fields = ("name",)
    fields = ("name",)

    def create_record(self, actor: User, form: Any) -> Team:
        return services.create_team(name=form.cleaned_data["name"], actor=actor)

    def change_record(self, actor: User, record_id: int, version: int, changes: dict[str, Any]) -> None:
        services.change_team(record_id, version=version, changes=changes, actor=actor)


@admin.register(Role)
class RoleAdmin(RecordAdmin):
    list_display = ("name", "view", "edit", "sees_contacts", "may_import", "may_export", "is_administrator")
    fields = ("code", "name", "view", "edit", "sees_contacts", "may_import", "may_export", "is_administrator")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("code", "is_administrator") if obj else ("is_administrator",)

    def create_record(self, actor: User, form: Any) -> Role:
        names = ("code", "name", "view", "edit", "sees_contacts", "may_import", "may_export")
        return services.create_role(actor=actor, **{name: form.cleaned_data[name] for name in names})

    def change_record(self, actor: User, record_id: int, version: int, changes: dict[str, Any]) -> None:
        services.change_role(record_id, version=version, changes=changes, actor=actor)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]  # unfold is untyped
    list_display = ("name", "user", "created_at", "last_used_at", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("name", "user__username")
    fields = ("name", "user", "created_at", "last_used_at", "revoked_at")
    actions = ("revoke",)

    @admin.action(description=_("Revoke"))
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        for token in queryset:
            services.revoke_token(token.pk, actor=request.user)  # type: ignore[arg-type]
        messages.success(request, _("Revoked: they open nothing any more."))


@admin.register(UserSession)
class UserSessionAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]  # unfold is untyped
    """Without the keys, which would let whoever reads them in."""

    list_display = ("user", "created_at", "ip", "user_agent")
    list_select_related = ("user",)
    search_fields = ("user__username", "ip")
    fields = ("user", "created_at", "ip", "user_agent")
    actions = ("end",)

    @admin.action(description=_("Sign out"))
    def end(self, request: HttpRequest, queryset: QuerySet[UserSession]) -> None:
        for session in queryset.select_related("user"):
            services.end_session(session.user, session.pk)
        messages.success(request, _("Signed out there."))


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]  # unfold is untyped
    """Without their secrets. A user's are removed together, among the users' actions."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_select_related = ("user",)
    list_filter = ("type",)
    fields = ("user", "type", "created_at", "last_used_at")
