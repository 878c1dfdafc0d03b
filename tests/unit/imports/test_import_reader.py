"""CSV files as they come: encodings, delimiters, quotes, torn rows, and lines that keep their numbers."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.encodings import detect
from kit.errors import DealcastError, InvalidInput
from services.gateway.imports.reader import Table

KOREAN = "이름,메모\n" + "\n".join(f"김민수{i},다음 주에 다시 연락 주세요" for i in range(20)) + "\n"
FRENCH = "nom,note\n" + "\n".join(f"Élodie{i},très intéressée" for i in range(20)) + "\n"


def write(folder: Path, data: bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def read(path: Path) -> tuple[Table, list[tuple[int, list[str], str]]]:
    table = Table(path)
    rows = [(row.line, row.cells, row.error.message if row.error else "") for row in table.rows()]
    table.close()
    return table, rows


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        (KOREAN, "utf-8", "utf-8"), (KOREAN, "utf-8-sig", "utf-8-sig"), (KOREAN, "cp949", "cp949"),
        (KOREAN, "utf-16", "utf-16"), (FRENCH, "latin-1", "latin-1"), (FRENCH, "utf-8", "utf-8"),
        (FRENCH, "utf-16-le", "utf-16-le"), (FRENCH, "utf-16-be", "utf-16-be"),
        ("a,b\nMüller,Straße\n", "latin-1", "latin-1"),
        ("a,b\n5 €,x\n", "cp1252", "cp1252"), ("a,b\n1,2\n", "ascii", "utf-8"),
        ("성명,비고\n홍길동,뷁\n", "cp949", "cp949"),
    ],
)  # fmt: skip
def test_encodings_are_detected(tmp_path: Path, text: str, encoding: str, found: str) -> None:
    path = write(tmp_path, text.encode(encoding))
    assert detect(path) == found
    table, rows = read(path)
    expected = list(csv.reader(io.StringIO(text)))
    assert [table.columns, *(cells for _, cells, _ in rows)] == expected


def test_bad_bytes_cost_their_row_not_the_file(tmp_path: Path) -> None:
    lines = KOREAN.encode().splitlines(keepends=True)
    lines[3] = b"\xff\xfe\xba,x\n"
    _, rows = read(write(tmp_path, b"".join(lines)))
    assert len(rows) == 20
    assert [(line, bool(error)) for line, _, error in rows if error] == [(4, True)]
    assert rows[2][1] == ["\ufffd\ufffd\ufffd", "x"]
    _, again = read(write(tmp_path, "이름,메모,dealcast_line\n\ufffd,x,4\n".encode()))
    assert again[0][2]  # not mended yet


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_quoted_newlines_keep_the_lines_of_the_file(tmp_path: Path, delimiter: str, ending: str) -> None:
    rows = ["a|b", '1|"two', 'lines"', '2|"say ""x"""', "", '3|"x|y"']
    path = write(tmp_path, ending.join(rows).replace("|", delimiter).encode())
    table, found = read(path)
    assert table.delimiter == delimiter
    assert [(line, cells[0], error) for line, cells, error in found] == [(2, "1", ""), (4, "2", ""), (6, "3", "")]
    assert found[0][1][1] == f"two{ending}lines"
    assert found[1][1][1] == 'say "x"'
    assert found[2][1][1] == f"x{delimiter}y"


def test_an_open_quote_costs_its_row_alone(tmp_path: Path) -> None:
    lines = ["a,b", "1,x", '2,"never closed', *[f"{i},y" for i in range(3, 200)]]
    _, rows = read(write(tmp_path, "\n".join(lines).encode()))
    assert [(line, error) for line, _, error in rows if error] == [(3, "the quotes do not match")]
    assert len(rows) == 199
    assert rows[-1][:2] == (200, ["199", "y"])


def test_rows_of_another_width_and_huge_cells_are_told(tmp_path: Path) -> None:
    lines = ["a,b", "1", "1,2,3", "1," + "x" * 10_000_000, "4,5"]
    _, rows = read(write(tmp_path, "\n".join(lines).encode()))
    errors = [error for _, _, error in rows]
    assert "1 values" in errors[0]
    assert "3 values" in errors[1]
    assert "longer than" in errors[2]
    assert rows[3] == (5, ["4", "5"], "")


def test_gzip_and_reason_columns(tmp_path: Path) -> None:
    path = write(tmp_path, gzip.compress(b"a,dealcast_reason,b\n1,bad,2\n"), "a.csv.gz")
    table, rows = read(path)
    assert table.columns == ["a", "b"]
    assert rows == [(2, ["1", "2"], "")]


@pytest.mark.parametrize("data", [b"", b"\n", b"a,a\n1,2\n"])
def test_files_without_a_usable_header_are_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(InvalidInput):
        Table(write(tmp_path, data))


def test_a_broken_gzip_is_told(tmp_path: Path) -> None:
    whole = gzip.compress(b"a,b\n" + b"1,2\n" * 100_000)
    for data in (whole[: len(whole) // 2], b"not gzip"):
        with pytest.raises(DealcastError, match="gzip"):
            Table(write(tmp_path, data, "x.csv.gz"))


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60
)
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8), st.sampled_from([",", ";", "\t"]))
def test_what_a_csv_writer_wrote_is_read_back(tmp_path: Path, rows: list[tuple[str, str]], delimiter: str) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([("first", "second"), *rows])
    _, found = read(write(tmp_path, out.getvalue().encode()))
    assert [tuple(cells) for _, cells, error in found if not error] == rows


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(tmp_path: Path, data: bytes) -> None:
    path = write(tmp_path, b"a,b\n" + data)
    for line, cells, error in read(path)[1]:
        assert line >= 2
        assert error or len(cells) == 2
        "".join(cells).encode()
