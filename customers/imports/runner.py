"""Works through an import: a chunk at a time, each in one transaction with the place it has reached.

Whoever works holds a lease and an attempt number. A worker that died leaves a lease that runs out; the next one begins
at the place of the last commit, and the dead one, should it wake, finds that the attempt is no longer its own.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm.records import transfer
from crm.records.context import acting
from crm.records.errors import NotEditable
from crm.records.transfer import Reading
from crm.records.wake import wake
from customers import search_index
from customers.imports import undoing
from customers.imports.checking import Known, reason
from customers.imports.models import Import, ImportLine
from customers.imports.plan import Plan
from customers.imports.services import may_import
from customers.imports.writing import Result, Way, import_customers

log = logging.getLogger(__name__)

CHUNK = 500  # rows in one transaction: what somebody else saves meanwhile waits for no more
LEASE = timedelta(seconds=20)  # many times what a chunk takes
MOST_PROBLEMS = 50  # shown on the page; the error file has all

Outcome, State = ImportLine.Outcome, Import.State
# Where an import stands when its work cannot be done: nothing was written yet, some of it was, or some is undone.
GIVEN_UP = {State.CHECKING: State.UPLOADED, State.RUNNING: State.FAILED, State.UNDOING: State.DONE}
Cells = tuple[int, list[str]]


class Superseded(Exception):
    """Somebody stopped the import, or another worker has it: what this one was about to commit is rolled back."""


def work_on(import_id: int) -> None:
    """Does what the import's state asks for, until it is done. Safe to call twice, and by several workers at once."""
    batch = claim(import_id)
    if batch is None:
        return
    work: dict[str, Callable[[Import], None]] = {
        State.CHECKING: check, State.RUNNING: run, State.UNDOING: undo,
    }  # fmt: skip
    with translation.override(batch.actor.language or settings.LANGUAGE_CODE), acting(batch.owner_id, "import"):
        try:
            work[batch.state](batch)
        except Superseded:
            log.info("Import %d was stopped or taken over", import_id)
        except (OperationalError, InterfaceError):
            raise  # the database is away: the lease runs out and somebody goes on
        except (ValidationError, NotEditable) as error:
            text = reason(error) if isinstance(error, ValidationError) else _("Its owner may not import any more.")
            finish(batch, GIVEN_UP[State(batch.state)], reason=text)
        except Exception:
            finish(batch, GIVEN_UP[State(batch.state)], reason=_("Something went wrong; the worker's log says what."))
            raise


def claim(import_id: int) -> Import | None:
    """The import, when it wants work and nobody is at it."""
    now = timezone.now()
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    wanting = Import.objects.filter(free, pk=import_id, state__in=Import.WORKING)
    if not wanting.update(attempt=F("attempt") + 1, leased_until=now + LEASE):
        return None
    batch: Import = Import.objects.select_related("owner__role").get(pk=import_id)
    return batch


def overdue_imports() -> list[int]:
    """Those that nobody works on though they want it: their worker died, or the broker forgot them."""
    free = Q(leased_until=None) | Q(leased_until__lt=timezone.now())
    return list(Import.objects.filter(free, state__in=Import.WORKING).values_list("pk", flat=True))


def check(batch: Import) -> None:
    """The dry run: begins anew when it was interrupted, since it left nothing behind."""
    Import.objects.filter(pk=batch.pk).update(
        position=0, created_count=0, updated_count=0, unchanged_count=0, failed_count=0, problems=[]
    )
    way = way_of(batch, is_dry=True)
    for chunk in chunks(batch, 0):
        advance(batch, len(chunk), results_of(chunk, batch, way))
    finish(batch, State.CHECKED)


def run(batch: Import) -> None:
    """Each chunk commits its customers, its lines and its place together; rows already done are skipped."""
    way = way_of(batch)
    for chunk in chunks(batch, batch.position):
        with transaction.atomic():
            results = results_of(chunk, batch, way)
            ImportLine.objects.bulk_create(line(batch, each) for each in results)
            advance(batch, len(chunk), results)
        search_index.settle()
    finish(batch, State.DONE)


def undo(batch: Import) -> None:
    """What nobody touched since goes to the trash or back to what it was; the rest stays, and is listed."""
    while lines := undoing.next_lines(batch, CHUNK):
        with transaction.atomic():
            undone = undoing.undo_lines(lines, batch.actor)
            rows = sum(each.outcome != Outcome.COMPANY for each in lines)
            advance(batch, -rows, [], **{f"{name}_count": -count for name, count in undone.items()})
        search_index.settle()
    finish(batch, State.UNDONE)


def way_of(batch: Import, *, is_dry: bool = False) -> Way:
    plan, actor = Plan.parse(batch.plan), batch.actor
    known = Known.load(actor, plan.country)
    chosen = {"stage_id": plan.stage, "owner_id": plan.owner, "team_id": plan.team, "country": plan.country}
    defaults = {name: value for name, value in chosen.items() if value not in (None, "")}
    return Way(actor, known, plan.key, defaults, plan.tags, batch_id=batch.pk, is_dry=is_dry)


def chunks(batch: Import, done: int) -> Iterator[Sequence[Cells]]:
    rows = islice(transfer.records(batch.path, Reading(**batch.reading)), done + 1, None)
    while chunk := list(islice(rows, CHUNK)):
        # Rights are asked for anew each time: whoever loses hers stops importing.
        batch.actor.refresh_from_db(fields=["is_active", "role", "team"])
        may_import(batch.actor)
        yield chunk


def results_of(chunk: Sequence[Cells], batch: Import, way: Way) -> list[Result]:
    plan, width = Plan.parse(batch.plan), len(batch.header)
    facts, failed = [], []
    for number, cells in chunk:
        try:
            if any(cell.strip() for cell in cells[width:]):
                said = {"cells": len(cells), "columns": width}
                raise ValidationError(_("The row has %(cells)d cells, the header %(columns)d.") % said)
            facts.append((number, plan.facts(cells)))
        except ValidationError as error:
            failed.append(Result(number, Outcome.FAILED, reason=reason(error)))
    return sorted(failed + import_customers(facts, actor=batch.actor, way=way), key=lambda each: each.number)


def line(batch: Import, result: Result) -> ImportLine:
    return ImportLine(batch=batch, **result._asdict())


def advance(batch: Import, rows: int, results: Sequence[Result], **counts: int) -> None:
    """Moves on by some rows and keeps the lease. Raises Superseded, and then nothing of the chunk may be committed."""
    for outcome in (Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED, Outcome.FAILED):
        counts.setdefault(f"{outcome}_count", sum(each.outcome == outcome for each in results))
    problems = [{"row": each.number, "reason": each.reason} for each in results if each.reason]
    batch.problems = [*batch.problems, *problems][:MOST_PROBLEMS]
    changes: dict[str, Any] = {name: F(name) + count for name, count in counts.items() if count}
    mine = Import.objects.filter(pk=batch.pk, attempt=batch.attempt, state=batch.state)
    if not mine.update(
        position=F("position") + rows, problems=batch.problems, leased_until=timezone.now() + LEASE, **changes
    ):
        raise Superseded
    wake()


def finish(batch: Import, state: str, *, reason: str = "") -> None:
    mine = Import.objects.filter(pk=batch.pk, attempt=batch.attempt, state=batch.state)
    mine.update(state=state, reason=reason, finished_at=timezone.now(), leased_until=None)
    wake()
