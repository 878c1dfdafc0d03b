"""A deal that a hidden row tells of is asked about with a word on that row."""

from __future__ import annotations

from pathlib import Path

from openpyxl import load_workbook

from services.gateway.imports.weekly.doubts import maybe_told
from services.gateway.store import Store
from tests.unit.imports.weekly_runs import row, run, store, write

__all__ = ["store"]


async def test_a_gone_deal_stands_in_a_hidden_row(store: Store, tmp_path: Path) -> None:
    names = ["서버", "망", "보안", "창고"]
    await run(store, tmp_path, write(tmp_path / "주간_2024-01-08.xlsx", *(row(name) for name in names)))
    path = write(tmp_path / "주간_2024-01-15.xlsx", *(row(name) for name in names[:2]), row("보안", stage="수주"))
    book = load_workbook(path)
    book.active.row_dimensions[4].hidden = True
    book.save(path)
    found = await run(store, tmp_path, path, confirm=True)
    told = {one.about.split(" / ")[1]: (one.line, maybe_told(one.kind, one.maybe, "ko")) for one in found.doubts}
    hidden = "2024-01-08에 진행 중이었고, 이 파일의 숨긴 4행에 있습니다. 숨긴 행은 읽지 않습니다"
    assert told["보안"] == (4, hidden)
    assert told["창고"][0] == 0
    assert "숨긴" not in told["창고"][1]
