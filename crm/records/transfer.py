"""CSV as other programs write and read it: its encoding and delimiter found out, its formulas made harmless.

Knows nothing of records. Nothing here holds a whole file in memory.
"""

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

SAMPLE = 64 * 1024  # bytes that the delimiter is judged by
BLOCK = 1024 * 1024
DELIMITERS = ",;\t|"
# What people can choose from when the guess was wrong.
ENCODINGS = (
    "utf-8-sig", "utf-16", "windows-1252", "latin-1", "windows-1250", "windows-1251", "gb18030", "big5", "shift_jis",
    "euc-kr",
)  # fmt: skip
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")

# Where a spreadsheet may see the beginning of a cell: at the start, and after what another locale takes as a delimiter.
# Quotes and blanks before the sign count too, so that adding one apostrophe and taking one away are exact inverses.
START = r"(?:(?<=[;\t\r\n])|^)"
DANGEROUS = r"(?=[\s']*[=+\-@＝＋－＠]|'*[\t\r])"
UNSAFE = re.compile(START + DANGEROUS)
SAFE = re.compile(f"{START}'{DANGEROUS}")
ITEM = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^;,|\n]+))\s*')


@dataclass(frozen=True)
class Reading:
    """How a file is read; `is_spaced` where a blank follows each delimiter."""

    encoding: str = "utf-8-sig"
    delimiter: str = ","
    is_spaced: bool = False


def recognise(path: Path, *, encoding: str = "", delimiter: str = "") -> Reading:
    """The reading that fits the file, keeping what is given. Raises ValidationError for what is no text."""
    encoding = encoding or recognise_encoding(path)
    check_decodes(path, encoding)
    sample = sample_of(path, encoding)
    delimiter = delimiter or max(DELIMITERS, key=lambda each: likelihood(sample, each))
    header = next(csv.reader(sample, delimiter=delimiter), [])
    return Reading(encoding, delimiter, len(header) > 1 and all(cell.startswith(" ") for cell in header[1:]))


def recognise_encoding(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(SAMPLE)
    if head.startswith(WORKBOOKS):
        raise ValidationError(_("This is a workbook of a spreadsheet program; save it there as CSV first."))
    for mark, encoding in MARKS.items():
        if head.startswith(mark):
            return encoding
    if b"\x00" in head:
        return encoding_by_zeros(head)
    return next(each for each in ("utf-8-sig", "windows-1252", "latin-1") if decodes(path, each))


def encoding_by_zeros(head: bytes) -> str:
    """UTF-16 without a mark has a zero in every second byte of its delimiters; anything else with zeros is no text."""
    odd, even = head[1::2].count(0), head[::2].count(0)
    if max(odd, even) < len(head) // 10:
        raise ValidationError(_("This file is no text."))
    return "utf-16-le" if odd > even else "utf-16-be"


def check_decodes(path: Path, encoding: str) -> None:
    if not decodes(path, encoding):
        raise ValidationError(_("This file is not written in the encoding %s.") % encoding)


def decodes(path: Path, encoding: str) -> bool:
    try:
        with path.open(encoding=encoding) as file:
            while file.read(BLOCK):
                pass
    except (UnicodeError, LookupError):
        return False
    return True


def sample_of(path: Path, encoding: str) -> list[str]:
    """The first lines, without one that the sample's end may have cut."""
    with path.open(encoding=encoding, newline="") as file:
        text = file.read(SAMPLE)
    lines = text.splitlines(keepends=True)
    return lines[:-1] if len(text) == SAMPLE and len(lines) > 1 else lines


def likelihood(sample: list[str], delimiter: str) -> tuple[float, int]:
    """How well a delimiter explains the sample: it divides the header, and most rows into as many cells."""
    try:
        rows = [row for row in islice(csv.reader(sample, delimiter=delimiter), 100) if row]
    except csv.Error:
        return 0, 0
    width = len(rows[0]) if rows else 0
    if width < 2:
        return 0, 0
    return sum(len(row) == width for row in rows) / len(rows), width


def records(path: Path, reading: Reading) -> Iterator[tuple[int, list[str]]]:
    """Rows as (number, cells), the number as a spreadsheet shows it: the header is 1, blank rows count but do not come.

    Raises ValidationError where a row cannot be read.
    """
    number = 0
    with path.open(encoding=reading.encoding, newline="") as file:
        rows = csv.reader(file, delimiter=reading.delimiter, skipinitialspace=reading.is_spaced)
        try:
            for number, cells in enumerate(rows, start=1):
                if any(cells) and any(not cell.isspace() for cell in cells if cell):
                    yield number, [cell.replace("\x00", "") for cell in cells]
        except csv.Error as error:
            said = {"row": number + 1, "error": error}
            raise ValidationError(
                _("Row %(row)d cannot be read: %(error)s. Is a quotation mark missing?") % said
            ) from None


def write_file(source: BinaryIO, path: Path) -> None:
    """Copies an upload to a new file that only we can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    with path.open("wb") as file:
        while block := source.read(BLOCK):
            file.write(block)


def harmless(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula: an apostrophe stands where one could begin."""
    return UNSAFE.sub("'", text)


def original(text: str) -> str:
    """What `harmless` was given; a text of another origin keeps its apostrophes, unless one guards a formula."""
    return SAFE.sub("", text) if "'" in text else text


def csv_lines(rows: Iterable[Sequence[str]], *, mark: bool = True) -> Iterator[str]:
    """Rows as lines of a file that spreadsheets open rightly: `mark` says UTF-8, formulas are harmless."""
    writer = csv.writer(Echo())
    for number, row in enumerate(rows):
        line = writer.writerow([harmless(cell) for cell in row])
        yield f"\ufeff{line}" if mark and number == 0 else line


class Echo:
    """A file for `csv.writer` that hands each line back."""

    def write(self, text: str) -> str:
        return text


def join_list(items: Iterable[str]) -> str:
    """Several values in one cell, as `split_list` reads them."""
    return ";".join(quoted(item) if set(item) & set('",;|\n') or item != item.strip() else item for item in items)


def quoted(item: str) -> str:
    return '"' + item.replace('"', '""') + '"'


def split_list(cell: str) -> list[str]:
    """The values of a cell, divided by `;`, `,`, `|` or a new line unless they stand in quotes."""
    found = (match[1].replace('""', '"') if match[1] is not None else match[2].strip() for match in ITEM.finditer(cell))
    return [item for item in found if item]
