"""What may be said about a customer, made clean: the same door for forms, the API, imports, the admin and workers."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import phonenumbers
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email

from crm.records.models import Reader
from crm.staff.models import Team, User
from customers.models import Customer, Stage, Tag

if TYPE_CHECKING:
    from django.db.models import QuerySet

MOST_POINTS = 20
TEXT_FIELDS = ("name", "title", "street", "postcode", "city", "region", "language", "source", "reference")
TEXTS = {field.name: field.max_length or 0 for field in Customer._meta.fields if field.name in TEXT_FIELDS}


def clean(facts: Mapping[str, Any], *, actor: Reader) -> dict[str, Any]:
    """Facts by the API's names as columns and values. Raises one ValidationError that names every wrong field."""
    return together(facts, lambda name, value: clean_one(name, value, facts, actor))


def clean_follow_up(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The same for a follow-up's title, due_at and assignee."""
    return together(facts, lambda name, value: {FOLLOW_UP[name][0]: FOLLOW_UP[name][1](value)})


def together(facts: Mapping[str, Any], clean_fact: Callable[[str, Any], dict[str, Any]]) -> dict[str, Any]:
    cleaned: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for name, value in facts.items():
        try:
            cleaned |= clean_fact(name, value)
        except ValidationError as error:
            errors[name] = error.messages
    if errors:
        raise ValidationError(errors)
    return cleaned


def clean_one(name: str, value: Any, facts: Mapping[str, Any], actor: Reader) -> dict[str, Any]:
    if name in TEXTS:
        return {name: text(name, value)}
    if name == "phones":
        return {name: phones(value, region_of(facts))}
    if name == "company":
        return {"company_id": company(value, actor)}
    cleaner = CLEANERS.get(name)
    if cleaner is None:
        raise ValidationError(_("A customer has no such field."))
    column, make = cleaner
    return {column: make(value)}


def text(name: str, value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise ValidationError(_("Give a text."))
    cleaned = " ".join((value or "").replace("\x00", "").split())
    if name == "name" and not cleaned:
        raise ValidationError(_("Give a name."))
    most = TEXTS[name]
    if len(cleaned) > most:
        raise ValidationError(
            _("Keep it to %(most)d characters; this has %(length)d.") % {"most": most, "length": len(cleaned)}
        )
    return cleaned


def kind(value: Any) -> str:
    if value not in Customer.Kind.values:
        raise ValidationError(_("Say “person” or “company”."))
    return str(value)


def stage(value: Any) -> str:
    known = list(Stage.objects.values_list("code", flat=True))
    if value not in known:
        raise ValidationError(_("Choose one of the stages: %s.") % ", ".join(known))
    return str(value)


def owner(value: Any) -> int | None:
    """A member of staff who may sign in."""
    return known_id(User.objects.filter(is_active=True), value, _("There is no such member of staff."))


def team(value: Any) -> int | None:
    return known_id(Team.objects.all(), value, _("There is no such team."))


def known_id(rows: "QuerySet[Any]", value: Any, message: str) -> int | None:
    if value in (None, ""):
        return None
    wanted = whole_number(value, message)
    if not rows.filter(pk=wanted).exists():
        raise ValidationError(message)
    return wanted


def whole_number(value: Any, message: str) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ValidationError(message) from None


def company(value: Any, actor: Reader) -> int | None:
    """A company that the actor may see."""
    if value in (None, ""):
        return None
    wanted = whole_number(value, _("Choose a company."))
    if not Customer.objects.visible_to(actor).filter(pk=wanted, kind=Customer.Kind.COMPANY).exists():
        raise ValidationError(_("There is no such company."))
    return wanted


def emails(value: Any) -> list[str]:
    return once([email(each) for each in points(value)])


def email(value: str) -> str:
    try:
        return validate_email(value.strip(), check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise ValidationError(f"{value[:80]}: {error}") from None


def phones(value: Any, region: str) -> list[str]:
    return once([phone(each, region) for each in points(value)])


def phone(value: str, region: str) -> str:
    """In E.164; a number without a country code is read as one of `region`."""
    try:
        number = phonenumbers.parse(value, region or None)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise ValidationError(
            _("%s is no phone number; write it with its country code, as in +44 113 496 0199.") % value[:40]
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def points(value: Any) -> list[str]:
    values = [value] if isinstance(value, str) else value or []
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        raise ValidationError(_("Give a list of texts."))
    if len(values) > MOST_POINTS:
        raise ValidationError(_("Keep it to %d.") % MOST_POINTS)
    return [each for each in values if each.strip()]


def once(values: list[str]) -> list[str]:
    first: dict[str, str] = {}
    for value in values:
        first.setdefault(value.lower(), value)
    return list(first.values())


def country(value: Any) -> str:
    code = str(value or "").strip().upper()
    if code and code not in phonenumbers.SUPPORTED_REGIONS:
        raise ValidationError(_("Give the country as its two letters, as in GB."))
    return code


def region_of(facts: Mapping[str, Any]) -> str:
    code = str(facts.get("country") or "").strip().upper()
    return code if code in phonenumbers.SUPPORTED_REGIONS else settings.DEFAULT_COUNTRY


def born_on(value: Any) -> date | None:
    if value in (None, ""):
        return None
    try:
        day = value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError:
        raise ValidationError(_("Give the day as YYYY-MM-DD.")) from None
    if not date(1850, 1, 1) <= day <= timezone.localdate():
        raise ValidationError(_("Nobody who lives was born on that day."))
    return day


def tags(value: Any) -> list[int]:
    """Ids of tags; a text is the tag of that name, made when it is new."""
    wanted = [value] if isinstance(value, str | int) else value or []
    if not isinstance(wanted, list) or len(wanted) > MOST_POINTS:
        raise ValidationError(_("Give a list of at most %d tags.") % MOST_POINTS)
    return sorted({tag(each) for each in wanted})


def tag(value: Any) -> int:
    if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()):
        found = known_id(Tag.objects.all(), value, _("There is no such tag."))
        return found or 0
    name = " ".join(str(value).replace("\x00", "").split())
    if not name or len(name) > 40:
        raise ValidationError(_("A tag is a word of 1 to 40 characters."))
    held = Tag.objects.filter(name__iexact=name).first()
    return int(held.pk if held else Tag.objects.get_or_create(name=name)[0].pk)


CLEANERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "kind": ("kind", kind),
    "stage": ("stage_id", stage),
    "owner": ("owner_id", owner),
    "team": ("team_id", team),
    "emails": ("emails", emails),
    "country": ("country", country),
    "born_on": ("born_on", born_on),
    "tags": ("tags", tags),
}


def follow_up_title(value: str) -> str:
    title = " ".join(value.replace("\x00", "").split())
    if not title or len(title) > 200:
        raise ValidationError(_("Say in 1 to 200 characters what there is to do."))
    return title


def due_at(value: Any) -> Any:
    if not value:
        raise ValidationError(_("Say until when."))
    return value


def assignee(value: Any) -> int:
    found = owner(value)
    if found is None:
        raise ValidationError(_("Somebody has to do it."))
    return found


FOLLOW_UP: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "title": ("title", follow_up_title),
    "due_at": ("due_at", due_at),
    "assignee": ("assignee_id", assignee),
}
