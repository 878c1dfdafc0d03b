"""What is written to a file is what is read back from it, in every format and both languages."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
from openpyxl.utils.escape import unescape

from kit.errors import TooLarge
from services.gateway.exports import workbook
from services.gateway.exports.columns import Cell, Kind, Row, Table, column
from services.gateway.exports.parquet import ParquetFile
from services.gateway.exports.tables import DEALS
from services.gateway.exports.text_files import FORMULA, safe_text
from services.gateway.exports.writing import FORMATS
from services.gateway.imports.weekly.meanings import outcome
from services.gateway.web.words import Words

TABLE = Table("things", {"en": "Things", "ko": "항목"}, (
    column("id", Kind.TEXT, "Id", "번호"),
    column("note", Kind.TEXT, "=Note", "메모"),
    column("count", Kind.INTEGER, "Count", "수"),
    column("size", Kind.NUMBER, "Size", "크기"),
    column("share", Kind.SHARE, "Share", "비율"),
    column("currency", Kind.TEXT, "Currency", "통화"),
    column("amount", Kind.MONEY, "Amount", "금액", currency="currency"),
    column("day", Kind.DAY, "Day", "날짜"),
    column("time", Kind.TIME, "Time (UTC)", "시각 (UTC)"),
    column("flag", Kind.FLAG, "Flag", "여부"),
))  # fmt: skip
NOTES = [
    "plain", "한글 메모", "=HYPERLINK(\"http://x\",\"y\")", "+82 10", "-1+1", "@SUM(A1)", "\t=1", "\r=1", " =1", "'=1",
    "''-x", "'quoted'", "\uff1d1", "#N/A", "a,\"b\"\r\nc", "\x01 _x0041_ \x0b", "007", "true", "2017-09-30", "=", None,
]  # fmt: skip
AMOUNTS = ["1228704.9915", "-1054.25", "1234567890123.45", "0.0005", "9007199254740.99"]
ROWS: list[list[Any]] = [
    [
        f"d{at}", note, at - 3, at / 7, at / len(NOTES), ("KRW", "USD")[at % 2], Decimal(AMOUNTS[at % len(AMOUNTS)]),
        date(1999 + at, 2, 28), datetime(2017, 9, 30, at, 59, 1, tzinfo=UTC), at % 3 == 0,
    ]
    for at, note in enumerate(NOTES)
] + [["empty", *[None] * 9]]  # fmt: skip


def written(path: Path, name: str, language: str = "en", table: Table = TABLE, rows: Sequence[Row] = ROWS) -> Path:
    """The file of a format, written in two pages."""
    file = FORMATS[name].opened(path / f"t.{name}", table, language)
    for page in (rows[:5], rows[5:]):
        if page:
            file.append(page)
    file.close()
    return path / f"t.{name}"


def from_text(kind: Kind, text: str) -> Cell:
    """A cell as a program reads it from text that says no type."""
    if text == "":
        return None
    if kind is Kind.TEXT:
        return text[1:] if FORMULA.match(text) else text
    readers: dict[Kind, Callable[[str], Cell]] = {
        Kind.INTEGER: int, Kind.NUMBER: float, Kind.SHARE: float, Kind.MONEY: Decimal, Kind.DAY: date.fromisoformat,
        Kind.TIME: datetime.fromisoformat, Kind.FLAG: {"true": True, "false": False}.__getitem__,
    }  # fmt: skip
    return readers[kind](text)


def headings(language: str) -> list[str]:
    return [each.headings[language] for each in TABLE.columns]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_csv_reads_back_and_reckons_nothing(tmp_path: Path, language: str) -> None:
    data = written(tmp_path, "csv", language).read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    first, *lines = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert first == [safe_text(heading) for heading in headings(language)]
    kinds = [each.kind for each in TABLE.columns]
    assert [[from_text(*cell) for cell in zip(kinds, line, strict=True)] for line in lines] == ROWS
    texts = [cell for line in [first, *lines] for kind, cell in zip(kinds, line, strict=True) if kind is Kind.TEXT]
    assert not [text for text in texts if re.match(r"\s*[=+\-@＝＋－＠]", text)]
    assert "'=HYPERLINK" in data.decode()
    assert "-1054.25" in [line[6] for line in lines], "a number is no formula"


def test_ndjson_reads_back(tmp_path: Path) -> None:
    lines = written(tmp_path, "ndjson").read_bytes().splitlines()
    names = [each.name for each in TABLE.columns]
    for line, row in zip(map(json.loads, lines), ROWS, strict=True):
        assert list(line) == names
        amount, day, time = line["amount"], line["day"], line["time"]
        assert amount is None or isinstance(amount, str)
        read = line | {
            "amount": amount and Decimal(amount), "day": day and date.fromisoformat(day),
            "time": time and datetime.fromisoformat(time),
        }  # fmt: skip
        assert list(read.values()) == row


@pytest.mark.parametrize("language", ["en", "ko"])
def test_parquet_reads_back_with_types_also_in_groups(
    tmp_path: Path, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.gateway.exports.parquet.GROUP", 4)
    file = pq.ParquetFile(written(tmp_path, "parquet", language))
    assert file.num_row_groups > 1
    read = file.read()
    assert [list(row.values()) for row in read.to_pylist()] == ROWS
    assert [field.metadata[b"heading"].decode() for field in read.schema] == headings(language)
    assert [str(field.type) for field in read.schema][6:] == [
        "decimal128(38, 8)", "date32[day]", "timestamp[us, tz=UTC]", "bool",
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "ko"])
def test_workbooks_read_back_as_cells_that_can_be_reckoned_with(tmp_path: Path, language: str) -> None:
    sheet: Any = openpyxl.load_workbook(written(tmp_path, "xlsx", language)).active
    assert (sheet.title, sheet.freeze_panes) == (TABLE.titles[language], "A2")
    assert sheet.auto_filter.ref == f"A1:J{len(ROWS) + 1}"
    first, *rows = sheet.iter_rows()
    assert [cell.value for cell in first] == headings(language)
    assert {cell.data_type for cell in first} == {"s"}, "a heading is no formula either"
    for cells, row in zip(rows, ROWS, strict=True):
        for cell, wanted, each in zip(cells, row, TABLE.columns, strict=True):
            value = unescape(cell.value) if isinstance(cell.value, str) else cell.value
            if wanted is None:
                assert value is None
            elif each.kind is Kind.TEXT:
                assert (value, cell.data_type) == (wanted, "s")
                assert isinstance(wanted, str)
                assert bool(cell.quotePrefix) == bool(FORMULA.match(wanted))
            elif each.kind is Kind.MONEY:
                assert isinstance(wanted, Decimal)
                unit = Decimal(1) if row[5] == "KRW" else Decimal("0.01")
                assert (Decimal(repr(value)), cell.data_type) == (wanted.quantize(unit), "n")
            elif isinstance(wanted, datetime):
                assert (value.replace(tzinfo=UTC), cell.is_date) == (wanted, True)
            elif isinstance(wanted, date):
                assert (value.date(), cell.is_date) == (wanted, True)
            else:
                assert value == wanted
    assert [rows[at][6].number_format for at in (0, 1)] == ["#,##0", "#,##0.00"], "as the currency is counted"
    assert sheet.column_dimensions["B"].width > sheet.column_dimensions["C"].width


def test_workbooks_hold_no_formula_and_no_byte_that_xml_forbids(tmp_path: Path) -> None:
    with zipfile.ZipFile(written(tmp_path, "xlsx")) as book:
        xml = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f" not in xml.replace("<formatCode", "")
    assert "_x0001_ _x005F_x0041_ _x000B_" in xml
    assert "\x01" not in xml


def test_empty_tables_have_headings(tmp_path: Path) -> None:
    for name in FORMATS:
        written(tmp_path, name, rows=[])
    sheet: Any = openpyxl.load_workbook(tmp_path / "t.xlsx").active
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [headings("en")]
    assert len((tmp_path / "t.csv").read_text("utf-8-sig").splitlines()) == 1
    assert (tmp_path / "t.ndjson").read_bytes() == b""
    assert pq.read_table(tmp_path / "t.parquet").column_names == [each.name for each in TABLE.columns]


def test_what_a_sheet_cannot_hold_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", len(ROWS))
    with pytest.raises(TooLarge, match=r"sheet takes") as error:
        written(tmp_path, "xlsx")
    assert error.value.mend == "Use csv"
    monkeypatch.undo()
    notes = Table("n", {"en": "N"}, (column("note", Kind.TEXT, "Note", "메모"),))
    sheet: Any = openpyxl.load_workbook(written(tmp_path, "xlsx", table=notes, rows=[["\x01=" * 30_000]])).active
    cut = sheet["A2"].value
    assert len(cut) <= workbook.LONGEST_TEXT
    assert re.fullmatch("(_x0001_=)+(_x0001_)?…", cut), "not within an escape"
    assert len(cut) > workbook.LONGEST_TEXT * 0.8


def test_groups_bound_what_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.gateway.exports.parquet.GROUP", 50)
    file = ParquetFile(tmp_path / "t.parquet", TABLE, "en")
    for _ in range(10):
        file.append(ROWS)
        assert len(file._rows) < 50 + len(ROWS)
    file.close()
    assert pq.read_metadata(tmp_path / "t.parquet").num_rows == 10 * len(ROWS)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_codes_read_in_the_readers_language_in_workbooks_and_can_be_imported_again(
    tmp_path: Path, language: str
) -> None:
    coded = [each for each in DEALS.columns if each.codes]
    table = replace(DEALS, columns=tuple(coded))
    codes = {"kind": "OPPORTUNITY", "motion": "NEW", "outcome": "OPEN", "category": "Our own",
             "suggested_category": "BEST_CASE", "trend": "STEADY", "probability_basis": "company_rate"}  # fmt: skip
    told = {"en": ["Opportunity", "new business", "Open", "Our own", "company's rate, no prediction", "steady",
                   "Best case"],
            "ko": ["영업 기회", "신규", "진행 중", "Our own", "회사 평균(예측 아님)", "유지", "최선"]}  # fmt: skip
    rows: list[list[Any]] = [[codes[each.name] for each in coded], ["LEAD", *[None] * (len(coded) - 1)]]
    book = openpyxl.load_workbook(written(tmp_path, "xlsx", language, table, rows))
    sheet: Any = book.active
    assert [cell.value for cell in sheet[2]] == told[language]
    assert [cell.value for cell in sheet[3]][1:] == [None] * (len(coded) - 1)
    for ended in ("OPEN", "WON", "LOST"):
        assert outcome(Words(language).name("outcome", ended)) == ended
    lines = written(tmp_path, "csv", language, table, rows).read_text("utf-8-sig").splitlines()
    assert lines[1].split(",") == rows[0]  # programs read codes
