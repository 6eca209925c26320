"""Every write of staff, one function per verb. Without an actor it is the system itself that acts, as in seeding."""

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import cache
from itertools import islice
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Model, Q
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.records.context import acting, current
from crm.records.directory import POSITION, LogPosition
from crm.records.errors import NotEditable, NotVisible
from crm.records.statements import prepared
from crm.records.wake import wake
from crm.staff.guarded import update_guarded
from crm.staff.models import ApiToken, Role, Team, User

TOKEN_PREFIX = "pulse_"  # noqa: S105  what scanners for leaked keys look for, not a secret
TOKEN_USE_STEP = timedelta(minutes=1)
TOKEN_MODELS = (ApiToken, User, Role)


def create_user(
    *,
    username: str,
    role: str = "agent",
    team: Team | None = None,
    password: str | None = None,
    actor: User | None = None,
    **facts: Any,
) -> User:
    """A new member of staff with the role of this code; without a password she sets one by e-mail.

    Raises ValidationError by field, NotEditable unless an administrator or the system acts.
    """
    check_administers(actor)
    user = User(username=username, role=Role.objects.get(code=role), team=team, **facts)
    user.email = user.email.lower()
    user.set_password(password)
    user.full_clean()
    with acting(acting_id(actor)):
        user.save(force_insert=True)
    wake()
    return user


def change_user(user_id: int, *, version: int, changes: dict[str, Any], actor: User | None = None) -> None:
    """Sets fields (`role` and `team` by id, `is_active`, names, `email`) of a user opened at `version`.

    Whoever may no longer sign in is signed out everywhere. Raises Conflict, NotEditable, and ValidationError when
    nobody would be left to administer.
    """
    check_administers(actor)
    if "email" in changes:
        changes = changes | {"email": changes["email"].lower()}
    with acting(acting_id(actor)), transaction.atomic():
        # Whoever takes an administrator away waits here for whoever does the same.
        before = list(administrators().select_for_update(of=("self",)).order_by("pk"))
        update_guarded(User, user_id, version=version, changes=changes)
        if before and not administrators().exists():
            raise ValidationError(_("Somebody has to administer: this is the last administrator who may sign in."))
        if changes.get("is_active") is False:
            end_sessions(user_id)


def create_team(*, name: str, actor: User | None = None) -> Team:
    check_administers(actor)
    with acting(acting_id(actor)):
        team = Team.objects.create(name=name)
    wake()
    return team


def create_role(*, actor: User | None = None, **facts: Any) -> Role:
    check_administers(actor)
    with acting(acting_id(actor)):
        role = Role.objects.create(**facts)
    wake()
    return role


def change_team(team_id: int, *, version: int, changes: dict[str, Any], actor: User | None = None) -> None:
    """Raises Conflict, NotEditable."""
    check_administers(actor)
    with acting(acting_id(actor)):
        update_guarded(Team, team_id, version=version, changes=changes)


def change_role(role_id: int, *, version: int, changes: dict[str, Any], actor: User | None = None) -> None:
    """Changes what everybody with this role may do. Who administers stays fixed, so that nobody is locked out."""
    check_administers(actor)
    if "is_administrator" in changes:
        raise ValidationError({"is_administrator": _("Only the role that was made for it administers.")})
    with acting(acting_id(actor)):
        update_guarded(Role, role_id, version=version, changes=changes)


def set_password(user: User, password: str, *, keep_session: str | None = None) -> None:
    """Sets a password and ends all sessions but one, since whoever knew the old one may be signed in."""
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        end_sessions(user.pk, keep=keep_session)


def forget_second_factors(user: User, *, actor: User | None = None) -> None:
    """For somebody who lost her phone and her recovery codes: the password alone signs in again."""
    check_administers(actor)
    with transaction.atomic():
        Authenticator.objects.filter(user=user).delete()
        end_sessions(user.pk)


def end_sessions(user_id: int, *, keep: str | None = None) -> None:
    """Signs a user out everywhere but in the session with the key `keep`; a trigger has the hubs close its sockets."""
    sessions = UserSession.objects.filter(user_id=user_id).exclude(session_key=keep)
    with transaction.atomic():
        Session.objects.filter(session_key__in=list(sessions.values_list("session_key", flat=True))).delete()
        sessions.delete()
    wake()


def end_session(user: User, session_id: int) -> None:
    """Signs a user out in one of her browsers. Raises NotVisible when it is not hers."""
    session = UserSession.objects.filter(user_id=user.pk, pk=session_id).first()
    if session is None:
        raise NotVisible
    session.end()
    wake()


def create_token(user: User, *, name: str) -> tuple[ApiToken, str]:
    """A new key for programs that act as the user, and its text, which cannot be had again."""
    plain = TOKEN_PREFIX + secrets.token_urlsafe(32)
    with acting(user.pk):
        token = ApiToken.objects.create(user=user, name=name, digest=digest_of(plain))
    wake()
    return token, plain


def revoke_token(token_id: int, *, actor: User) -> None:
    """Ends a token at once, with the sockets it opened; twice does no more. Raises NotVisible unless it is hers."""
    mine = Q() if actor.access.is_administrator else Q(user_id=actor.pk)
    token = ApiToken.objects.filter(mine, pk=token_id).first()
    if token is None:
        raise NotVisible
    with acting(actor.pk):
        ApiToken.objects.filter(pk=token_id, revoked_at=None).update(revoked_at=timezone.now())
    wake()


def user_for_token(plain: str) -> tuple[User, ApiToken] | None:
    """Whom a key lets in; None when it is wrong or revoked, or its user may not sign in."""
    with prepared() as cursor:
        cursor.execute(living_token(), [digest_of(plain)])
        found = cursor.fetchone()
    if found is None:
        return None
    token, token.user, token.user.role = models_of(found, *TOKEN_MODELS)
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > TOKEN_USE_STEP:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token.user, token


def active_user(user_id: int) -> User | None:
    """With her role, and the log's position at that moment; whoever may not sign in is nobody. Every page asks this."""
    with prepared() as cursor:
        cursor.execute(living_user(), [user_id])
        found = cursor.fetchone()
    if found is None:
        return None
    user: User
    user, user.role = models_of(found, User, Role)
    user.log_position = LogPosition(*found[-len(LogPosition._fields) :])
    return user


@cache
def living_token() -> str:
    """Plain SQL: building these queries would take longer than running them."""
    return f"""
        SELECT {columns_of(*TOKEN_MODELS)} FROM staff_apitoken
        JOIN staff_user ON staff_user.id = staff_apitoken.user_id JOIN staff_role ON staff_role.id = staff_user.role_id
        WHERE digest = %s AND revoked_at IS NULL AND is_active"""  # noqa: S608  (the models' own names)


@cache
def living_user() -> str:
    return f"""
        SELECT {columns_of(User, Role)}, {POSITION}
        FROM log_state, staff_user JOIN staff_role ON staff_role.id = staff_user.role_id
        WHERE staff_user.id = %s AND is_active"""  # noqa: S608  (the models' own names)


def columns_of(*models: type[Model]) -> str:
    """For `models_of`."""
    return ", ".join(
        f'{model._meta.db_table}."{field.column}"' for model in models for field in model._meta.concrete_fields
    )


def models_of(row: Sequence[Any], *models: type[Model]) -> Iterator[Any]:
    """One object of each model from a row that begins with all columns of all of them."""
    values = iter(row)
    for model in models:
        names = names_in(model)
        yield model.from_db(DEFAULT_DB_ALIAS, names, list(islice(values, len(names))))


@cache
def names_in(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def save_settings(user: User, **settings: str) -> None:
    """Sets `theme`, `time_zone` or `language`; raises ValidationError by field."""
    for name, value in settings.items():
        setattr(user, name, value)
    user.clean_fields(exclude={field.name for field in User._meta.fields} - settings.keys())
    user.save(update_fields=list(settings))


def mark_notifications_seen(user: User, seq: int) -> None:
    """Everything up to this place in the log is read; an earlier place changes nothing."""
    User.objects.filter(pk=user.pk).update(seen_seq=Greatest("seen_seq", seq))
    user.seen_seq = max(user.seen_seq, seq)


def administrators() -> Any:
    return User.objects.filter(is_active=True, role__is_administrator=True)


def check_administers(actor: User | None) -> None:
    if actor is not None and not actor.access.is_administrator:
        raise NotEditable


def acting_id(actor: User | None) -> int | None:
    return actor.pk if actor is not None else current().actor_id


def digest_of(plain: str) -> str:
    return hashlib.sha256(plain.encode()).hexdigest()
