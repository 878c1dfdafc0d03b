"""What weekly files leave in doubt: held back, asked about, answered."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from cli.import_weekly_report import weekly_lines
from kit.errors import InvalidInput
from services.gateway.domain import LOCAL
from services.gateway.imports.weekly.meanings import plain_letters
from services.gateway.store import Store
from services.gateway.store.interface import Query
from tests.unit.imports.weekly_runs import HEADER, answered, history, row, run, store, write

__all__ = ["store"]


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
    assert found.moved == ["㈜한빛 / 백업 교체: 김민수 → 이서연"]
    held = [each for each in found.report.rejects if each.errors[0].field == "doubt"]
    assert {(each.file, each.line) for each in held} == {
        ("a_240108.xlsx", 7),
        ("a_240108.xlsx", 6),
        ("a_240115.xlsx", 2),
    }
    (_, later) = sorted(found.report.rejects_files.values())
    with later.open(encoding="utf-8-sig", newline="") as file:
        (kept,) = csv.DictReader(file)
    assert (kept["고객사"], kept["딜명"], kept["금액(백만원)"], kept["dealcast_field"]) == (
        "㈜한빛", "서버 증설 2차", "100백만원", "doubt",
    )  # fmt: skip
    assert set(await history(store)) == {("한빛", plain_letters(name)) for name in (*names, "새 딜")}
    answers = answered(found, tmp_path, renamed="new", twice="two")
    found = await run(store, tmp_path, weeks, confirm=True, answers=answers)
    assert [doubt.kind for doubt in found.doubts] == ["gone"] * 3  # 서버 증설 and both 관제
    assert len(await history(store)) == 8
    with pytest.raises(InvalidInput, match="none of the answers"):
        answered(found, tmp_path, gone="perhaps")


async def test_a_row_in_doubt_does_not_slip_in_by_itself(store: Store, tmp_path: Path) -> None:
    weeks, names = tmp_path / "weeks", ("백업 교체", "망 분리", "메일")
    write(weeks / "a_240108.xlsx", *(row(name) for name in names), row("서버 증설"))
    for day in ("240115", "240122", "240129"):
        write(weeks / f"a_{day}.xlsx", *(row(name) for name in names), row("서버 증설 2차"))
    first = await run(store, tmp_path, weeks)
    alone = await run(store, tmp_path, weeks / "a_240115.xlsx")
    again = await run(store, tmp_path, weeks)
    for found, held in ((first, 3), (alone, 1), (again, 3)):
        assert [doubt.kind for doubt in found.doubts] == ["renamed"]
        assert found.report.counts["deals"]["held"] == held
    assert len(await history(store)) == 4


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


async def test_a_deal_that_ended_is_not_opened_again_unasked(store: Store, tmp_path: Path) -> None:
    others = [row(name) for name in ("망", "메일", "관제")]
    write(tmp_path / "weeks" / "a_240108.xlsx", row("서버", stage="수주"), row("백업", stage="실주"), *others)
    await run(store, tmp_path, tmp_path / "weeks")
    later = write(tmp_path / "a_240115.xlsx", row("서버"), row("백업", "이서연"), *others)
    for _ in range(2):
        found = await run(store, tmp_path, later, confirm=True)
        assert [(doubt.kind, doubt.line) for doubt in found.doubts] == [("again", 2), ("again", 3)]
    for _ in range(2):
        answers = answered(found, tmp_path, again="same") if found.doubts else {}
        found = await run(store, tmp_path, later, confirm=True, answers=answers)
        assert found.doubts == []
    told = await history(store)
    assert len(told) == 5
    outcomes = [[each.value for each in told["한빛", of] if each.field == "outcome"][-2:] for of in ("서버", "백업")]
    assert outcomes == [["WON", "OPEN"], ["LOST", "OPEN"]]


async def test_deals_that_are_gone_are_told_with_all_that_is_known(store: Store, tmp_path: Path) -> None:
    header, weeks = ["딜번호", "고객사", "딜명", "담당자", "단계", "금액(백만원)"], tmp_path / "weeks"
    rows = [[f"D-{n}", "한빛", "" if n == 3 else f"{n}번째", "김민수", "제안", n or ""] for n in range(4)]
    write(weeks / "a_240108.xlsx", *rows, header=header)
    write(weeks / "a_240115.xlsx", *rows[1:3], header=header)
    found = await run(store, tmp_path, weeks, confirm=True)
    lines = list(weekly_lines(found, "ko", Path("doubts.csv"), dry_run=True))
    at = lines.index("이후 어느 파일에도 없는 진행 중 딜 2건:")
    assert lines[at + 1 : at + 3] == ["  한빛 / 0번째 / 김민수", "  한빛 / D-3 / 김민수 / 3,000,000 KRW"]
    answers = answered(found, tmp_path, language="ko", gone="실주")
    assert set(answers.values()) == {"lost"}
    text = (tmp_path / "doubts.csv").read_text("utf-8")
    assert "질문,종류,파일" in text
    assert "어떻게 되었나요?" in text
    assert "2024-01-08에 진행 중" in text


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


async def test_of_a_deal_with_an_id_it_is_not_asked_whose_it_is(store: Store, tmp_path: Path) -> None:
    weeks, header = tmp_path / "weeks", [*HEADER, "사업자등록번호", "딜 ID"]
    first = [*row("서버"), "120-81-47521", "D1"], [*row("망"), "220-81-62517", "D2"]
    write(weeks / "a_240108.xlsx", *first, header=header)
    write(weeks / "a_240115.xlsx", [*row("서버"), "", "D1"], [*row("망", stage="협상"), "", "D2"], header=header)
    found = await run(store, tmp_path, weeks, confirm=True)
    assert not found.doubts
    page = await store.list_records(LOCAL, Query(), "", 10)
    assert {one.history.deal.id: one.history.deal.account_id for one in page.records} == {
        "D1": "한빛", "D2": "한빛-2208162517",
    }  # fmt: skip
