"""Any CSV file: encodings, delimiters, odd headers, torn rows; and no row is ever lost."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.errors import DealcastError
from learning.csv_file import CsvFile, distinct_names


def rows_of(path: Path, cells: int = 10) -> tuple[CsvFile, list[tuple[str, ...]]]:
    file = CsvFile(path)
    rows = [row for piece in file.pieces(cells) for row in zip(*piece, strict=True)]
    file.close()
    return file, rows


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "a.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encoding_and_delimiter_are_found_out(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = "\r\n".join(delimiter.join(cells) for cells in (["이름", "금액"], *[["김민수 고객", "10"]] * 20))
    file, rows = rows_of(write(tmp_path, text, encoding))
    assert (file.names, file.delimiter) == (("이름", "금액"), delimiter)
    assert rows == [("김민수 고객", "10")] * 20


def test_a_comma_within_cells_does_not_pass_for_the_delimiter(tmp_path: Path) -> None:
    file, rows = rows_of(write(tmp_path, "a;b\n1,5;2,5\n3,5;4,5\n"))
    assert (file.delimiter, rows) == (";", [("1,5", "2,5"), ("3,5", "4,5")])


def test_names_are_made_distinct_and_never_empty() -> None:
    assert distinct_names([" a ", "a", "", "a", "a (2)"]) == ("a", "a (2)", "column 3", "a (3)", "a (2) (2)")


def test_rows_of_other_lengths_are_kept_and_counted(tmp_path: Path) -> None:
    file, rows = rows_of(write(tmp_path, "a,b\n1\n1,2,3\n1,2,\n\n5,6\n"))
    assert rows == [("1", ""), ("1", "2"), ("1", "2"), ("5", "6")]
    assert (file.short, file.long) == (1, 1)


def test_a_quote_that_never_closes_costs_its_own_row_only(tmp_path: Path) -> None:
    lines = ["a,b", "1,2", '"3,4', *["5,6"] * 6_000]
    file, rows = rows_of(write(tmp_path, "\n".join(lines) + "\n"), 100_000)
    assert file.torn == 1
    assert rows == [("1", "2"), ("3", "4"), *[("5", "6")] * 6_000]


@pytest.mark.parametrize("stray", ['"15 inch', '15"" inch"x', '"15" inch', '"'])
def test_a_stray_quote_takes_no_row_after_it(tmp_path: Path, stray: str) -> None:
    def told(cell: str, note: str) -> str:
        return "\n".join([
            "id,who,size,note", "", "1,A,2,ok", f"2,{cell},4,ok", *["3,B,5,ok"] * 9, f"4,B,6,{cell}",
            '5,"Kim, ""Min""",7,"two\nlines"', "6,C,8,ok", f"7,D,9,{note}", "8,E,1,ok", "",
        ])  # fmt: skip

    for note in ("ok", 'screen 24"', '"quoted"'):
        file, rows = rows_of(write(tmp_path, told(stray, note)))
        assert [row[0] for row in rows] == ["1", "2", *"3" * 9, "4", "5", "6", "7", "8"]
        assert [row[2] for row in rows] == ["2", "4", *"5" * 9, "6", "7", "8", "9", "1"]
        assert rows[12] == ("5", 'Kim, "Min"', "7", "two\nlines")
        assert (file.short, file.long) == (0, 0)
        if stray in ('"15 inch', '"'):
            assert (file.torn, file.torn_line) == (2, 4)


def test_two_stray_quotes_do_not_make_a_cell_of_the_rows_between_them(tmp_path: Path) -> None:
    file, rows = rows_of(write(tmp_path, 'id,size,note\n1,2,"15 inch\n2,3,ok\n3,4,24"\n4,5,"a\nb, c\nd"\n'))
    assert rows == [("1", "2", "15 inch"), ("2", "3", "ok"), ("3", "4", '24"'), ("4", "5", "a\nb, c\nd")]
    assert (file.torn, file.torn_line) == (1, 2)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "empty"), (b"\n\n", "empty"), (b"PK\x03\x04" + bytes(200), "an Excel file"),
        (b"PAR1abc", "a Parquet file"), (bytes(range(128)) * 9, "no text"), (b"\x1f\x8b\x08\x00abc", "compressed"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b'[{"a": 1}, {"a": 2}]', "JSON"), (bytes(range(129, 256)) * 9 + b"\x01\x02\x03" * 99, "no text"),
    ],
)  # fmt: skip
def test_what_is_no_csv_is_told(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(DealcastError, match=f"the file is {what}") as told:
        CsvFile(path, "--train")
    assert told.value.field == "--train"
    assert told.value.mend


CONTROLS = "".join(map(chr, {*range(32), 127, 0xFFFD} - {ord("\n"), ord("\t")}))  # no text is made of those
CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=CONTROLS), max_size=12)
TABLES = st.integers(2, 5).flatmap(
    lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=12)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=TABLES, delimiter=st.sampled_from([",", ";", "\t", "|"]))
def test_what_was_written_is_read(tmp_path: Path, rows: list[list[str]], delimiter: str) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([[f"column-{place}" for place in range(len(rows[0]))], *rows])
    _, found = rows_of(write(tmp_path, buffer.getvalue()))
    assert found == [tuple(row) for row in rows]
