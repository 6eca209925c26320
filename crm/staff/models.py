"""People who sign in: users, their teams, their roles, and the tokens by which programs act for them. All logged."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now, Upper
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.records.access import Access, Reach
from crm.records.directory import LogPosition
from crm.records.formats import initials
from crm.records.models import Logged

REACHES = [(Reach.NONE, _("nothing")), (Reach.OWN, _("own")), (Reach.TEAM, _("own and team's")), (Reach.ALL, _("all"))]


class Team(Logged):
    """People who see each other's records."""

    record_name: ClassVar[str] = "team"

    name = models.CharField(_("name"), max_length=80, unique=True)

    class Meta(Logged.Meta):
        ordering = ["name"]
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name


class Role(Logged):
    """What a kind of user may do. The four that a migration makes are known by their code."""

    record_name: ClassVar[str] = "role"

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    view = models.CharField(_("may see"), max_length=4, choices=REACHES, default=Reach.NONE)
    edit = models.CharField(_("may change"), max_length=4, choices=REACHES, default=Reach.NONE)
    sees_contacts = models.BooleanField(_("sees contact details"), default=False)
    may_import = models.BooleanField(_("may import"), default=False)
    may_export = models.BooleanField(_("may export"), default=False)
    is_administrator = models.BooleanField(_("administers"), default=False)

    class Meta(Logged.Meta):
        ordering = ["pk"]
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = [
            models.CheckConstraint(
                name="role_administrator_sees_all",
                condition=models.Q(is_administrator=False)
                | models.Q(view=Reach.ALL, edit=Reach.ALL, sees_contacts=True),
                violation_error_message=_("A role that administers sees and changes everything."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Users come with their role, which every question of access needs."""

    def get_queryset(self) -> models.QuerySet[User]:
        return super().get_queryset().select_related("role")

    def create_superuser(self, username: str, email: str = "", password: str | None = None, **facts: Any) -> User:
        """For `manage.py createsuperuser`, which knows managers only."""
        from crm.staff import services

        return services.create_user(username=username, email=email, password=password, role="administrator", **facts)


def check_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(gettext("There is no time zone “%s”.") % name)


class User(AbstractBaseUser, Logged):
    """A member of staff. Never deleted, since the log names them; their rights are their role's alone."""

    class Theme(models.TextChoices):
        AUTO = "auto", _("as the device")
        LIGHT = "light", _("light")
        DARK = "dark", _("dark")

    record_name: ClassVar[str] = "user"
    # What is secret or nobody else's business: changing only these is no change of the record.
    unlogged: ClassVar[tuple[str, ...]] = ("password", "last_login", "seen_seq", "theme", "time_zone", "language")

    username = models.CharField(
        _("username"),
        max_length=150,
        unique=True,
        validators=[UnicodeUsernameValidator()],
        error_messages={"unique": _("Somebody has this username already.")},
    )
    first_name = models.CharField(_("first name"), max_length=150, blank=True)
    last_name = models.CharField(_("last name"), max_length=150, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    role = models.ForeignKey(Role, models.PROTECT, verbose_name=_("role"))
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, verbose_name=_("team"))
    is_active = models.BooleanField(_("may sign in"), default=True)
    date_joined = models.DateTimeField(_("joined"), db_default=Now(), editable=False)
    seen_seq = models.BigIntegerField(_("notifications read up to"), default=0, db_default=0, editable=False)
    theme = models.CharField(_("theme"), max_length=5, choices=Theme, default=Theme.AUTO)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, validators=[check_time_zone])
    language = models.CharField(_("language"), max_length=12, blank=True)

    objects = UserManager()
    log_position: LogPosition | None = None  # where the log stood when she was read for a request

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    class Meta(Logged.Meta):
        ordering = ["username"]
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(
                Upper("username"),
                name="user_username_in_any_case",
                violation_error_message=_("Somebody has this username already."),
            ),
            models.UniqueConstraint(
                Upper("email"),
                condition=~models.Q(email=""),
                name="user_email_in_any_case",
                violation_error_message=_("Somebody has this e-mail address already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.get_full_name() or self.username

    @property
    def initials(self) -> str:
        return initials(self.name)

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def get_short_name(self) -> str:
        return self.first_name or self.username

    @property
    def access(self) -> Access:
        """What this person may see and change; nothing once they are deactivated."""
        role = self.role
        view, edit = (role.view, role.edit) if self.is_active else (Reach.NONE, Reach.NONE)
        is_administrator = self.is_active and role.is_administrator
        return access_of(self.pk, self.team_id, view, edit, role.sees_contacts, is_administrator)

    @property
    def is_staff(self) -> bool:
        """Django admin's question who may enter."""
        return self.role.is_administrator

    @property
    def is_superuser(self) -> bool:
        return self.is_staff

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Django's permissions are for its admin, and administrators have all of them; records ask `access`."""
        return self.access.is_administrator

    def has_module_perms(self, app_label: str) -> bool:
        return self.access.is_administrator


@lru_cache(maxsize=1000)
def access_of(
    user_id: int, team_id: int | None, view: str, edit: str, sees_contacts: bool, is_administrator: bool
) -> Access:
    """The same object for the same rights: each request asks several times."""
    return Access(user_id, team_id, Reach(view), Reach(edit), sees_contacts, is_administrator)


class ApiToken(Logged):
    """A key by which a program acts as its user. Only a digest is kept: the key is shown once."""

    record_name: ClassVar[str] = "apitoken"
    unlogged: ClassVar[tuple[str, ...]] = ("digest", "last_used_at")

    user = models.ForeignKey(User, models.CASCADE, related_name="tokens", verbose_name=_("user"))
    name = models.CharField(_("name"), max_length=80)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    class Meta(Logged.Meta):
        ordering = ["-pk"]
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return self.name
