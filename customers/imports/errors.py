"""The error file: the rows that failed as they were given, each with its reason, to be put right and imported again."""

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from crm.records import transfer
from crm.records.transfer import Reading
from customers.imports.models import Import, ImportLine

PAGE = 1000


def error_rows(batch: Import) -> Iterator[Sequence[str]]:
    """The header and the failed rows, with a last column for the reason."""
    width = len(batch.header)
    yield [*batch.header, _("Reason")]
    failed = failed_lines(batch)
    number, reason = next(failed, (0, ""))
    for row, cells in transfer.records(batch.path, Reading(**batch.reading)):
        if row == number:
            given = [transfer.original(cell) for cell in cells]
            yield [*given, *[""] * (width - len(given)), reason]
            number, reason = next(failed, (0, ""))


def failed_lines(batch: Import) -> Iterator[tuple[int, str]]:
    """A page at a time, in the order of the file."""
    after = 0
    lines = ImportLine.objects.filter(batch=batch, outcome=ImportLine.Outcome.FAILED).order_by("number")
    while page := list(lines.filter(number__gt=after).values_list("number", "reason")[:PAGE]):
        yield from page
        after = page[-1][0]
