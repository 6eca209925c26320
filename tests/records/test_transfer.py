"""CSV: what is written comes back, formulas are harmless, encodings and delimiters are found out."""

import csv
import io

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from crm.records import transfer
from crm.records.transfer import Reading

SIGNS = st.sampled_from("ab'=+-@;,|\t\r\n ＝\"０")
CELLS = st.text(SIGNS, max_size=12) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20
)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "people.csv"

    def write(content, encoding="utf-8"):
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


@given(CELLS)
def test_a_harmless_cell_is_given_back_as_it_was(cell):
    assert transfer.original(transfer.harmless(cell)) == cell


@given(CELLS)
def test_no_harmless_cell_begins_a_formula_with_whatever_delimiter_it_is_opened(cell):
    shown = transfer.harmless(cell)
    for delimiter in ";\t\r\n":
        assert not [part for part in shown.split(delimiter) if part.startswith(FORMULA)]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", " =1", "a;=1", "＝1"])
def test_a_formula_gets_an_apostrophe(cell):
    assert transfer.harmless(cell).replace("'", "") == cell.replace("'", "")
    assert transfer.harmless(cell).count("'") > cell.count("'")


@pytest.mark.parametrize("cell", ["", "O'Brien", "a=b", "'s-Hertogenbosch", "1-2", "a, -5"])
def test_other_cells_stay_as_they_are(cell):
    assert transfer.harmless(cell) == cell
    assert transfer.original(cell) == cell


@given(st.lists(CELLS.filter(bool)))
def test_a_list_in_a_cell_comes_back(items):
    assert transfer.split_list(transfer.join_list(items)) == items


@pytest.mark.parametrize("cell", ["a;b", "a, b", "a | b", " a\nb ", "a;;b,"])
def test_lists_of_other_programs_are_divided(cell):
    assert transfer.split_list(cell) == ["a", "b"]


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=5))
def test_rows_come_back_from_a_file(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "rows.csv"
    header = ["name", "note"]
    path.write_text("".join(transfer.csv_lines([header, *rows])), encoding="utf-8", newline="")
    reading = transfer.recognise(path)
    assert reading == Reading("utf-8-sig", ",", is_spaced=False)
    read = [[transfer.original(cell) for cell in cells] for _number, cells in transfer.records(path, reading)]
    # Rows of blanks alone do not come; a guarded tab is more than a blank.
    assert read == [header, *(row for row in rows if "".join(map(transfer.harmless, row)).strip())]


@pytest.mark.parametrize(
    ("content", "encoding", "found"),
    [
        ("name,city\nZoë,Köln\n", "utf-8", "utf-8-sig"),
        ("name,city\nZoë,Köln\n", "utf-8-sig", "utf-8-sig"),
        ("name,city\nZoë,Köln\n", "utf-16", "utf-16"),
        ("name,city\nZoe,Koeln\n", "utf-16-le", "utf-16-le"),
        ("name,city\nZoe,Koeln\n", "utf-16-be", "utf-16-be"),
        ("name,city\nZoë,Köln €\n", "windows-1252", "windows-1252"),
        ("name,city\nZo\x81,Köln\n", "latin-1", "latin-1"),
    ],
)
def test_encodings_are_recognised(file, content, encoding, found):
    path = file(content, encoding)
    reading = transfer.recognise(path)
    assert (reading.encoding, reading.delimiter) == (found, ",")
    cells = [cells for _number, cells in transfer.records(path, reading)]
    assert cells == [row.split(",") for row in content.splitlines()]


@pytest.mark.parametrize(
    ("content", "delimiter", "is_spaced"),
    [
        ("name;city\nA;B, C, D\n", ";", False),
        ("name\tcity\nA\tB, C\n", "\t", False),
        ("name|city\nA|B\n", "|", False),
        ("name, city\nA, B\n", ",", True),
        ("name\nA, B\n", ",", False),
        ('name,note\nA,"b;c;d"\nB,"e;f;g"\n', ",", False),
    ],
)
def test_delimiters_are_recognised(file, content, delimiter, is_spaced):
    reading = transfer.recognise(file(content))
    assert (reading.delimiter, reading.is_spaced) == (delimiter, is_spaced)


@pytest.mark.parametrize("content", [b"PK\x03\x04workbook", b"\x89PNG\x00\x01\x02" + bytes(range(1, 200))])
def test_what_is_no_text_is_refused(file, content):
    with pytest.raises(ValidationError):
        transfer.recognise(file(content))


def test_an_encoding_that_does_not_fit_is_refused(file):
    with pytest.raises(ValidationError):
        transfer.recognise(file("Zoë".encode("windows-1252")), encoding="utf-8-sig")


def test_rows_are_numbered_as_a_spreadsheet_does(file):
    path = file('name,note\n\nA,"two\nlines"\n,\nB,x\n')
    assert [number for number, _cells in transfer.records(path, Reading())] == [1, 3, 5]


def test_a_cell_without_end_is_named_by_its_row(file):
    path = file('name,note\nA,b\nB,"' + "x" * 140_000 + "\n")
    with pytest.raises(ValidationError, match="Row 3"):
        list(transfer.records(path, Reading()))


def test_an_upload_is_readable_by_us_alone(tmp_path):
    path = tmp_path / "imports" / "one.csv"
    transfer.write_file(io.BytesIO(b"name\n"), path)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"name\n", 0o600)


def test_lines_are_plain_csv():
    lines = list(transfer.csv_lines([["name", "note"], ["A", 'say "b"']]))
    assert lines == ["\ufeffname,note\r\n", 'A,"say ""b"""\r\n']
    assert list(csv.reader(lines))[1] == ["A", 'say "b"']
