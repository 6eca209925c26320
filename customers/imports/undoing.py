"""Undoing an import: what nobody touched since is taken back, row by row of its lines; what was touched stays."""

from collections import Counter
from collections.abc import Sequence

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.staff.models import User
from customers.imports.models import Import, ImportLine
from customers.models import Customer

Outcome = ImportLine.Outcome
DONE = (Outcome.CREATED, Outcome.UPDATED, Outcome.COMPANY)


def next_lines(batch: Import, count: int) -> list[ImportLine]:
    """The last lines that are not undone yet, companies made for people after all people."""
    lines = ImportLine.objects.filter(batch=batch, outcome__in=DONE, reason="")
    people = list(lines.exclude(outcome=Outcome.COMPANY).order_by("-number")[:count])
    return people or list(lines.order_by("-number")[:count])


def undo_lines(lines: Sequence[ImportLine], actor: User) -> Counter[str]:
    """How many were undone by outcome. Undone lines are deleted; those that stay get their reason."""
    gone = {each.pk for each in lines if each.outcome == Outcome.UPDATED and take_back(each, actor)}
    made = [each.pk for each in lines if each.outcome != Outcome.UPDATED]
    # Read anew: taking back has moved versions on.
    gone |= trash_unchanged(list(ImportLine.objects.filter(pk__in=made)), actor)
    undone = Counter(each.outcome for each in lines if each.pk in gone)
    ImportLine.objects.filter(pk__in=gone).delete()
    kept = [each.pk for each in lines if each.pk not in gone]
    ImportLine.objects.filter(pk__in=kept).update(reason=_("Changed since the import, so it stays as it is."))
    undone.pop(Outcome.COMPANY, None)
    return undone


def trash_unchanged(lines: Sequence[ImportLine], actor: User) -> set[int]:
    """Ids of the lines whose customers go to the trash: at the import's version, and no company of a living person."""
    versions = {line.customer_id: line.version for line in lines if line.customer_id}
    people = Customer.objects.filter(company__in=versions, deleted_at=None).values("company")
    free = Customer.objects.editable_by(actor).filter(pk__in=versions).exclude(pk__in=people)
    same = [each.pk for each in free.select_for_update().order_by("pk") if each.version == versions[each.pk]]
    Customer.objects.filter(pk__in=same).update(deleted_at=timezone.now())
    gone = set(same) | set(
        Customer.objects.filter(Q(pk__in=versions), ~Q(deleted_at=None)).values_list("pk", flat=True)
    )
    return {line.pk for line in lines if line.customer_id in gone}


def take_back(line: ImportLine, actor: User) -> bool:
    """Gives a customer back what a row changed, unless somebody changed it since."""
    line.refresh_from_db(fields=["version"])
    mine = Customer.objects.editable_by(actor).filter(pk=line.customer_id, version=line.version)
    if line.customer_id is None or not mine.update(**(line.before or {})):
        return False
    version = Customer.objects.values_list("version", flat=True).get(pk=line.customer_id)
    # An earlier row of the file made the version that this row found; for it the customer is again as it left it.
    earlier = ImportLine.objects.filter(batch=line.batch_id, customer=line.customer_id, number__lt=line.number)
    earlier.update(version=version)
    return True
