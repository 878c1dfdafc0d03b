"""What stands around amounts is read or refused as a person would, and told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cli.import_weekly_report import weekly_lines
from services.gateway.domain import LOCAL
from services.gateway.imports.amount_remarks import ABOUT, WITH_VAT, WITHOUT_VAT, parts
from services.gateway.imports.messages import told
from services.gateway.imports.units import heading_unit, with_unit
from services.gateway.imports.weekly.told import report_json
from services.gateway.store import Store
from services.gateway.store.interface import Query
from tests.unit.imports.weekly_runs import run, store, write

__all__ = ["store"]
READ = {
    "3.2억 (VAT포함)": (320_000_000, [WITH_VAT]), "3.2억(VAT 별도)": (320_000_000, [WITHOUT_VAT]),
    "약5억": (500_000_000, [ABOUT]), "약 5억원": (500_000_000, [ABOUT]), "5억 내외": (500_000_000, [ABOUT]),
    "3.2억원정": (320_000_000, []), "일금 1억2천만원정 (부가세 별도)": (120_000_000, [WITHOUT_VAT]),
    "약 5억 (부가세포함)": (500_000_000, [ABOUT, WITH_VAT]), "1,200,000 (excl. VAT)": (1_200_000, [WITHOUT_VAT]),
    "approx. ₩5,000": (5_000, [ABOUT]), "공급가 3억": (300_000_000, [WITHOUT_VAT]), "3억": (300_000_000, []),
}  # fmt: skip
REFUSED = {
    "3~5억": "it is a range of amounts", "3억 ~ 5억원": "it is a range of amounts", "3-5억": "it is a range of amounts",
    "5억 이상": "it is a bound, not an amount", "최대 5억": "it is a bound, not an amount",
    "5억대": "it is a bound, not an amount", "수억": "it is a bound, not an amount",
    "~5억": "it is a bound, not an amount", "VAT 포함": "it is not an amount", "협의중": "it is not an amount",
}  # fmt: skip
HEADER = ["고객사", "딜명", "담당자", "단계", "금액", "예정일"]


async def test_amounts_with_remarks_are_read_as_written_and_told(tmp_path: Path, store: Store) -> None:
    cells = [*READ, *REFUSED]
    rows = [["한빛", f"딜 {at}", "김민수", "제안", cell, "26.12.01"] for at, cell in enumerate(cells)]
    path = await asyncio.to_thread(write, tmp_path / "영업현황_20261116.xlsx", *rows, header=HEADER)
    found = await run(store, tmp_path, path)
    page = await store.list_records(LOCAL, Query(), "", 100)
    read = {one.history.deal.name: one.history.deal.amount for one in page.records}
    assert {name: amount and amount.minor for name, amount in read.items()} == {
        f"딜 {at}": minor for at, (minor, _) in enumerate(READ.values())
    }
    refused = {one.line: one.errors for one in found.report.rejects}
    assert {cells[line - 2]: errors[0].message for line, errors in refused.items()} == REFUSED
    [ranged] = refused[len(READ) + 2]
    assert (ranged.field, ranged.value, ranged.mend) == ("금액", "3~5억", "write one amount, the likeliest")
    assert told(ranged, "ko").message == "금액이 하나가 아니라 범위입니다"
    assert told(ranged, "ko").mend == "가장 가능성이 큰 금액 하나만 쓰세요"
    lines = list(weekly_lines(found, "ko", tmp_path / "doubts.csv", dry_run=False))
    name = "영업현황_20261116.xlsx"
    for line in (
        f"{name}: ‘약’, ‘내외’ 등이 붙은 어림 금액 5건을 적힌 그대로 읽었습니다(예: 약5억)",
        f"{name}: 부가세 포함 금액 2건을 부가세를 빼지 않고 적힌 그대로 읽었습니다(예: 3.2억 (VAT포함))",
        f"{name}: 부가세 별도 금액 4건을 적힌 그대로 읽었습니다(예: 3.2억(VAT 별도))",
    ):
        assert line in lines
        assert line in report_json(found, "ko")["amounts"]


@pytest.mark.parametrize(("text", "kinds"), [(text, kinds) for text, (_, kinds) in READ.items()])
def test_what_a_remark_says(text: str, kinds: list[str]) -> None:
    found = parts(text)
    assert (sorted(found.kinds), found.before + found.amount + found.after) == (sorted(kinds), text)


def test_the_unit_of_a_heading_goes_to_the_number_within_remarks() -> None:
    assert with_unit("320 (VAT별도)", "백만원") == "320백만원 (VAT별도)"
    assert with_unit("약 320", "백만원") == "약 320백만원"
    assert with_unit("약 3.2억", "백만원") == "약 3.2억"
    assert heading_unit("금액(백만원, VAT별도)") == "백만원"
    assert heading_unit("금액(VAT별도)") == ""


def test_names_with_such_words_are_no_remarks() -> None:
    for text in ("계약", "약", "VAT 포함", "계약 5억"):
        assert parts(text).kinds == ()
