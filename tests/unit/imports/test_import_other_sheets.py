"""Sheets of deals beside the one that is read, and rows that are not read: told in plain sight; titles."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from services.gateway.imports.sheet_told import alike_lines, unread_lines
from services.gateway.imports.sheets import Reading, SheetTable
from services.gateway.imports.weekly.files import read_files
from services.gateway.imports.weekly.uploads import TRIED, Upload
from services.gateway.web.import_views import upload_view
from services.gateway.web.words import Words


def test_another_sheet_of_deals_is_warned_of(tmp_path: Path) -> None:
    made = Workbook()
    header = ["고객사", "딜명", "단계", "금액"]
    made.active.title = "본사"
    branch, prices = made.create_sheet("지사"), made.create_sheet("단가표")
    for sheet, rows in ((made.active, 3), (branch, 2)):
        for cells in (
            header,
            *(["한빛", f"{number}번째", "제안", 5] for number in range(rows)),
            ["합계", None, None, 9],
        ):
            sheet.append(cells)
    for cells in (["품목", "금액"], ["서버", 3]):
        prices.append(cells)
    made.save(tmp_path / "현황_240318.xlsx")
    (file,) = read_files([tmp_path], {}, {})
    assert file.left_out
    assert (file.left_out.sheet, file.left_out.alike) == ("본사", {"지사": 2})
    left_out = {file.name: file.left_out}
    (told,) = alike_lines(left_out, "en")
    assert "sheet '지사' looks like a list of deals too: 2 rows not read" in told
    assert list(unread_lines(left_out, "ko")) == ["읽지 않은 합계 행 1개: 현황_240318.xlsx 5행"]
    report = {"alike": [told], "unread": ["2 total rows not read: a.xlsx lines 5, 9"]}
    page = upload_view(Upload("u", tmp_path, "kim", 0.0, report=report), Words("en"))
    assert page.warnings == (told, "2 total rows not read: a.xlsx lines 5, 9")


def test_what_no_answer_on_the_page_mends_is_not_imported(tmp_path: Path) -> None:
    column = {"column": "딜명", "target": "name", "why": "heading", "but": "", "samples": ["보일러"]}
    report = {
        "columns": [column],
        "new_columns": [],
        "steps": [],
        "files": [{"name": "a.xlsx", "day": "2030-01-07", "rows": 3}],
    }
    refused = {"message": "a.xlsx is of 2030-01-07", "field": "PATH", "value": "a.xlsx", "mend": "correct the day"}
    far = [{"far": True, "file": "a.xlsx", "told": "from 1 to 90"}]
    moved = {"steps": far, "error": refused | {"message": "from 1 to 90"}}
    told = [
        upload_view(Upload("u", tmp_path, "kim", 0.0, TRIED, report=report | more), Words("en"))
        for more in ({}, {"error": refused}, moved)
    ]
    assert [(one.can_try, one.can_import) for one in told] == [(True, True), (True, False), (True, True)]


def test_reasons_of_refused_rows_are_no_columns_of_a_workbook_either(tmp_path: Path) -> None:
    made = Workbook()
    for cells in (
        ["고객사", "딜명", "단계", "금액", "Dealcast 행", "dealcast_reason"],
        ["한빛", "보일러", "제안", 5, 2, "x"],
    ):
        made.active.append(cells)
    made.save(tmp_path / "현황_240318.xlsx")
    (file,) = read_files([tmp_path], {}, {})
    assert list(file.columns) == ["고객사", "딜명", "단계", "금액"]


@pytest.mark.parametrize(
    ("title", "merged"),
    [(["가람솔루션 영업본부 (2026.11.23)"], "A2:H2"), (["가람솔루션 영업본부 (2026.11.23)"], "A2:G2"),
     (["가람솔루션 영업본부 (2026.11.23)"], ""),
     (["가람솔루션 영업본부 (2026.11.23)", *[None] * 6, "(단위: 백만원)"], "A2:G2")],
)  # fmt: skip
def test_a_title_above_the_headings_is_no_part_of_them(tmp_path: Path, title: list[str | None], merged: str) -> None:
    header = ["고객사", "영업건명", "담당자", "단계", "금액(백만원)", "예정일", "비고", "등록일"]
    made = Workbook()
    rows = [["주간 영업 현황"], title, header, ["한빛", "서버", "김민수", "제안", 5, "26.12.01", "x", "26.09.01"]]
    for row in rows:
        made.active.append(row)
    for cells in filter(None, ("A1:H1", merged)):
        made.active.merge_cells(cells)
    made.save(tmp_path / "현황.xlsx")
    (file,) = read_files([tmp_path], {}, {})
    assert file.columns == header
    assert file.left_out
    assert (file.left_out.header_line, file.day, len(file.rows)) == (3, date(2026, 11, 23), 1)


def test_a_title_stands_above_two_lines_of_headings_too(tmp_path: Path) -> None:
    made = Workbook()
    for row in (["영업 현황"], ["고객사", "딜명", "금액", None, "단계"], [None, None, "예상", "확정", None],
                ["한빛", "A", 15, 0, "제안"]):  # fmt: skip
        made.active.append(row)
    for cells in ("A1:E1", "C2:D2", "A2:A3", "B2:B3", "E2:E3"):
        made.active.merge_cells(cells)
    made.save(tmp_path / "a.xlsx")
    table = SheetTable(tmp_path / "a.xlsx", Reading(knows={"고객사", "딜명", "단계"}.__contains__))
    assert table.columns == ["고객사", "딜명", "금액 예상", "금액 확정", "단계"]
