"""On which days deals ended that no column tells of: promised days that fit between two files."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from cli.import_weekly_report import weekly_lines
from services.gateway.domain import LOCAL
from services.gateway.store import Store
from services.gateway.store.interface import Query
from tests.unit.imports.weekly_runs import HEADER, everything, run, store, undo_last, write

__all__ = ["store"]


def deal(name: str, stage: str, promised: str, amount: int = 100, owner: str = "김민수") -> list[Any]:
    return ["㈜한빛", name, owner, stage, amount, promised]


async def closed(store: Store) -> dict[str, tuple[str, date | None]]:
    page = await store.list_records(LOCAL, Query(), "", 100)
    deals = (one.history.deal for one in page.records)
    return {one.name: (str(one.outcome), one.closed_date) for one in deals}


async def standing(store: Store, name: str, field: str, at: datetime) -> Any:
    page = await store.list_records(LOCAL, Query(), "", 100)
    identity = next(one.history.deal.id for one in page.records if one.history.deal.name == name)
    changes = await store.get_changes(LOCAL, identity, 0, 1_000)
    of = sorted((each for each in changes if each.field == field), key=lambda each: each.effective_time)
    return next((each.value for each in reversed(of) if each.effective_time <= at), None)


def weeks(folder: Path) -> tuple[Path, Path]:
    before = write(
        folder / "주간_2026-09-21.xlsx", deal("가", "제안", "26.10.30"), deal("나", "제안", "9/10"),
        deal("다", "제안", "26.10.30"),
    )  # fmt: skip
    after = write(
        folder / "주간_2026-10-05.xlsx", deal("가", "수주", "'26.09.25", 120), deal("나", "수주", "9/10"),
        deal("다", "실주", "26.10.06"), deal("라", "수주", "9/29"), deal("마", "수주", "26.12.01"),
    )  # fmt: skip
    return before, after


async def test_a_promised_day_that_fits_between_two_files_is_the_closing_day(store: Store, tmp_path: Path) -> None:
    before, after = weeks(tmp_path / "weeks")
    await run(store, tmp_path, before)
    found = await run(store, tmp_path, after, confirm=True)
    monday = date(2026, 10, 5)
    assert await closed(store) == {
        "가": ("WON", date(2026, 9, 25)), "나": ("WON", monday), "다": ("LOST", monday),
        "라": ("WON", date(2026, 9, 29)), "마": ("WON", monday),
    }  # fmt: skip
    assert found.closing_days == {"": 3, "예정일": 2}
    lines = "\n".join(weekly_lines(found, "ko", tmp_path / "doubts.csv", dry_run=False))
    assert "'예정일' 열의 날짜 2건" in lines
    # earlier snapshots know what earlier files said
    early = datetime(2026, 9, 24, tzinfo=UTC)
    assert await standing(store, "가", "close_date", early) == date(2026, 10, 30)
    assert await standing(store, "가", "outcome", early) == "OPEN"
    again = await everything(store)
    await run(store, tmp_path, after, confirm=True)
    await run(store, tmp_path, before, after, confirm=True)
    assert await everything(store) == again


async def test_it_is_undone_with_its_import(store: Store, tmp_path: Path) -> None:
    before, after = weeks(tmp_path / "weeks")
    await run(store, tmp_path, before)
    stood = await everything(store)
    await run(store, tmp_path, after, confirm=True)
    await undo_last(store)
    assert await everything(store) == stood


async def test_an_older_file_that_comes_later_shows_it_open_after_that_day(store: Store, tmp_path: Path) -> None:
    before, after = weeks(tmp_path / "weeks")
    between = write(tmp_path / "weeks/주간_2026-09-28.xlsx", deal("가", "협상", "26.10.01", 110),
                    deal("라", "제안", "26.10.30", 90))  # fmt: skip
    await run(store, tmp_path, before)
    await run(store, tmp_path, after, confirm=True)
    await run(store, tmp_path, between, confirm=True)
    found = await closed(store)
    assert (found["가"], found["라"]) == (("WON", date(2026, 10, 5)), ("WON", date(2026, 9, 29)))
    then = datetime(2026, 9, 29, tzinfo=UTC)
    assert await standing(store, "가", "outcome", then) == "OPEN"
    assert await standing(store, "가", "stage", datetime(2026, 9, 27, tzinfo=UTC)) != "수주"
    assert (await standing(store, "가", "amount", then)).minor == 110_000_000
    assert (await standing(store, "가", "amount", datetime(2026, 10, 6, tzinfo=UTC))).minor == 120_000_000
    once = await everything(store)
    await run(store, tmp_path, between, confirm=True)
    await run(store, tmp_path, after, confirm=True)
    assert await everything(store) == once


async def test_the_same_file_corrected_and_a_later_closing_column_correct_it(store: Store, tmp_path: Path) -> None:
    before, after = weeks(tmp_path / "weeks")
    await run(store, tmp_path, before)
    await run(store, tmp_path, after, confirm=True)
    write(after, deal("가", "수주", "26.09.23", 120), deal("라", "수주", "26.10.02"))
    await run(store, tmp_path, after, confirm=True)
    found = await closed(store)
    assert (found["가"][1], found["라"][1]) == (date(2026, 9, 23), date(2026, 10, 2))
    later = write(tmp_path / "주간_2026-10-12.xlsx", [*deal("가", "수주", "26.12.01", 120), "26.09.22"],
                  [*deal("라", "수주", "26.10.12"), ""], header=[*HEADER, "종결일"])  # fmt: skip
    await run(store, tmp_path, later, confirm=True)
    found = await closed(store)
    assert (found["가"][1], found["라"][1]) == (date(2026, 9, 22), date(2026, 10, 2))
