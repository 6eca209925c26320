"""Rows made clean like any other facts of a customer, but fast: who and what they may refer to is loaded once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from crm.staff.models import Team, User
from customers import facts
from customers.imports.columns import BY_NAME
from customers.models import Stage

LONGEST_TAG = 40


class Clean(NamedTuple):
    """A row's facts as columns; company and tags by their names, which are looked up for many rows at once."""

    columns: dict[str, Any]
    company: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Known:
    """Stages, members of staff and teams by all the names that a file may call them by.

    `country` is where phone numbers without a country code are from, in rows that name no country.
    """

    actor: User
    country: str = ""
    stages: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, Any] = field(default_factory=dict)
    teams: Mapping[str, int] = field(default_factory=dict)
    team_of: Mapping[int, int | None] = field(default_factory=dict)

    @classmethod
    def load(cls, actor: User, country: str = "") -> "Known":
        users = list(User.objects.filter(is_active=True))
        return cls(
            actor,
            country,
            by_names((stage.code, [stage.code, stage.name]) for stage in Stage.objects.all()),
            by_names((user.pk, [str(user.pk), user.username, user.email, user.name]) for user in users),
            by_names((team.pk, [str(team.pk), team.name]) for team in Team.objects.all()),
            {user.pk: user.team_id for user in users},
        )

    def clean(self, given: Mapping[str, Any]) -> Clean:
        """Raises one ValidationError that names every wrong field, with those that the plan could not read."""
        columns: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for name, value in given.items():
            if name in ("company", "tags"):
                continue
            try:
                columns |= self.clean_one(name, value, given)
            except ValidationError as error:
                errors[name] = error.messages
        try:
            parts = company_name(given.get("company", "")), tag_names(given.get("tags", ()))
        except ValidationError as error:
            errors["tags"] = error.messages
        if errors:
            raise ValidationError(errors)
        return Clean(columns, *parts)

    def clean_one(self, name: str, value: Any, given: Mapping[str, Any]) -> dict[str, Any]:
        if isinstance(value, ValidationError):
            raise value
        if name == "stage":
            return {"stage_id": found(value, self.stages, _("There is no stage “%s”."))}
        if name == "owner":
            return {"owner_id": found(value, self.users, _("There is no member of staff “%s”."))}
        if name == "team":
            return {"team_id": found(value, self.teams, _("There is no team “%s”."))}
        return facts.clean_one(name, value, {"country": self.country, **given}, self.actor)


def by_names(entries: Iterable[tuple[Any, list[str]]]) -> dict[str, Any]:
    """A name that two share means neither."""
    held: dict[str, Any] = {}
    for key, names in entries:
        for name in {each.casefold() for each in names if each}:
            held[name] = key if held.get(name, key) == key else None
    return held


def found(value: Any, held: Mapping[str, Any], complaint: str) -> Any:
    key = held.get(str(value).casefold())
    if key is None:
        raise ValidationError(complaint % str(value)[:40])
    return key


def company_name(value: str) -> str:
    return facts.text("name", value) if value else ""


def tag_names(values: Sequence[str]) -> tuple[str, ...]:
    if len(values) > facts.MOST_POINTS:
        raise ValidationError(_("Give a list of at most %d tags.") % facts.MOST_POINTS)
    return tuple(map(tag_name, values))


def tag_name(value: str) -> str:
    name = " ".join(value.split())
    if not name or len(name) > LONGEST_TAG:
        raise ValidationError(_("A tag is a word of 1 to 40 characters."))
    return name


def reason(error: ValidationError) -> str:
    """What is wrong with a row, in one line for the error file."""
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return " ".join(f"{label(name)}: {' '.join(messages)}" for name, messages in error.message_dict.items())


def label(name: str) -> str:
    return str(BY_NAME[name].label) if name in BY_NAME else name
