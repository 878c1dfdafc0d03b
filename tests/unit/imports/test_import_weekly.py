"""Twelve weeks of messy files: the history rebuilt from them, and what they leave in doubt."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from cli.import_weekly_report import weekly_lines
from kit.clock import last_second
from kit.errors import Conflict, InvalidInput
from kit.money import Money
from learning.history_schema import SCHEMAS
from services.gateway.domain import LOCAL
from services.gateway.imports.rejects import RejectsWriter
from services.gateway.imports.sinks import StoreSink
from services.gateway.imports.undoing import undo
from services.gateway.imports.weekly.doubts import read_answers, write_doubts
from services.gateway.imports.weekly.files import read_files
from services.gateway.imports.weekly.importer import Options, WeeklyImporter, WeeklyReport
from services.gateway.imports.weekly.meanings import company, plain_letters
from services.gateway.jobs import Jobs
from services.gateway.store import Store, open_store
from services.gateway.store.interface import Query
from tests.unit.imports.weekly_company import OWNERS, Company

HEADER = ["고객사", "딜명", "담당자", "단계", "금액(백만원)", "예정일"]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield opened
    await opened.close()


async def run(store: Store, folder: Path, path: Path, **options: Any) -> WeeklyReport:
    sink = StoreSink(store, record=True)
    return await WeeklyImporter(sink, RejectsWriter(folder / "rejects"), Options(**options)).run(path)


async def everything(store: Store) -> dict[str, Any]:
    """All that is stored, without the revisions of deals."""
    found: dict[str, Any] = {
        "memory": await store.get_setting("weekly_files"),
        "clock": await store.get_setting("clock"),
    }
    async for table, rows in store.export_tables(LOCAL, list(SCHEMAS), None):
        bare = [{name: row[name] for name in row if table != "deals" or name != "revision"} for row in rows]
        found.setdefault(table, []).extend(bare)
    return {table: rows for table, rows in found.items() if rows}


async def undo_last(store: Store) -> None:
    jobs = Jobs(store, "import")
    await jobs.load()
    await undo(store, jobs, next(job.id for job in jobs.all() if "undone" not in job.detail), LOCAL)


def write(path: Path, *rows: list[Any], header: list[str] = HEADER) -> Path:
    book = Workbook()
    for row in (header, *rows):
        book.active.append(row)
    path.parent.mkdir(exist_ok=True)
    book.save(path)
    return path


def answered(found: WeeklyReport, folder: Path, **given: str) -> dict[str, str]:
    """Answers given in the file of doubts, as a person would."""
    write_doubts(folder / "doubts.csv", found.doubts)
    lines = (folder / "doubts.csv").read_text(encoding="utf-8-sig").splitlines()
    kinds = [each.kind for each in found.doubts]
    lines[1:] = [line + given.get(kind, "") for line, kind in zip(lines[1:], kinds, strict=True)]
    (folder / "doubts.csv").write_text("\n".join(lines), encoding="utf-8")
    return read_answers(folder / "doubts.csv")


async def history(store: Store) -> dict[tuple[str, str], Any]:
    """Changes by account and deal."""
    page = await store.list_records(LOCAL, Query(), "", 500)
    found = {}
    for record in page.records:
        deal, account = record.history.deal, record.history.account
        key = company(account.name if account else ""), plain_letters(deal.name)
        found[key] = await store.get_changes(LOCAL, deal.id, 0, 1_000)
    return found


async def right(store: Store, made: Company) -> tuple[int, int, list[Any]]:
    """Of all that files could tell: how much of it stands in the history, and what does not."""
    truth, found = made.truth, await history(store)
    last = {deal: state for (deal, _), state in truth.states.items()}
    good, wrong = 0, []
    for (deal, week), state in truth.states.items():
        if (deal, week) in truth.unreadable:
            continue
        key = made.accounts[state.account], plain_letters(last[deal].name)
        standing = {
            each.field: each.value
            for each in found.get(key, ())
            if each.effective_time <= last_second(truth.days[week])
        }
        wanted = {
            "stage": state.stage, "outcome": state.outcome, "amount": Money("KRW", state.amount),
            "close_date": state.close_date, "owner_id": OWNERS[state.owner][0],
        }  # fmt: skip
        for name, value in wanted.items():
            good += standing.get(name) == value
            if standing.get(name) != value:
                wrong.append((deal, week, name, value, standing.get(name)))
    return good, good + len(wrong), wrong


async def test_twelve_messy_weeks_are_rebuilt(store: Store, tmp_path: Path) -> None:
    made = Company(1)
    (tmp_path / "weeks").mkdir()
    made.write(tmp_path / "weeks")
    truth = made.truth
    first = await run(store, tmp_path, tmp_path / "weeks", confirm=True)
    counts = first.report.counts["deals"]
    kept = counts["created"] + counts["changed"] + counts["unchanged"]
    assert counts["read"] == kept + counts["repeated"] + counts["rejected"] + counts.get("held", 0)
    assert counts["read"] == len(truth.shown) + truth.repeated
    assert counts["created"] == len({deal for deal, week in truth.states if (deal, week) not in truth.unreadable})
    left_out = list(first.report.left_out.values())
    lines = [line for o in left_out for line in (*o.hidden_rows, *o.totals, *o.headings, *o.remarks)]
    assert len(lines) == truth.left_out
    assert {doubt.kind for doubt in first.doubts} == {"renamed", "gone"}
    assert len(first.gone) == len(truth.vanished)
    found = await run(
        store,
        tmp_path,
        tmp_path / "weeks",
        confirm=True,
        answers=answered(first, tmp_path, renamed="same", gone="lost"),
    )
    assert found.doubts == []
    assert found.report.counts["deals"]["rejected"] == len(truth.unreadable)
    good, told, wrong = await right(store, made)
    assert good >= 0.99 * told, wrong[:10]
    done = await everything(store)
    again = await run(store, tmp_path, tmp_path / "weeks")
    assert (again.report.counts["deals"]["created"], again.report.counts["deals"]["changed"]) == (0, 0)
    assert await everything(store) == done
    await undo_last(store)  # which had changed nothing
    assert await everything(store) == done


async def test_undone_weeks_leave_everything_as_it_was(store: Store, tmp_path: Path) -> None:
    made, weeks = Company(2, 25), tmp_path / "weeks"
    weeks.mkdir()
    made.write(weeks)
    files = sorted(read_files(weeks, {}, {}), key=lambda one: one.day)
    (tmp_path / "early").mkdir()
    for file in files[:6]:
        shutil.copy(file.path, tmp_path / "early")
    empty = await everything(store)
    await run(store, tmp_path, tmp_path / "early", confirm=True)
    early = await everything(store)
    await run(store, tmp_path, weeks, confirm=True)
    late = await everything(store)
    assert len(late["changes"]) > len(early["changes"]) > 100
    await undo_last(store)
    assert await everything(store) == early
    await undo_last(store)
    assert await everything(store) == empty
    await run(store, tmp_path, weeks, confirm=True)
    again = await everything(store)
    assert [bare(row) for row in again["changes"]] == [bare(row) for row in late["changes"]]


def bare(row: dict[str, Any]) -> dict[str, Any]:
    """A change without when it was recorded."""
    return {name: value for name, value in row.items() if name not in ("recorded_time", "revision")}


def row(
    name: str, owner: str = "김민수 부장", amount: Any = 100, *, account: str = "㈜한빛", stage: str = "제안"
) -> list[Any]:
    return [account, name, owner, stage, amount, "24.03.01"]


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
    assert any("--confirm이 필요합니다. 주로 '금액(천원)' 열, 딜 1건" in line for line in lines)
    assert any("needs --confirm" in line for line in weekly_lines(found, "en", Path("d.csv"), dry_run=True))


async def test_an_import_that_moves_the_pipeline_far_is_confirmed_first(store: Store, tmp_path: Path) -> None:
    await run(store, tmp_path, write(tmp_path / "a_240108.xlsx", row("서버"), row("백업"), row("망")))
    path = write(tmp_path / "a_240115.xlsx", *(row(name, amount=100_000_000) for name in ("서버", "백업", "망")))
    before = await history(store)
    with pytest.raises(
        Conflict, match=r"by \+99999900%, most of it by the column '금액\(백만원\)' in 3 deals"
    ) as caught:
        await run(store, tmp_path, path)
    assert caught.value.field == "금액(백만원)"
    assert await history(store) == before
    found = await run(store, tmp_path, path, confirm=True)
    assert (found.report.counts["deals"]["changed"], found.steps[0].times) == (3, 1_000_000)
    ended = write(
        tmp_path / "a_240122.xlsx", *(row(name, amount=100_000_000, stage="수주") for name in ("서버", "백업", "망"))
    )
    with pytest.raises(Conflict, match="most of it by the column '단계' in 3 deals"):
        await run(store, tmp_path, ended)


async def test_what_is_in_doubt_is_held_until_it_is_answered(store: Store, tmp_path: Path) -> None:
    weeks = tmp_path / "weeks"
    names = ("서버 증설", "백업 교체", "망 분리", "메일")
    write(weeks / "a_240108.xlsx", *(row(name) for name in names), row("관제"), row("관제", amount=70))
    write(
        weeks / "a_240115.xlsx",
        row("서버 증설 2차"),
        row("백업 교체", "이서연"),
        row("망 분리"),
        row("메일"),
        row("새 딜", amount=20),
    )
    found = await run(store, tmp_path, weeks, confirm=True)
    assert sorted(doubt.kind for doubt in found.doubts) == ["renamed", "twice"]
    assert found.report.counts["deals"]["held"] == 3
    assert len(found.moved) == 1
    held = [each for each in found.report.rejects if each.errors[0].field == "row"]
    assert {(each.file, each.line) for each in held} == {
        ("a_240108.xlsx", 7),
        ("a_240108.xlsx", 6),
        ("a_240115.xlsx", 2),
    }
    assert set(await history(store)) == {("한빛", plain_letters(name)) for name in (*names, "새 딜")}
    answers = answered(found, tmp_path, renamed="new", twice="two")
    found = await run(store, tmp_path, weeks, confirm=True, answers=answers)
    assert [doubt.kind for doubt in found.doubts] == ["gone"] * 3  # 서버 증설 and both 관제
    assert len(await history(store)) == 8
    with pytest.raises(InvalidInput, match="none of the answers"):
        answered(found, tmp_path, gone="perhaps")


async def test_deals_that_are_gone_are_asked_about(store: Store, tmp_path: Path) -> None:
    weeks = tmp_path / "weeks"
    names = [f"딜 {letter}" for letter in "가나다라마바사아"]
    write(weeks / "a_240108.xlsx", *(row(name) for name in names), row("끝난 딜", stage="실주"))
    write(weeks / "a_240115.xlsx", *(row(name) for name in names[:-1]))
    write(weeks / "a_240122.xlsx", row(names[0], amount=120))  # somebody's own deals
    found = await run(store, tmp_path, weeks)
    assert found.partial == ["a_240122.xlsx"]
    assert [one.name for one in found.gone.values()] == [names[-1]]
    found = await run(store, tmp_path, weeks, answers=answered(found, tmp_path, gone="lost"))
    assert (found.gone, found.doubts) == ({}, [])
    last = (await history(store))["한빛", plain_letters(names[-1])]
    assert [each.value for each in last if each.field == "outcome"] == ["OPEN", "LOST"]
    later = write(tmp_path / "a_240129.xlsx", *(row(name) for name in names[:-1]), row("끝난 딜"))
    found = await run(store, tmp_path, later)
    assert [doubt.kind for doubt in found.doubts] == ["again"]


async def test_losses_that_are_missing_are_warned_of(store: Store, tmp_path: Path) -> None:
    weeks, names = tmp_path / "weeks", [f"{place}번째" for place in range(12)]
    write(weeks / "a_240108.xlsx", *(row(name) for name in names))
    write(weeks / "a_240115.xlsx", *(row(name, stage="수주" if name != names[0] else "실주") for name in names))
    found = await run(store, tmp_path, weeks, confirm=True)
    assert found.outcomes == {"WON": 11, "LOST": 1}
    assert found.few_lost
    assert any("종결된 딜 12건 중 실주가 1건뿐" in line for line in weekly_lines(found, "ko", Path("d"), dry_run=False))


async def test_the_business_number_says_which_account(store: Store, tmp_path: Path) -> None:
    header = [*HEADER, "사업자등록번호"]
    weeks = tmp_path / "weeks"
    write(weeks / "a_240108.xlsx", [*row("서버"), "120-81-47521"], [*row("망"), "220-81-62517"], header=header)
    write(
        weeks / "a_240115.xlsx", [*row("서버", account="한빛홀딩스"), 1208147521],
        [*row("망", stage="협상"), "220-81-62518"], [*row("망"), "220-81-62517"], header=header,
    )  # fmt: skip
    found = await run(store, tmp_path, weeks, confirm=True)
    assert [(note.value, line) for _, line, note in found.notes] == [("220-81-62518", 3)]
    assert {doubt.kind for doubt in found.doubts} == {"account"}  # 한빛 alone may be either
    accounts = await store.list_accounts(LOCAL, "", 10)
    assert sorted(one.id for one in accounts) == ["한빛", "한빛-2208162517"]
    page = await store.list_records(LOCAL, Query(), "", 10)
    assert {one.history.deal.name: one.history.deal.account_id for one in page.records} == {
        "서버": "한빛", "망": "한빛-2208162517",
    }  # fmt: skip


async def test_one_name_with_two_titles_is_asked_about(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path / "a_240108.xlsx", row("서버"), row("망", "김민수 대리"), row("백업", "이서연"))
    found = await run(store, tmp_path, path)
    assert [doubt.kind for doubt in found.doubts] == ["person"]
    await run(store, tmp_path, path, answers=answered(found, tmp_path, person="two"))
    assert {(one.id, one.title) for one in await store.list_users(LOCAL)} == {
        ("김민수-부장", "부장"), ("김민수-대리", "대리"), ("이서연", ""),
    }  # fmt: skip


async def test_files_that_cannot_be_understood_say_why(store: Store, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="which day the file is of"):
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
