"""Days without a year in weekly files: read by the day of their file, and told of; what may be two days is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cli.import_weekly_report import weekly_lines
from services.gateway.domain import LOCAL
from services.gateway.imports.weekly.importer import WeeklyReport
from services.gateway.imports.weekly.rows import TWO_DAYS, WITH_YEAR
from services.gateway.imports.weekly.short_days import in_nearest_year, month_and_day
from services.gateway.imports.weekly.told import report_json
from services.gateway.imports.weekly.uploads import TRIED, Upload
from services.gateway.store import Store
from services.gateway.store.interface import Query
from services.gateway.web.import_views import upload_view
from services.gateway.web.words import Words
from tests.unit.imports.weekly_runs import run, store, write

__all__ = ["store"]
FILE = date(2026, 11, 23)
HEADER = ["고객사", "딜명", "담당자", "단계", "금액(백만원)", "예상마감일", "종료일"]


def line(number: int, close: Any, closed: Any = "", stage: str = "제안") -> list[Any]:
    return [f"회사{number}", f"딜{number}", "김민수", stage, 100, close, closed]


async def imported(store: Store, folder: Path, *rows: list[Any]) -> WeeklyReport:
    return await run(store, folder, write(folder / f"영업현황_{FILE:%Y%m%d}.xlsx", *rows, header=HEADER))


@pytest.mark.parametrize(
    ("text", "read"),
    [("12/3", (12, 3)), ("12-3", (12, 3)), ("12월 3일", (12, 3)), ("12월3일(목)", (12, 3)), ("12/3 (목)", (12, 3)),
     ("12. 3.", (12, 3)), ("2026-12-03", None), ("26.12.3", None), ("12월", None), ("미정", None)],
)  # fmt: skip
def test_days_without_a_year_are_known(text: str, read: tuple[int, int] | None) -> None:
    assert month_and_day(text) == read


@pytest.mark.parametrize(
    ("month", "day", "past", "found"),
    [(12, 3, False, date(2026, 12, 3)), (11, 30, False, date(2026, 11, 30)), (1, 15, False, date(2027, 1, 15)),
     (6, 30, False, date(2026, 6, 30)), (3, 30, False, date(2027, 3, 30)), (3, 30, True, date(2026, 3, 30)),
     (11, 2, True, date(2026, 11, 2)), (12, 1, True, date(2026, 12, 1)), (2, 29, False, None), (13, 1, False, None)],
)  # fmt: skip
def test_the_year_is_the_nearest_to_the_file(month: int, day: int, past: bool, found: date | None) -> None:
    assert in_nearest_year(month, day, FILE, past=past) == found


async def test_they_are_imported_and_told_of(store: Store, tmp_path: Path) -> None:
    rows = [line(1, "12/3"), line(2, "1월 15일"), line(3, "2026-12-24"), line(4, "12/12", "3/30", "수주")]
    found = await imported(store, tmp_path, *rows)
    assert found.report.counts["deals"]["rejected"] == 0
    page = await store.list_records(LOCAL, Query(), "", 10)
    deals = {each.history.deal.name: each.history.deal for each in page.records}
    days = {name: deal.close_date for name, deal in deals.items()}
    assert days == {"딜1": date(2026, 12, 3), "딜2": date(2027, 1, 15), "딜3": date(2026, 12, 24),
                    "딜4": date(2026, 12, 12)}  # fmt: skip
    assert deals["딜4"].closed_date == date(2026, 3, 30)
    told = report_json(found, "ko")["short_days"]
    assert told["count"] == 4
    assert told["samples"][0] == {"written": "1월 15일", "day": "2027-01-15"}  # of another year than the file's
    assert any("1월 15일 → 2027-01-15, 12/3 → 2026-12-03" in one
               for one in weekly_lines(found, "ko", tmp_path, dry_run=True))  # fmt: skip
    for language, text in (("ko", "연도가 없는 날짜 4건은"), ("en", "4 days without a year")):
        upload = Upload("a", tmp_path, "b", 0.0, TRIED, report=report_json(found, language) | {"error": None})
        shown = [one for one in upload_view(upload, Words(language)).warnings if text in one]
        assert shown
        assert "12/3 → " in shown[0]


async def test_what_may_be_two_days_is_refused(store: Store, tmp_path: Path) -> None:
    found = await imported(store, tmp_path, line(1, "3/12"), line(2, "30/11"), line(3, "12/25"), line(4, "2026-12-24"))
    refused = {each.errors[0].value: (each.errors[0].message, each.errors[0].mend) for each in found.report.rejects}
    assert refused["3/12"] == (TWO_DAYS, WITH_YEAR)
    assert set(refused) == {"3/12", "30/11"}


async def test_a_cell_that_lost_a_nought_is_refused(store: Store, tmp_path: Path) -> None:
    found = await imported(store, tmp_path, line(1, "12.3"), line(2, "12.24"), line(3, "26.11"), line(4, "2/30"))
    refused = {each.errors[0].value: each.errors[0].message for each in found.report.rejects}
    assert refused == {"12.3": TWO_DAYS, "26.11": "this is no day", "2/30": "this is no day"}
