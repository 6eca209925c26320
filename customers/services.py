"""Every write of the customers module, one function per verb; nothing else writes here."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.records import log
from crm.records.access import Reach
from crm.records.context import acting
from crm.records.errors import Conflict, NotEditable, NotVisible
from crm.records.models import Actor
from crm.records.wake import wake
from crm.records.writing import (
    adding_to,
    as_written,
    conflict,
    editable_row,
    insert_record,
    set_columns,
    update_record,
)
from crm.staff.guarded import update_guarded
from crm.staff.models import User
from customers import facts
from customers.live import CUSTOMER, FOLLOW_UP
from customers.models import Consent, Customer, FollowUp, Note, Stage, Tag


def create_customer(*, actor: User, **given: Any) -> Customer:
    """A new customer, owned by the actor and seen by her team unless said otherwise.

    Raises ValidationError by field, NotEditable when the actor may change nothing.
    """
    if actor.access.edit is Reach.NONE:
        raise NotEditable
    columns = facts.clean({"name": "", "kind": Customer.Kind.PERSON} | given, actor=actor)
    columns.setdefault("owner_id", actor.pk)
    columns.setdefault("team_id", team_of(columns["owner_id"], actor))
    return insert_record(Customer, actor=actor, columns=columns)


def update_customer(customer_id: int, *, actor: Actor, version: int, changes: dict[str, Any]) -> dict[str, Any]:
    """The customer's projection after the changes ({field: value} by the API's names).

    `version` is the one that the actor saw. Raises Conflict, NotVisible, NotEditable, ValidationError by field.
    """
    if not CUSTOMER.may_write(changes, actor.access.sees_contacts):
        check_editable(customer_id, actor)
        raise NotEditable
    columns = facts.clean(changes, actor=actor)
    if "owner_id" in columns and "team_id" not in columns and columns["owner_id"]:
        columns["team_id"] = team_of(columns["owner_id"], actor)
    if not columns:
        return CUSTOMER.project(editable_row(Customer, customer_id, actor))
    row = update_record(Customer, CUSTOMER, customer_id, actor=actor, version=version, changes=columns)
    return CUSTOMER.project(row)


def team_of(owner_id: int | None, actor: Actor) -> int | None:
    if owner_id is None or owner_id == actor.pk:
        return actor.access.team_id
    team: int | None = User.objects.values_list("team_id", flat=True).get(pk=owner_id)
    return team


def trash_customer(customer_id: int, *, actor: User, version: int) -> None:
    """Puts a customer into the trash; `restore_customer` brings it back. Raises Conflict if changed since."""
    row = set_columns(Customer, customer_id, actor=actor, version=version, changes={"deleted_at": timezone.now()})
    if row is None:
        current = editable_row(Customer, customer_id, actor)
        theirs = log.columns_changed_since("customer", customer_id, version)
        held = CUSTOMER.project(current)
        changed = CUSTOMER.changed(dict.fromkeys(theirs), held)
        raise conflict(CUSTOMER, held, dict.fromkeys(changed), actor)
    wake()


def restore_customer(customer_id: int, *, actor: User) -> dict[str, Any]:
    """Takes a customer out of the trash; a second time changes nothing. Raises NotVisible, NotEditable."""
    row = log.current_row(Customer, customer_id)
    if row is None or not actor.access.admits(row, "view"):
        raise NotVisible
    if not actor.access.admits(row, "edit"):
        raise NotEditable
    if row["deleted_at"] is None:
        return CUSTOMER.project(row)
    restored = set_columns(
        Customer, customer_id, actor=actor, version=row["version"], changes={"deleted_at": None}, trashed=True
    )
    if restored is None:
        return restore_customer(customer_id, actor=actor)
    wake()
    return CUSTOMER.project(restored)


def tag_customer(customer_id: int, *, actor: User, tag: int | str) -> dict[str, Any]:
    """Adds one tag to those that the customer has by now; a second time changes nothing."""
    held = CUSTOMER.project(editable_row(Customer, customer_id, actor))
    changes = {"tags": [*held["tags"], tag]}
    return update_customer(customer_id, actor=actor, version=held["version"], changes=changes)


def undo_change(customer_id: int, *, actor: User, version: int) -> None:
    """Takes back what the actor's own change to this version did, unless the same fields changed since.

    Raises NotVisible when there is no such change of hers, and what the opposite verb raises.
    """
    before = log.change_of("customer", customer_id, version, actor.pk)
    if before is None:
        raise NotVisible
    if "deleted_at" not in before:
        fields = {
            CUSTOMER.by_column[column].name: value for column, value in before.items() if column in CUSTOMER.by_column
        }
        fields.pop("company_name", None)  # follows the company
        update_customer(customer_id, actor=actor, version=version, changes=fields)
    elif before["deleted_at"] is None:
        restore_customer(customer_id, actor=actor)
    else:
        trash_customer(customer_id, actor=actor, version=version)


def add_note(customer_id: int, *, actor: User, body: str) -> Note:
    check_editable(customer_id, actor)
    with acting(actor.pk), adding_to(lambda: check_editable(customer_id, actor)):
        note: Note = Note.objects.create(customer_id=customer_id, author=actor, body=clean_body(body))
    wake()
    return note


def edit_note(note_id: int, *, actor: User, version: int, body: str) -> Note:
    """Changes an own note (an administrator: any). Raises Conflict when somebody was quicker."""
    note = own_note(note_id, actor)
    with acting(actor.pk):
        written = Note.objects.filter(pk=note_id, version=version).update(body=clean_body(body))
    if not written:
        note = own_note(note_id, actor)
        raise Conflict(note.version, {"body": {"yours": body, "theirs": note.body}})
    wake()
    return as_written(note)


def trash_note(note_id: int, *, actor: User, deleted: bool = True) -> Note:
    """Puts an own note into the trash, or with `deleted=False` brings it back."""
    note = own_note(note_id, actor)
    with acting(actor.pk):
        Note.objects.filter(pk=note_id).update(deleted_at=timezone.now() if deleted else None)
    wake()
    return as_written(note)


def own_note(note_id: int, actor: User) -> Note:
    note: Note | None = Note.objects.visible_to(actor).filter(pk=note_id).first()
    if note is None:
        raise NotVisible
    if note.author_id != actor.pk and not actor.access.is_administrator:
        raise NotEditable
    return note


def clean_body(body: str) -> str:
    cleaned = body.replace("\x00", "").strip()
    if not cleaned or len(cleaned) > 10_000:
        raise ValidationError({"body": _("Write between 1 and 10,000 characters.")})
    return cleaned


def add_follow_up(
    customer_id: int, *, actor: Actor, title: str, due_at: datetime, assignee_id: int | None = None
) -> FollowUp:
    """A to-do for the assignee (the actor when not given). Raises ValidationError by field."""
    check_editable(customer_id, actor)
    columns = facts.clean_follow_up({"title": title, "due_at": due_at, "assignee": assignee_id or actor.pk})
    with acting(actor.pk), adding_to(lambda: check_editable(customer_id, actor)):
        follow_up: FollowUp = FollowUp.objects.create(customer_id=customer_id, **columns)
    wake()
    return follow_up


def edit_follow_up(follow_up_id: int, *, actor: User, version: int, changes: dict[str, Any]) -> FollowUp:
    """Sets its title, due_at or assignee. Raises Conflict when somebody was quicker, ValidationError by field."""
    follow_up = editable_follow_up(follow_up_id, actor)
    if columns := facts.clean_follow_up(changes):
        with acting(actor.pk):
            written = FollowUp.objects.filter(pk=follow_up_id, version=version).update(**columns)
        if not written:
            follow_up = editable_follow_up(follow_up_id, actor)
            held, wanted = FOLLOW_UP.project(vars(follow_up)), FOLLOW_UP.project(vars(follow_up) | columns)
            raise conflict(FOLLOW_UP, held, {name: wanted[name] for name in changes}, actor)
        wake()
        return as_written(follow_up)
    return follow_up


def complete_follow_up(follow_up_id: int, *, actor: User, done: bool = True) -> FollowUp:
    """Marks a follow-up done, or open again; a second time changes nothing."""
    follow_up = editable_follow_up(follow_up_id, actor)
    if follow_up.is_open == done:
        with acting(actor.pk):
            FollowUp.objects.filter(pk=follow_up_id).update(done_at=timezone.now() if done else None)
        wake()
        return as_written(follow_up)
    return follow_up


def editable_follow_up(follow_up_id: int, actor: User) -> FollowUp:
    follow_up: FollowUp | None = FollowUp.objects.visible_to(actor).open().filter(pk=follow_up_id).first()
    if follow_up is None:
        raise NotVisible
    check_editable(follow_up.customer_id, actor)
    return follow_up


def check_editable(customer_id: int, actor: Actor) -> None:
    """Raises NotVisible, NotEditable."""
    editable_row(Customer, customer_id, actor)


def record_consent(customer_id: int, *, actor: Actor, channel: str, is_given: bool) -> Consent:
    """What the customer says about marketing by a channel, beside what was said before. A second time adds nothing."""
    check_editable(customer_id, actor)
    held: Consent | None = Consent.objects.filter(customer_id=customer_id, channel=channel).first()
    if held is not None and held.is_given == is_given:
        return held
    with acting(actor.pk), adding_to(lambda: check_editable(customer_id, actor)):
        said: Consent = Consent.objects.create(customer_id=customer_id, channel=channel, is_given=is_given)
    wake()
    return said


def create_stage(*, actor: "User", **columns: Any) -> Stage:
    """A further step of a customer's life. Raises NotEditable for whoever does not administer."""
    check_administers(actor)
    with acting(actor.pk):
        stage = Stage.objects.create(**columns)
    wake()
    return stage


def change_stage(stage_id: int, *, actor: "User", version: int, changes: dict[str, Any]) -> None:
    """Its code stays, since customers refer to it. Raises Conflict, NotEditable."""
    check_administers(actor)
    with acting(actor.pk):
        update_guarded(Stage, stage_id, version=version, changes=changes)


def create_tag(*, actor: "User", name: str) -> Tag:
    """Raises NotEditable for whoever does not administer; others make tags by putting them on customers."""
    check_administers(actor)
    with acting(actor.pk):
        tag = Tag.objects.create(name=name)
    wake()
    return tag


def change_tag(tag_id: int, *, actor: "User", version: int, changes: dict[str, Any]) -> None:
    """Raises Conflict, NotEditable."""
    check_administers(actor)
    with acting(actor.pk):
        update_guarded(Tag, tag_id, version=version, changes=changes)


def check_administers(actor: "User") -> None:
    if not actor.access.is_administrator:
        raise NotEditable
