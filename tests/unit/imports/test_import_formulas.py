"""Formulas that were never worked out refuse their rows, by sheet and cell; the workbook only where headings lack."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from kit.errors import InvalidInput
from services.gateway.imports.importer import Importer
from services.gateway.imports.mapping import read
from services.gateway.imports.messages import told, translate
from services.gateway.imports.rejects import RejectsWriter
from services.gateway.store import Store
from tests.unit.imports.import_runs import Memory
from tests.unit.imports.weekly_runs import HEADER, row, run, store, write

__all__ = ["store"]
NAME = "영업현황_202611{}.xlsx"
MAPPING = """
[mapping]
currency = "KRW"
timezone = "Asia/Seoul"
[files.deals]
entity = "deals"
path = "*.xlsx"
other_columns = "ignore"
[files.deals.columns]
id = "딜명"
name = "고객사"
"""


async def week(folder: Path, day: int, *rows: list[Any], header: list[str] = HEADER) -> Path:
    return await asyncio.to_thread(write, folder / NAME.format(day), *rows, header=header)


async def test_rows_with_such_a_formula_are_refused_and_their_deals_are_there(tmp_path: Path, store: Store) -> None:
    await run(store, tmp_path, await week(tmp_path, 16, row("펌프"), row("밸브"), row("모터")))
    new = row("새 딜", amount="=D9*2")
    path = await week(
        tmp_path, 23, row("펌프", amount="=1+1"), row("밸브", amount=120), new, row("모터"),
        ["합계", "", "", "", "=SUM(E2:E5)", ""], ["=A2", "=B2", "=C2", "=D2", "=E2", "=F2"],
    )  # fmt: skip
    found = await run(store, tmp_path, path)
    errors = {one.line: told(one.errors[0], "ko") for one in found.report.rejects}
    assert {line: (one.field, one.value) for line, one in errors.items()} == {
        2: ("금액(백만원)", "Sheet!E2"), 4: ("금액(백만원)", "Sheet!E4"), 7: ("고객사", "Sheet!A7"),
    }  # fmt: skip
    assert errors[2].message == "한 번도 계산되지 않은 수식입니다"
    assert errors[2].mend == "Excel에서 파일을 열어 한 번 저장한 뒤 다시 가져오세요"
    assert found.report.left_out[path.name].totals == [6]
    assert (found.gone, found.doubts) == ({}, [])
    assert found.report.counts["deals"] == {
        "read": 5, "created": 0, "changed": 1, "unchanged": 1, "rejected": 3,
    }  # fmt: skip


async def test_such_a_formula_counts_only_where_its_column_is_read(tmp_path: Path, store: Store) -> None:
    header = [*HEADER, "가중 금액", "비고"]
    path = await week(tmp_path, 16, [*row("펌프"), "=E2*0.5", ""], [*row("밸브"), "=E3*0.5", "=A3"], header=header)
    found = await run(store, tmp_path, path, columns={"가중 금액": "ignore"})
    [refused] = found.report.rejects
    assert (refused.line, refused.errors[0].value, len(refused.errors)) == (3, "Sheet!H3", 1)
    assert "100백만원" in found.report.rejects_files[path].read_text("utf-8-sig"), "its unit comes back with it"
    sink, mapping = Memory(), read(MAPPING, "m.toml")
    report = await Importer(mapping, sink, RejectsWriter(tmp_path / "again")).run(path)
    assert (report.rejects, {deal.id for deal in sink.saved["deals"]}) == ([], {"펌프", "밸브"})


@pytest.mark.parametrize("header", [[*HEADER[:4], '="금액"', HEADER[5]], [f'="{name}"' for name in HEADER]])
async def test_headings_that_were_never_worked_out_refuse_the_workbook(
    tmp_path: Path, store: Store, header: list[str]
) -> None:
    path = await week(tmp_path, 16, row("펌프"), row("밸브"), header=header)
    with pytest.raises(InvalidInput) as caught:
        await run(store, tmp_path, path)
    translate(caught.value, "ko")
    cell = "E1" if header[0] == HEADER[0] else "A1"
    assert caught.value.message == f"‘Sheet’ 시트 {cell} 셀의 수식이 한 번도 계산되지 않았습니다"
    assert caught.value.value == path.name
