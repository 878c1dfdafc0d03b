"""Files of branches: taken together, or one after the other, and compared with their own deals alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kit.errors import InvalidInput
from services.gateway.store import Store
from tests.unit.imports.weekly_runs import run, store, write

__all__ = ["store"]
SEOUL = [["㈜한빛", f"서울 {n}", "김민수" if n % 2 else "이서연", "제안", 100, "26.12.01"] for n in range(6)]
BUSAN = [["㈜새벽", f"부산 {n}", "박지훈", "제안", 100, "26.12.01"] for n in range(4)]


def amounts(rows: list[list[Any]], amount: int) -> list[list[Any]]:
    return [[*row[:4], amount, row[5]] for row in rows]


async def test_a_branch_is_compared_with_its_own_deals(store: Store, tmp_path: Path) -> None:
    await run(store, tmp_path, write(tmp_path / "주간_2026-09-14.xlsx", *SEOUL, *BUSAN))
    found = await run(store, tmp_path, write(tmp_path / "서울_주간_2026-09-21.xlsx", *amounts(SEOUL, 110)))
    assert (found.gone, found.apart, [one.far for one in found.steps]) == (
        {},
        {"서울_주간_2026-09-21.xlsx": 4},
        [False],
    )
    found = await run(store, tmp_path, write(tmp_path / "부산_주간_2026-09-21.xlsx", *BUSAN[:3]))
    assert [one.name for one in found.gone.values()] == ["부산 3"]  # of its own it is asked
    assert list(found.apart.values()) == [6]
    found = await run(store, tmp_path, write(tmp_path / "서울_주간_2026-09-28.xlsx", *SEOUL[1:]))
    assert {one.name for one in found.gone.values()} == {"부산 3", "서울 0"}


async def test_an_owner_of_its_own_series_who_left_is_asked_about(store: Store, tmp_path: Path) -> None:
    await run(store, tmp_path, write(tmp_path / "주간_2026-09-14.xlsx", *SEOUL, *BUSAN))
    found = await run(store, tmp_path, write(tmp_path / "주간_2026-09-21.xlsx", *SEOUL), confirm=True)
    assert (len(found.gone), found.apart, [one.far for one in found.steps]) == (4, {}, [True])


async def test_two_branches_of_a_day_come_together_where_they_share_no_deal(store: Store, tmp_path: Path) -> None:
    both = write(tmp_path / "서울_2026-09-21.xlsx", *SEOUL), write(tmp_path / "부산_2026-09-21.xlsx", *BUSAN)
    found = await run(store, tmp_path, *both)
    assert (found.report.counts["deals"]["created"], found.gone) == (10, {})
    again = await run(store, tmp_path, *both)
    assert (again.report.counts["deals"].get("changed", 0), again.gone) == (0, {})
    shared = (
        write(tmp_path / "부산_2026-09-28.xlsx", *BUSAN, SEOUL[0]),
        write(tmp_path / "서울_2026-09-28.xlsx", *SEOUL),
    )
    with pytest.raises(InvalidInput) as caught:
        await run(store, tmp_path, *shared)
    assert "one import after the other" in caught.value.mend
