"""Rows of weekly files whose account is blank or whose name was rewritten: matched by what remains, or asked about."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.gateway.domain import LOCAL
from services.gateway.store import Store
from tests.unit.imports.weekly_runs import answered, everything, history, row, run, store, write

__all__ = ["store"]


async def test_a_row_without_account_is_matched_by_what_remains_or_asked(store: Store, tmp_path: Path) -> None:
    weeks = tmp_path / "weeks"
    write(weeks / "a_240108.xlsx", row("서버"), row("망", amount=70), row("망", amount=70, account="대한"), row("메일"))
    late = [row("망", amount=70, account="대한"), row("메일")]
    write(weeks / "a_240115.xlsx", row("서버", account="", stage="수주"), row("망", account="", stage="실주"), *late)
    write(weeks / "a_240122.xlsx", row("서버", account="", stage="수주", amount=90), row("새 딜", account=""), *late)
    found = await run(store, tmp_path, weeks, confirm=True)
    assert [(doubt.kind, doubt.line, doubt.choices) for doubt in found.doubts if doubt.kind != "gone"] == [
        ("blank", 3, ("same", "new")), ("blank", 2, ("same", "new")),
    ]  # fmt: skip
    assert set(await history(store)) == {
        ("한빛", "서버"),
        ("한빛", "망"),
        ("대한", "망"),
        ("한빛", "메일"),
        ("", "새딜"),
    }
    found = await run(store, tmp_path, weeks, confirm=True, answers=answered(found, tmp_path, blank="same"))
    assert found.doubts == []
    told = await history(store)
    assert len(told) == 5
    for name in ("서버", "망"):
        assert [each.value for each in told["한빛", name] if each.field == "outcome"][-1] in ("WON", "LOST")
        assert {each.value for each in told["한빛", name] if each.field == "account_id"} == {"한빛"}


async def test_accounts_left_blank_below_another_are_asked_about_once(store: Store, tmp_path: Path) -> None:
    weeks = tmp_path / "weeks"
    rows = [
        row("서버"),
        row("망", amount=70, account=""),
        row("메일", amount=60, account=""),
        row("관제", account="대한"),
    ]
    write(weeks / "a_240108.xlsx", *rows, row("출입", amount=50, account=""))
    found = await run(store, tmp_path, weeks)
    assert [(doubt.kind, doubt.maybe, doubt.line) for doubt in found.doubts] == [("below", "㈜한빛", 3)]
    assert found.report.counts["deals"]["held"] == 3
    answers = answered(found, tmp_path, language="ko", below="윗행")
    found = await run(store, tmp_path, weeks, answers=answers)
    assert set(await history(store)) == {
        ("한빛", "서버"), ("한빛", "망"), ("한빛", "메일"), ("대한", "관제"), ("대한", "출입"),
    }  # fmt: skip
    moved = [row("서버"), row("망", amount=90, account=""), row("메일", amount=60, account=""), *rows[3:]]
    later = write(tmp_path / "b_240115.xlsx", *moved, row("출입", amount=50, account=""))
    assert (await run(store, tmp_path, later)).doubts == []
    assert len(await history(store)) == 5


async def test_what_was_answered_of_a_row_counts_more_than_that_blank_accounts_are_those_above(
    store: Store, tmp_path: Path
) -> None:
    weeks = tmp_path / "weeks"
    rest = [row("메일"), row("관제", account="대한")]
    write(weeks / "a_240108.xlsx", row("서버"), row("서버", "이서연", 70, account="세종"), *rest)
    blank = [row("서버", "이서연", 90, account="", stage="실주"), row("새 사업", amount=55, account="")]
    later = write(tmp_path / "b_240115.xlsx", row("서버"), *blank, *rest)
    await run(store, tmp_path, weeks)
    found = await run(store, tmp_path, later, confirm=True)
    assert sorted((doubt.kind, doubt.line) for doubt in found.doubts) == [("below", 4), ("blank", 3)]
    answers = answered(found, tmp_path, language="ko", blank="같음", below="윗행")
    for _ in range(2):
        found = await run(store, tmp_path, later, confirm=True, answers=answers)
        assert (found.doubts, found.moved) == ([], [])
        told = await history(store)
        assert set(told) == {("한빛", "서버"), ("세종", "서버"), ("한빛", "메일"), ("대한", "관제"), ("한빛", "새사업")}
        outcomes = [[each.value for each in told[of, "서버"] if each.field == "outcome"] for of in ("한빛", "세종")]
        assert outcomes == [["OPEN"], ["OPEN", "LOST"]]


async def test_a_lost_deal_under_another_name_is_asked_about(store: Store, tmp_path: Path) -> None:
    weeks, rest = tmp_path / "weeks", [row(name) for name in ("백업 교체", "메일")]
    write(weeks / "a_240108.xlsx", row("서버 증설"), row("망 분리", amount=777), *rest)
    write(weeks / "a_240115.xlsx", row("서버 증설", stage="실주"), row("보안 강화", amount=777, stage="실주"), *rest)
    write(weeks / "a_240122.xlsx", row("서버 증설 (가격 경쟁력 부족)", stage="실주"), *rest)
    found = await run(store, tmp_path, weeks, confirm=True)
    assert [(doubt.kind, doubt.file, doubt.maybe) for doubt in found.doubts if doubt.kind != "gone"] == [
        ("renamed", "a_240115.xlsx", "㈜한빛 / 망 분리 / 김민수"),
        ("renamed", "a_240122.xlsx", "㈜한빛 / 서버 증설 / 김민수"),
    ]
    assert len(await history(store)) == 4
    await run(store, tmp_path, weeks, confirm=True, answers=answered(found, tmp_path, renamed="new"))
    assert len(await history(store)) == 6


async def test_a_refused_row_still_counts_as_there(store: Store, tmp_path: Path) -> None:
    weeks = tmp_path / "weeks"
    write(weeks / "a_240108.xlsx", row("서버"), row("망", amount=70))
    write(weeks / "a_240115.xlsx", row("서버", stage="850302-1123451"), row("망", amount=70))
    found = await run(store, tmp_path, weeks)
    assert found.report.counts["deals"]["rejected"] == 1
    assert found.doubts == []
    assert set(await history(store)) == {("한빛", "서버"), ("한빛", "망")}


async def test_a_deal_that_was_said_to_be_new_is_not_asked_about_again(store: Store, tmp_path: Path) -> None:
    weeks, rest = tmp_path / "weeks", [row(f"딜 {at}") for at in range(4)]
    write(weeks / "a_240108.xlsx", row("펌프"), *rest)
    write(weeks / "a_240115.xlsx", row("펌프", stage="수주"), *rest)
    last = write(weeks / "a_240122.xlsx", row("펌프", amount=70), *rest)
    found = await run(store, tmp_path, weeks, confirm=True)
    assert [doubt.kind for doubt in found.doubts] == ["again"]
    found = await run(store, tmp_path, last, confirm=True, answers=answered(found, tmp_path, again="new"))
    assert found.report.counts["deals"]["created"] == 1
    before = await everything(store)
    for path, rows in ((last, 5), (weeks, 15), (weeks / "a_240115.xlsx", 5), (last, 5)):
        found = await run(store, tmp_path, path, confirm=True)
        assert (found.doubts, found.report.counts["deals"]["unchanged"]) == ([], rows), path.name
    assert await everything(store) == before


async def test_nothing_is_asked_about_a_row_that_is_refused_anyway(store: Store, tmp_path: Path) -> None:
    names = ["설비 교체", "예약 시스템", "포장 라인", "관제", "백업 센터"]
    await run(store, tmp_path, write(tmp_path / "영업현황_2024-11-11.xlsx", *(row(name) for name in names)))
    rows = [*(row(name) for name in names[:3]), row(""), row("백업 센터 구축", amount="3~5억")]
    found = await run(store, tmp_path, write(tmp_path / "영업현황_2024-11-18.xlsx", *rows), confirm=True)
    assert found.report.counts["deals"]["rejected"] == 2
    assert found.doubts == []
    rows[4] = row("백업 센터 구축")
    found = await run(store, tmp_path, write(tmp_path / "영업현황_2024-11-25.xlsx", *rows), confirm=True)
    assert [(one.kind, one.line) for one in found.doubts] == [("renamed", 6)], "once it can be taken"


@pytest.mark.parametrize("others", [True, False], ids=["a customer of two deals", "of one"])
async def test_a_customer_written_wrong_makes_no_account(store: Store, tmp_path: Path, *, others: bool) -> None:
    """Of a customer's one deal a name that later files say too is another one that it has."""
    rest = [row("메일", account="한빛정밀")] if others else []
    await run(store, tmp_path, write(tmp_path / "a_240108.xlsx", row("서버", account="한빛정밀"), *rest))
    wrong = row("서버", account="한빛정빌", stage="협상"), *rest
    path = write(tmp_path / "a_240115.xlsx", *wrong)
    found = await run(store, tmp_path, path, confirm=True)
    assert [one.kind for one in found.doubts if one.kind != "gone"] == ["renamed"]
    answers = answered(found, tmp_path, renamed="same")
    for _ in range(2):
        found = await run(store, tmp_path, path, confirm=True, answers=answers)
        assert found.doubts == []
        told = (await history(store))["한빛정밀", "서버"]
        assert {each.value for each in told if each.field == "account_id"} == {"한빛정밀"}
        assert [one.name for one in await store.list_accounts(LOCAL, "", 10)] == ["한빛정밀"]
        [(_, line, note)] = found.notes
        assert (line, note.field, note.value) == (2, "고객사", "한빛정빌")
        assert note.message == "read as 한빛정밀, whose deal this is"
    assert (await run(store, tmp_path, write(tmp_path / "a_240122.xlsx", *wrong), confirm=True)).doubts == []
    names = [one.name for one in await store.list_accounts(LOCAL, "", 10)]
    assert names == (["한빛정밀"] if others else ["한빛정밀", "한빛정빌"])


async def test_an_account_that_other_deals_have_too_is_another(store: Store, tmp_path: Path) -> None:
    await run(store, tmp_path, write(tmp_path / "a_240108.xlsx", row("서버", account="한빛정빌"),
                                     row("메일", account="한빛정밀")))  # fmt: skip
    path = write(tmp_path / "a_240115.xlsx", row("서버", account="한빛정밀"), row("메일", account="한빛정밀"))
    found = await run(store, tmp_path, path, confirm=True)
    found = await run(store, tmp_path, path, confirm=True, answers=answered(found, tmp_path, renamed="same"))
    assert (found.notes, set(await history(store))) == ([], {("한빛정밀", "서버"), ("한빛정밀", "메일")})
