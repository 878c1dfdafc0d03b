"""Workbooks: the table found in a sheet, what is no row left out and told, bounds, and what cells mean."""

from __future__ import annotations

import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook

from kit.errors import InvalidInput, TooLarge
from kit.money import Money
from services.gateway.imports import units, workbook
from services.gateway.imports.importer import Importer, Report
from services.gateway.imports.mapping import read
from services.gateway.imports.rejects import RejectsWriter
from services.gateway.imports.sheet_told import sheet_lines
from services.gateway.imports.sheets import Reading, SheetTable, is_total
from services.gateway.imports.values import parse_amount, parse_day, parse_time
from services.gateway.imports.weekly.files import read_files
from tests.unit.imports.import_runs import Memory

MAPPING = """
[mapping]
currency = "KRW"
timezone = "Asia/Seoul"
thousands = ","
dates = ["ymd"]
[files.deals]
entity = "deals"
path = "딜*.xlsx"
other_columns = "ignore"
[files.deals.columns]
id = "번호"
name = "딜명"
stage = "단계"
amount = "금액"
close_date = "예정일"
"""


def book(path: Path) -> Path:
    made = Workbook()
    cover = made.active
    cover.title = "표지"
    cover["A1"] = "주간 영업 현황"
    sheet = made.create_sheet("딜목록")
    rows = [
        ["2026년 11월 영업 현황"], ["(단위: 백만원)"], [],
        ["번호", "딜명", "단계", "금액", "예정일", "비밀", "수량"],
        ["1", "서버", "제안", 320, date(2026, 12, 1), "x", 3],
        [2, "스토리지", "협상", "1억 2,000만", "26.12.15", "x", 4],
        ["소계", None, None, 440, None, None, 7],
        [3, "숨은 딜", "제안", 5, 46357, "x", 1],
        ["번호", "딜명", "단계", "금액", "예정일", "비밀", "수량"],
        ["0004", "백업", "제안", "(5)", "20261130", "x", 1],
        [5, "합계 시스템", "제안", "₩7,000,000", "2026. 11. 30.", "x", 1],
        ["합 계", None, None, 772, None, None, None],
        ["※ 작성자: 영업관리"],
    ]  # fmt: skip
    for row in rows:
        sheet.append(row)
    sheet.merge_cells("A1:G1")
    sheet.row_dimensions[8].hidden = True
    sheet.column_dimensions["F"].hidden = True
    hidden = made.create_sheet("옛날")
    hidden.append(["번호", "딜명", "단계", "금액", "예정일"])
    hidden.sheet_state = "hidden"
    made.save(path)
    return path


async def imported(folder: Path, mapping: str = MAPPING) -> tuple[Memory, Report]:
    sink = Memory()
    report = await Importer(read(mapping, "m.toml"), sink, RejectsWriter(folder / "rejects")).run(folder)
    return sink, report


async def test_a_sheet_goes_the_way_of_any_file(tmp_path: Path) -> None:
    book(tmp_path / "딜목록.xlsx")
    sink, report = await imported(tmp_path)
    assert report.counts["deals"] == {"read": 4, "created": 3, "changed": 0, "unchanged": 0, "rejected": 1}
    found = {key: (deal.name, deal.amount, deal.close_date) for key, deal in sink.deals.items()}
    assert found == {
        "1": ("서버", Money("KRW", 320_000_000), date(2026, 12, 1)),
        "2": ("스토리지", Money("KRW", 120_000_000), date(2026, 12, 15)),
        "5": ("합계 시스템", Money("KRW", 7_000_000), date(2026, 11, 30)),
    }
    left_out = report.left_out["딜목록.xlsx"]
    assert (left_out.sheet, left_out.header_line, left_out.unit) == ("딜목록", 4, "백만원")
    assert (left_out.totals, left_out.hidden_rows, left_out.headings, left_out.remarks) == ([7, 12], [8], [9], [13])
    assert (left_out.hidden_columns, left_out.other_sheets) == (["비밀"], ["표지"])
    (refused,) = report.rejects
    assert (refused.line, refused.errors[0].message) == (10, "the amount is negative")
    korean = "\n".join(sheet_lines("딜목록.xlsx", left_out, "ko"))
    assert "합계 행 2개 제외: 7, 12행" in korean
    assert "숨긴 열 제외: 비밀" in korean
    assert "lines 7, 12" in "\n".join(sheet_lines("딜목록.xlsx", left_out, "en"))


async def test_refused_rows_keep_their_unit_and_come_back_mended(tmp_path: Path) -> None:
    book(tmp_path / "딜목록.xlsx")
    _, report = await imported(tmp_path)
    (rejects,) = report.rejects_files.values()
    mended = rejects.read_text(encoding="utf-8-sig").replace("(5백만원)", "5백만원")
    assert "5백만원" in mended
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / rejects.name).write_text(mended, encoding="utf-8")
    sink, again = await imported(tmp_path / "again")
    assert again.total("rejected") == 0
    assert sink.deals["0004"].amount == Money("KRW", 5_000_000)


async def test_hidden_rows_are_read_where_the_mapping_says_so(tmp_path: Path) -> None:
    book(tmp_path / "딜목록.xlsx")
    sink, report = await imported(
        tmp_path, MAPPING.replace("[files.deals.col", 'hidden_rows = "read"\n[files.deals.col')
    )
    assert report.left_out["딜목록.xlsx"].hidden_rows == []
    assert sink.deals["3"].close_date == date(2026, 12, 1)  # the number that Excel keeps


def test_headings_of_two_lines_and_cells_merged_over_rows(tmp_path: Path) -> None:
    made = Workbook()
    sheet = made.active
    for row in (["고객사", "딜명", "금액(천원)", None], [None, None, "예상", "확정"],
                ["한빛", "A", 1500, 0], [None, "B", "2억", 10], ["대한", "C", "1.5", "-"]):  # fmt: skip
        sheet.append(row)
    for cells in ("A1:A2", "B1:B2", "C1:D1", "A3:A4"):
        sheet.merge_cells(cells)
    made.save(tmp_path / "a.xlsx")
    amounts = Reading(knows={"고객사", "딜명"}.__contains__, amounts=lambda name: name.startswith("금액"))
    table = SheetTable(tmp_path / "a.xlsx", amounts)
    assert table.columns == ["고객사", "딜명", "금액(천원) 예상", "금액(천원) 확정"]
    assert [row.cells for row in table.rows()] == [
        ["한빛", "A", "1500천원", "0천원"], ["한빛", "B", "2억", "10천원"], ["대한", "C", "1.5천원", "-"],
    ]  # fmt: skip


def test_remarks_below_a_merged_heading_are_of_the_whole_row(tmp_path: Path) -> None:
    made = Workbook()
    sheet = made.active
    for row in ([None, None, "고객 담당자", None, None], ["고객사", "딜명", "이름", "메일주소", "비고"],
                ["한빛", "A", "박", "a@b.c", "가격 협의중"]):  # fmt: skip
        sheet.append(row)
    sheet.merge_cells("C1:E1")
    made.save(tmp_path / "a.xlsx")
    table = SheetTable(tmp_path / "a.xlsx", Reading(knows={"고객사", "딜명"}.__contains__))
    assert table.columns == ["고객사", "딜명", "고객 담당자 이름", "고객 담당자 메일주소", "비고"]


def test_a_mondays_workbook_with_sections_two_lines_of_headings_and_a_sheet_a_month(tmp_path: Path) -> None:
    made = Workbook()
    made.active.title = "2월"
    march, wide = made.create_sheet("3월"), ["No", "고객사", "딜명", "단계", "금액(천원)", "예상 마감"]
    for number in range(6):
        made.active.append(wide if not number else [number, "옛", f"{number}번째", "제안", 1, None])
    lines = [
        ["3월 현황"], [None, "고객 정보", None, "기회", None, None], [*wide[:2], "담당자(고객)", *wide[2:5]],
        ["■ 김민수 과장"], [1, "한빛", "박부장", "서버", "제안", 320], ["소계", None, None, None, None, 320],
        ["■ 이서연 차장"], [2, "대한", "최과장", "망", "협상", "3.2억"], ["총 계", None, None, None, None, 9],
    ]  # fmt: skip
    for line in lines:
        march.append(line)
    for cells in ("B2:C2", "D2:F2", "A4:F4", "A7:F7"):
        march.merge_cells(cells)
    made.save(tmp_path / "영업현황_240318.xlsx")
    (file,) = read_files([tmp_path], {}, {})
    assert file.left_out
    assert (file.left_out.sheet, file.left_out.totals, file.left_out.header_line) == ("3월", [6, 9], 2)
    assert {target: column for target, column in file.holds.items() if target != "ignore"} == {
        "account": "고객사", "contact": "담당자(고객)", "name": "딜명", "stage": "단계",
        "amount": "금액(천원)", "owner": "소제목",
    }  # fmt: skip
    assert [(row.cells[1], row.cells[5], row.cells[6]) for row in file.rows] == [
        ("한빛", "320천원", "김민수 과장"), ("대한", "3.2억", "이서연 차장"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "amount"),
    [("3.2억", "320000000"), ("1,200만", "12000000"), ("1억 2,000만", "120000000"), ("1억2천만원", "120000000"),
     ("₩1,200", "1200"), ("320백만원", "320000000"), ("1,200천원", "1200000"), ("5천", "5000"), ("1.2M", "1200000"),
     ("USD 300k", "300000"), ("5억원", "500000000"), ("0천원", "0"), ("2조", "2000000000000"),
     ("KRW 3억", "300000000"), ("12만3천원", "123000")],
)  # fmt: skip
def test_amounts_with_units(text: str, amount: str) -> None:
    assert parse_amount(text, ".", ",") == Decimal(amount)


@pytest.mark.parametrize("text", ["(1,000)", "△1,000", "-3억", "₩-5", "(₩1,200백만원)"])
def test_negatives_are_known_as_such(text: str) -> None:
    assert (units.read_units(text) or 0) < 0
    with pytest.raises(ValueError, match="negative"):
        parse_amount(text, ".", ",")


@pytest.mark.parametrize("text", ["2천5백만", "12억5000", "3억2천", "3억 2백", "억", "약 3억", "3억?", "1만 2억"])
def test_amounts_that_can_be_read_in_several_ways_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a number|not an amount"):
        parse_amount(text, ".", ",")


@pytest.mark.parametrize(
    "text",
    [
        "26.11.21",
        "2026. 11. 21.",
        "2026-11-21",
        "20261121",
        "46347",
        "'26/11/21",
        "2026.11.21(토)",
        "46347.5",
        "26년 11월 21일",
    ],
)
def test_days_with_the_year_first(text: str) -> None:
    assert parse_day(text, ("ymd",)) == date(2026, 11, 21)
    assert parse_time(text, ("ymd",), "Asia/Seoul").date() == date(2026, 11, 21)


@pytest.mark.parametrize("text", ["26.13.01", "20261341", "12345", "곧", "11/21"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="it is not a day written as 2017-09-30"):
        parse_day(text, ("ymd",))


@pytest.mark.parametrize(
    ("heading", "unit"),
    [("금액(천원)", "천원"), ("예상금액 [단위: 백만원]", "백만원"), ("Amount (KRW mn)", "m"),
     ("Value (in thousands)", "k"),
     ("금액(원)", "원"), ("금액(VAT 별도)", ""), ("수량", ""), ("매출 ($K)", "k"), ("금액（억원）", "억원")],
)  # fmt: skip
def test_units_in_headings(heading: str, unit: str) -> None:
    assert units.heading_unit(heading) == unit


def test_total_rows() -> None:
    assert is_total(["1팀", "소계", "", "1,200", "3건"])
    assert is_total(["Grand Total", "", "7"])
    assert is_total(["[총 합계]", "", "7"])
    assert is_total(["Sub-total", "", "7"])
    assert is_total(["합 계 (전체)", "12"])
    assert not is_total(["합계 시스템", "서버", "제안", "7"])
    assert not is_total(["토탈소프트", "", "7"])
    assert not is_total(["1", "2", ""])


def test_what_is_no_workbook_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = book(tmp_path / "c.xlsx")
    monkeypatch.setattr(workbook, "MOST_CELLS", 20)
    with pytest.raises(TooLarge, match="too large"):
        workbook.read_workbook(path)
    monkeypatch.setattr(workbook, "MOST_CELLS", 1_000)
    assert [sheet.name for sheet in workbook.read_workbook(path)] == ["표지", "딜목록"]
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 5_000_000)
    assert (tmp_path / "bomb.xlsx").stat().st_size < 20_000
    monkeypatch.setattr(workbook, "LARGEST_CONTENT", 1_000_000)
    with pytest.raises(TooLarge):
        workbook.read_workbook(tmp_path / "bomb.xlsx")


def test_formulas_count_as_what_they_came_to_and_must_have_come_to_something(tmp_path: Path) -> None:
    made = Workbook()
    made.active.append(["번호", "금액"])
    made.active.append([1, "=1+1"])
    made.save(tmp_path / "a.xlsx")
    (sheet,) = workbook.read_workbook(tmp_path / "a.xlsx")
    assert (sheet.rows[2], sheet.unworked) == ({0: "1"}, frozenset({(2, 1)}))
    with zipfile.ZipFile(tmp_path / "a.xlsx") as old, zipfile.ZipFile(tmp_path / "b.xlsm", "w") as new:
        for part in old.namelist():
            text = (
                old.read(part)
                .replace(b"<v></v>", b"<v>2</v>")
                .replace(b"<v />", b"<v>2</v>")
                .replace(b"<v/>", b"<v>2</v>")
            )
            new.writestr(part, text)
        new.writestr("xl/vbaProject.bin", b"Sub AutoOpen()")  # never opened
    (sheet,) = workbook.read_workbook(tmp_path / "b.xlsm")
    assert sheet.rows[2] == {0: "1", 1: "2"}
    with zipfile.ZipFile(tmp_path / "b.xlsm") as old, zipfile.ZipFile(tmp_path / "c.xlsx", "w") as new:
        for part in old.namelist():
            new.writestr(
                part, b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + old.read(part) if "sheet1" in part else old.read(part)
            )
    with pytest.raises(InvalidInput, match="no workbook"):
        workbook.read_workbook(tmp_path / "c.xlsx")
