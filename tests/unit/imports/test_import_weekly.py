"""What an import of weekly files makes of them: known columns, order, warnings, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook

from cli.import_weekly_report import weekly_lines
from kit.errors import Conflict, InvalidInput
from learning.records import DealHistory, Outcome
from learning.snapshots import snapshots
from services.gateway.domain import LOCAL
from services.gateway.imports.messages import translate
from services.gateway.imports.weekly.files import read_files
from services.gateway.store import Store
from services.gateway.store.interface import Query
from tests.unit.imports.weekly_runs import HEADER, everything, history, row, run, store, write

__all__ = ["store"]


async def test_next_week_is_known_by_its_columns(store: Store, tmp_path: Path) -> None:
    first = await run(store, tmp_path, write(tmp_path / "a_240108.xlsx", row("서버"), row("백업")))
    assert not first.known_columns
    header = [*HEADER[:4], "금액(천원)", "예정일", "지역", "제품군"]
    path = write(
        tmp_path / "a_240115.xlsx",
        [*row("서버", amount=100_000), "서울", "x"],
        [*row("백업"), "부산", "y"],
        header=header,
    )
    found = await run(store, tmp_path, path, dry_run=True)
    assert found.known_columns
    assert (found.new_columns, found.missing_columns) == (["금액(천원)", "지역", "제품군"], ["금액(백만원)"])
    (jump,) = found.steps
    assert (jump.before, jump.after, jump.column, jump.far) == (200_000_000, 100_100_000, "금액(천원)", True)
    lines = list(weekly_lines(found, "ko", Path("doubts.csv"), dry_run=True))
    assert "열 구성은 지난주와 같음, 새 열 3개: 금액(천원), 지역, 제품군, 없어진 열 1개: 금액(백만원)" in lines
    told = next(line for line in lines if line.startswith("--confirm이 필요합니다"))
    assert "진행 중 파이프라인이 200,000,000 KRW에서 100,100,000 KRW(으)로 바뀝니다(-50%)" in told
    assert "'금액(천원)' 열 때문이며, 딜 1건의 중앙값이 100,000,000 KRW에서 100,000 KRW(으)로 바뀝니다(÷ 1,000)" in told
    assert any("needs --confirm" in line for line in weekly_lines(found, "en", Path("d.csv"), dry_run=True))


async def test_other_columns_are_told_beside_those_of_last_week_alone(store: Store, tmp_path: Path) -> None:
    await run(store, tmp_path, write(tmp_path / "a_240108.xlsx", row("서버"), row("백업")))
    header = ["거래처", "안건", "영업대표", "진행단계", "예상금액(백만원)", "마감예정일"]
    found = await run(store, tmp_path, write(tmp_path / "a_240115.xlsx", row("서버"), row("백업"), header=header))
    assert found.other_columns
    told = next(line for line in weekly_lines(found, "en", Path("d"), dry_run=False) if "than last week" in line)
    assert told.startswith("other columns than last week, 6 new: 거래처")
    found = await run(store, tmp_path, write(tmp_path / "a_240122.xlsx", row("서버"), row("백업"), header=header))
    assert (found.other_columns, found.new_columns, found.missing_columns) == (False, [], [])


@pytest.mark.parametrize("identity", [[], ["딜 ID"]], ids=["by names", "by an id"])
async def test_older_files_that_come_later_tell_how_a_deal_was_while_open(
    store: Store, tmp_path: Path, identity: list[str]
) -> None:
    """It is there from the earliest of them on, and models can learn from it."""
    for day, stage in (("15", "수주"), ("01", "제안"), ("08", "협상")):
        cells = [*row("서버", stage=stage), *(["D-1001"] if identity else [])]
        path = write(tmp_path / f"a_2401{day}.xlsx", cells, header=[*HEADER, *identity])
        await run(store, tmp_path, path, confirm=True)
    page = await store.list_records(LOCAL, Query(), "", 10)
    deal = page.records[0].history.deal
    assert (deal.created_time, deal.closed_date) == (datetime(2024, 1, 1, tzinfo=UTC), date(2024, 1, 15))
    changes = await store.get_changes(LOCAL, deal.id, 0, 100)
    learned = list(snapshots(DealHistory(deal, tuple(changes)), date(2024, 2, 1)))
    assert [(one.day.day, one.row["stage"], one.label) for one in learned] == [
        (1, "제안", Outcome.WON), (8, "협상", Outcome.WON),
    ]  # fmt: skip
    before = await everything(store)
    await run(store, tmp_path, tmp_path / "a_240101.xlsx")
    assert await everything(store) == before


async def test_several_files_and_folders_are_read_oldest_first(store: Store, tmp_path: Path) -> None:
    folder, single = tmp_path / "new", write(tmp_path / "a_240108.xlsx", row("서버"))
    write(folder / "a_240115.xlsx", row("서버", stage="협상"))
    found = await run(store, tmp_path, folder, single, folder / "a_240115.xlsx")
    assert [one.day.day for one in found.files] == [8, 15]
    assert found.report.counts["deals"]["read"] == 2


async def test_an_import_that_moves_the_pipeline_far_is_confirmed_first(store: Store, tmp_path: Path) -> None:
    await run(store, tmp_path, write(tmp_path / "a_240108.xlsx", row("서버"), row("백업"), row("망")))
    path = write(tmp_path / "a_240115.xlsx", *(row(name, amount=100_000_000) for name in ("서버", "백업", "망")))
    before = await history(store)
    with pytest.raises(
        Conflict,
        match=r"\(× 1,000,000\), most of it by the column '금액\(백만원\)' in 3 deals: typically 100,000,000 KRW",
    ) as caught:
        await run(store, tmp_path, path)
    assert caught.value.field == "금액(백만원)"
    assert await history(store) == before
    found = await run(store, tmp_path, path, confirm=True)
    assert (found.report.counts["deals"]["changed"], found.steps[0].new) == (3, 100_000_000_000_000)
    ended = write(
        tmp_path / "a_240122.xlsx", *(row(name, amount=100_000_000, stage="수주") for name in ("서버", "백업", "망"))
    )
    with pytest.raises(Conflict, match="by 3 deals that are open in one file and ended in the other, by '단계'"):
        await run(store, tmp_path, ended)


async def test_a_file_of_the_same_day_is_compared_with_what_it_said_before(store: Store, tmp_path: Path) -> None:
    rows = [row(name) for name in ("서버", "백업", "망")]
    first = write(tmp_path / "a_240108.xlsx", *rows)
    await run(store, tmp_path, first)
    assert not any(one.far for one in (await run(store, tmp_path, first)).steps)
    header = [*HEADER[:4], "금액(천원)", "예정일"]
    for name in ("a_240108.xlsx", "b_240108.xlsx"):  # whatever it is called
        with pytest.raises(Conflict, match=r"\(÷ 1,000\), most of it by the column '금액\(천원\)' in 3 deals"):
            await run(store, tmp_path, write(tmp_path / "again" / name, *rows, header=header))
    more = write(tmp_path / "more" / "a_240108.xlsx", *rows, row("메일"), row("보안"))
    assert not any(one.far for one in (await run(store, tmp_path, more)).steps)
    write(tmp_path / "weeks" / "a_240101.xlsx", row("서버", amount=900))  # an earlier week is no measure of it
    write(tmp_path / "weeks" / "a_240108.xlsx", *rows, row("메일"), row("보안"))
    (same,) = (await run(store, tmp_path, tmp_path / "weeks")).steps
    assert (same.before, same.after) == (500_000_000, 500_000_000)


async def test_only_what_is_new_to_a_known_pipeline_needs_confirmation(store: Store, tmp_path: Path) -> None:
    weeks = tmp_path / "weeks"
    write(weeks / "a_240108.xlsx", row("서버"), row("백업"))
    write(weeks / "a_240115.xlsx", row("서버"), row("백업"), row("망", amount=90), row("메일", amount=80))
    found = await run(store, tmp_path, weeks)  # all of it is new: nothing to confirm
    assert [(step.reason, step.far) for step in found.steps] == [("new", False)]
    later = [row("서버"), row("백업"), row("망", amount=90), row("메일", amount=80)]
    path = write(tmp_path / "b_240122.xlsx", *later, row("관제", amount=95_000), row("출입", amount=85_000))
    with pytest.raises(Conflict, match="by 2 new deals, typically 90,000,000,000 KRW") as caught:
        await run(store, tmp_path, path)
    assert caught.value.message.endswith("the others 95,000,000 KRW: look at the column '금액(백만원)'")
    translate(caught.value, "ko", page=True)
    assert "새 딜의 중앙값은 90,000,000,000 KRW, 다른 딜은 95,000,000 KRW이니 '금액(백만원)' 열" in caught.value.message
    assert "체크한 뒤" in caught.value.mend
    path = write(tmp_path / "b_240122.xlsx", *later, row("관제", amount=95), row("출입", amount=85))
    with pytest.raises(Conflict, match=r"typically 90,000,000 KRW, the others 95,000,000 KRW \["):
        await run(store, tmp_path, path)


async def test_refused_rows_make_no_accounts_and_owners(store: Store, tmp_path: Path) -> None:
    bad = [*row("서버", "이서연", 9_000, account="대한")[:-1], "언젠가"]
    found = await run(store, tmp_path, write(tmp_path / "a_240108.xlsx", row("망"), bad))
    assert [one["name"] for one in (await store.get_setting("weekly_files") or {})["last"].values()] == ["망"]
    counts = found.report.counts
    assert (counts["accounts"]["created"], counts["users"]["created"]) == (1, 1)
    mended = write(tmp_path / "a_240115.xlsx", row("망"), row("서버", "이서연", 70, account="대한"))
    counts = (await run(store, tmp_path, mended, confirm=True)).report.counts
    assert (counts["accounts"]["created"], counts["users"]["created"]) == (1, 1)


async def test_losses_that_are_missing_are_warned_of(store: Store, tmp_path: Path) -> None:
    weeks, names = tmp_path / "weeks", [f"{place}번째" for place in range(12)]
    write(weeks / "a_240108.xlsx", *(row(name) for name in names))
    write(weeks / "a_240115.xlsx", *(row(name, stage="수주" if name != names[0] else "실주") for name in names))
    found = await run(store, tmp_path, weeks, confirm=True)
    assert found.outcomes == {"WON": 11, "LOST": 1}
    assert found.few_lost
    assert any("종결된 딜 12건 중 실주가 1건뿐" in line for line in weekly_lines(found, "ko", Path("d"), dry_run=False))


async def test_a_file_of_a_day_to_come_is_refused(store: Store, tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    ahead = write(tmp_path / f"a_{today + timedelta(days=3)}.xlsx", row("서버"))
    with pytest.raises(InvalidInput, match=rf"is of .*, but the company's day is {today}") as caught:
        await run(store, tmp_path, ahead, dry_run=True)
    translate(caught.value, "ko")
    assert f"회사의 오늘은 {today}입니다" in caught.value.message
    assert "그날이 된 뒤에" in caught.value.mend
    assert await history(store) == {}
    await run(store, tmp_path, write(tmp_path / f"b_{today}.xlsx", row("서버")))
    await store.put_setting("clock", {"pinned": "2024-01-10"})
    path = write(tmp_path / "c_240115.xlsx", row("망", amount=7))
    with pytest.raises(InvalidInput, match="the company's day is 2024-01-10") as caught:
        await run(store, tmp_path, path)
    assert "--as-of 2024-01-15" in caught.value.mend
    await run(store, tmp_path, path, as_of=date(2024, 1, 15))
    assert len(await history(store)) == 2


async def test_files_that_cannot_be_understood_say_why(store: Store, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"which day 주간\.xlsx is of"):
        await run(store, tmp_path, write(tmp_path / "주간.xlsx", row("서버")))
    with pytest.raises(InvalidInput, match="seems to hold the stage"):
        await run(store, tmp_path, write(tmp_path / "a_240108.xlsx", ["가", "나"], header=["고객사", "딜명"]))
    write(tmp_path / "two" / "a_240108.xlsx", row("서버"))
    write(tmp_path / "two" / "b_20240108.xlsx", row("서버"))
    with pytest.raises(InvalidInput, match="two files are of 2024-01-08"):
        await run(store, tmp_path, tmp_path / "two")
    path = write(tmp_path / "c_240108.xlsx", ["가", "서버", "일", 5], header=["고객사", "딜명", "메모", "진도"])
    found = await run(store, tmp_path, path, columns={"진도": "stage"})
    assert found.report.counts["deals"]["created"] == 1


@pytest.mark.parametrize(
    ("above", "day"),
    [(["주간 영업 파이프라인 현황 (2026.11.23)", "작성: 영업지원팀"], "2026-11-23"),
     (["영업현황 2026년 11월 23일"], "2026-11-23"), (["2026.11.16 현황", "작성일: 2026.11.23"], "2026-11-23"),
     (["2026.11.16 현황", "2026.11.23 배포"], None), (["현황 (2026.11.16 ~ 2026.11.22)"], None),
     (["주간 (2026.11.16(월)~22)"], None)],
)  # fmt: skip
def test_the_one_day_of_a_title_is_the_file_s(tmp_path: Path, above: list[str], day: str | None) -> None:
    book = Workbook()
    for cells in (*([text] for text in above), [], HEADER, row("서버"), row("망")):
        book.active.append(cells)
    book.save(path := tmp_path / "영업현황최종.xlsx")
    if day is None:
        with pytest.raises(InvalidInput, match="nothing says which day"):
            read_files([path], {}, {})
    else:
        assert [str(one.day) for one in read_files([path], {}, {})] == [day]


async def test_two_columns_with_one_meaning_are_refused(store: Store, tmp_path: Path) -> None:
    header = [*HEADER, "비고", "메모"]
    path = write(tmp_path / "a_240108.xlsx", [*row("서버"), "급함", "x"], header=header)
    with pytest.raises(InvalidInput) as caught:
        await run(store, tmp_path, path, columns={"단계": "stage", "비고": "stage"})
    assert not await history(store), "nothing is written"
    told = caught.value
    assert told.message == "columns '단계' and '비고' of a_240108.xlsx are both taken for the stage"
    assert told.mend == "choose another meaning for one of them, such as --column '비고=field'"
    translate(told, "ko", page=True)
    assert told.message == "a_240108.xlsx: '단계' 열과 '비고' 열의 뜻이 모두 단계(으)로 정해져 있습니다"
    assert told.mend == "아래에서 둘 중 한 열의 뜻을 바꾸고 다시 살펴보세요"
    found = await run(store, tmp_path, path, columns={"비고": "field", "메모": "field", "예정일": "ignore"})
    assert found.report.counts["deals"]["created"] == 1, "of fields of their own there may be several"
    with pytest.raises(InvalidInput, match=r"'단계' and '비고' of .* are both taken for the stage"):
        await run(store, tmp_path, path, columns={"비고": "stage"})  # the other as last week
    with pytest.raises(InvalidInput, match="are both taken for the close date"):
        await run(store, tmp_path, path, columns={"비고": "close_date", "예정일": "close_date"})
