"""The verbs of an import: take a file, plan its columns, check, run, stop, undo, forget. `runner` does the work."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

from celery import current_app
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from crm.records import transfer
from crm.records.context import acting
from crm.records.errors import NotEditable, NotVisible
from crm.records.transfer import Reading
from crm.records.wake import wake
from crm.staff.models import User
from customers.imports import columns, values
from customers.imports.models import Import, ImportLine
from customers.imports.plan import Plan

State = Import.State
SAMPLE_ROWS = 200
# From which states each may be asked for. What has begun to write keeps its columns: rows already done stay done.
MOVES: dict[str, tuple[str, ...]] = {
    State.UPLOADED: (State.CHECKING, State.CHECKED),
    State.CHECKING: (State.UPLOADED, State.CHECKED),
    State.RUNNING: (State.CHECKED, State.STOPPED, State.FAILED),
    State.STOPPED: (State.RUNNING,),
    State.UNDOING: (State.DONE, State.STOPPED, State.FAILED),
}


class Sample(NamedTuple):
    header: list[str]
    rows: list[list[str]]


def may_import(user: User) -> None:
    """Raises NotEditable for a role that may not import."""
    if not (user.is_active and user.role.may_import):
        raise NotEditable


def start_import(file: BinaryIO, name: str, *, actor: User) -> Import:
    """Keeps the file and proposes how to read it. Raises ValidationError for what is no table, NotEditable."""
    may_import(actor)
    stored = f"{secrets.token_hex(16)}.csv"
    batch = Import(file_name=Path(name).name[:200] or _("file"), stored_name=stored, owner=actor)
    transfer.write_file(file, batch.path)
    try:
        read_header(batch, transfer.recognise(batch.path))
        with acting(actor.pk):
            batch.save(force_insert=True)
    except BaseException:
        batch.path.unlink(missing_ok=True)
        raise
    wake()
    return batch


def read_header(batch: Import, reading: Reading) -> None:
    """Sets what follows from a reading: columns, number of rows, proposals."""
    header, rows = sample(batch, reading)
    if not header or not rows:
        raise ValidationError(_("This file has no rows below its header."))
    batch.reading, batch.header = asdict(reading), header
    batch.rows = sum(1 for _row in transfer.records(batch.path, reading)) - 1
    batch.plan = proposal(header, rows, Path(batch.file_name).stem).as_dict()


def sample(batch: Import, reading: Reading | None = None) -> Sample:
    """The header and some rows. Raises ValidationError where the file cannot be read."""
    found = transfer.records(batch.path, reading or Reading(**batch.reading))
    cells = [row for _number, row in islice(found, SAMPLE_ROWS + 1)]
    header = [cell.strip() for cell in cells[0]] if cells else []
    return Sample(header, cells[1:])


def proposal(header: Sequence[str], rows: Sequence[Sequence[str]], name: str) -> Plan:
    """What each column seems to be; all get a tag by which this import can be found."""
    proposed = columns.propose(header, rows)
    plan = Plan(tuple(proposed), tags=(name[:40].strip() or "import",))
    key = next((each for each in ("reference", "emails") if each in proposed), "")
    if "born_on" not in proposed:
        return replace(plan, key=key)
    at = proposed.index("born_on")
    return replace(plan, key=key, date_format=values.guess_date_format(row[at] for row in rows if at < len(row)))


def change_reading(import_id: int, *, actor: User, encoding: str, delimiter: str) -> Import:
    """Reads the file anew in another way, and proposes anew. Raises ValidationError, NotVisible, NotEditable."""
    batch = editable_import(import_id, actor, State.UPLOADED)
    read_header(batch, transfer.recognise(batch.path, encoding=encoding, delimiter=delimiter))
    with acting(actor.pk):
        batch.save(update_fields=["reading", "header", "rows", "plan"])
    wake()
    return batch


def plan_import(import_id: int, plan: Plan, *, actor: User, is_here: bool = False) -> Import:
    """Fixes what the columns are, and has the file checked. Raises ValidationError, NotVisible, NotEditable."""
    batch = editable_import(import_id, actor, State.UPLOADED, State.CHECKED)
    if plan.key and plan.key not in plan.columns:
        raise ValidationError({"key": _("Say which column holds the key.")})
    if not plan.key and not {"name", "given_name", "family_name"} & set(plan.columns):
        raise ValidationError({"columns": _("Say which column holds the name.")})
    with acting(actor.pk):
        Import.objects.filter(pk=batch.pk).update(plan=plan.as_dict(), state=State.UPLOADED)
    return move_import(import_id, State.CHECKING, actor=actor, is_here=is_here)


def move_import(import_id: int, state: str, *, actor: User, is_here: bool = False) -> Import:
    """Checks, runs (or goes on), stops, undoes an import, or goes back to its columns. Asking twice changes nothing.

    A worker is asked for what there is to do, unless the caller does it here. Raises ValidationError where that cannot
    be done now, NotVisible, NotEditable.
    """
    batch = editable_import(import_id, actor)
    if batch.state == state:
        return batch
    goes_on = state == State.STOPPED or (state == State.RUNNING and batch.is_halted)
    fresh = {} if goes_on else fresh_counts(state)
    with acting(actor.pk):
        moved = Import.objects.filter(pk=import_id, state__in=MOVES.get(state, ()))
        if not moved.update(state=state, leased_until=None, **fresh):
            raise ValidationError(_("This import is %s now.") % batch.get_state_display())
    batch.refresh_from_db()
    if batch.is_working and not is_here:
        transaction.on_commit(lambda: ask_worker(import_id))
    wake()
    return batch


def fresh_counts(state: str) -> dict[str, object]:
    """Undoing counts down what was done; everything else begins anew."""
    if state == State.UNDOING:
        return {"reason": ""}
    counts = ("position", "created_count", "updated_count", "unchanged_count", "failed_count")
    return {**dict.fromkeys(counts, 0), "problems": [], "started_at": timezone.now(), "finished_at": None, "reason": ""}


def editable_import(import_id: int, actor: User, *states: str) -> Import:
    """Whose file is still there, in one of the states if any are given. Every row is judged by its owner's rights, so
    that it is for who may change what is hers. May raise ValidationError, too."""
    batch = visible_import(import_id, actor)
    if not may_edit(batch, actor):
        raise NotEditable
    if not batch.has_file:
        raise ValidationError(_("The file of this import was deleted after %d days.") % settings.IMPORT_DAYS)
    if states and batch.state not in states:
        raise ValidationError(_("This import is %s now.") % batch.get_state_display())
    return batch


def visible_import(import_id: int, actor: User) -> Import:
    """Raises NotVisible; NotEditable for a role that may not import, and where others' rows would show contact details
    to one that does not see them."""
    may_import(actor)
    batch: Import | None = Import.objects.visible_to(actor).filter(pk=import_id).first()
    if batch is None:
        raise NotVisible
    if batch.owner_id != actor.pk and not actor.access.sees_contacts:
        raise NotEditable
    return batch


def may_edit(batch: Import, actor: User) -> bool:
    return batch.owner_id == actor.pk or actor.access.admits(vars(batch), "edit")


def ask_worker(import_id: int) -> None:
    """Without a broker nobody hears; then the clock's task finds the import."""
    try:
        current_app.send_task("customers.tasks.work_on_import", [import_id], retry=False)
    except OperationalError:
        return


def forget_old_imports() -> int:
    """Deletes files, lines and samples of imports older than the setting says; what was imported stays."""
    limit = timezone.now() - timedelta(days=settings.IMPORT_DAYS)
    old = Import.objects.filter(created_at__lt=limit).exclude(stored_name="").exclude(state__in=Import.WORKING)
    for batch in old:
        forget_import(batch)
    return len(old)


def forget_import(batch: Import) -> None:
    """Its file, lines and samples; it can be neither undone nor explained any more."""
    batch.path.unlink(missing_ok=True)
    batch.errors_path.unlink(missing_ok=True)
    ImportLine.objects.filter(batch=batch).delete()
    Import.objects.filter(pk=batch.pk).update(stored_name="", problems=[])
