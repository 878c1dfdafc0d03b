"""Whole imports into a sink that remembers: what rows become."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from kit.errors import DealcastError, NotFound
from kit.money import Money
from learning.records import FieldType, Outcome
from services.gateway.domain import UNSET, PastChange, WriteResult
from tests.unit.imports.import_runs import DEALS, HEADER, Memory, run


async def test_a_row_becomes_a_deal_with_what_is_left_as_fields(tmp_path: Path) -> None:
    rows = [
        HEADER + ",Region,Size,OK,Signed",
        "a,u,Open,2017-01-01,,5,East,1,yes,2017-01-02",
        "b,,Won,2017-01-03,2017-02-03,7.5,West,2.5,no,",
        "c,u,Open,,,,East,,,",
        "d,u,Open,2017-01-01,,,West,,,",
    ]
    sink, report = await run(tmp_path, DEALS, {"deals.csv": "\n".join(rows)})
    assert report.total("rejected") == 0
    assert sink.as_of == date(2017, 2, 3)
    assert {name: kind for (_, name), kind in sink.defined.items()} == {
        "Region": FieldType.CHOICE, "Size": FieldType.NUMBER, "OK": FieldType.YES_NO, "Signed": FieldType.DATE,
    }  # fmt: skip
    a, b, c = sink.deals["a"], sink.deals["b"], sink.deals["c"]
    assert a.fields == {"Region": "East", "Size": 1.0, "OK": True, "Signed": date(2017, 1, 2)}
    assert a.amount == Money("USD", 500)
    assert a.created_time == datetime(2017, 1, 1, tzinfo=UTC)
    assert a.history == ()
    assert c.created_time is UNSET
    assert (c.amount, c.fields["Size"]) == (None, None)
    closing = datetime(2017, 2, 3, 23, 59, 59, tzinfo=UTC)
    assert set(b.history) == {
        PastChange("outcome", "WON", closing),
        PastChange("stage", "Won", closing),
        PastChange("closed_date", date(2017, 2, 3), closing),
    }
    assert b.outcome is Outcome.WON
    assert b.owner_id == ""


@pytest.mark.parametrize("spelling", ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y"])
async def test_a_column_taken_for_days_is_read_as_it_is_written(tmp_path: Path, spelling: str) -> None:
    days = [date(2017, 9, 30), date(2017, 1, 2)]
    rows = [HEADER + ",Signed"] + [f"d{n},u,Open,2017-01-01,,5,{day.strftime(spelling)}" for n, day in enumerate(days)]
    sink = Memory()
    for _ in range(2):  # found out, then known
        _, report = await run(tmp_path, DEALS, {"deals.csv": "\n".join(rows)}, sink)
        assert sink.defined["deal", "Signed"] is FieldType.DATE
        assert (report.total("rejected"), report.total("read")) == (0, 2)
        assert [sink.deals[f"d{n}"].fields["Signed"] for n in range(2)] == days


async def test_batches_are_bounded(tmp_path: Path) -> None:
    rows = [HEADER, *(f"d{i},u,Open,2017-01-01,,5" for i in range(1_234))]
    sink, report = await run(tmp_path, DEALS, {"deals.csv": "\n".join(rows)})
    assert sink.batches == [500, 500, 234]
    assert report.counts["deals"]["created"] == 1_234
    assert sink.ended == ["finish"]


async def test_files_and_columns_that_lack_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"deals\.csv"):
        await run(tmp_path, DEALS, {})
    with pytest.raises(DealcastError, match="'owner'") as caught:
        await run(tmp_path, DEALS, {"deals.csv": "id,stage,created,closed,amount\n"})
    assert "files.deals" in caught.value.mend


async def test_a_sink_that_breaks_off_is_told(tmp_path: Path) -> None:
    class Broken(Memory):
        async def save(self, batch: str, records: Sequence[Any]) -> list[WriteResult]:
            raise NotFound("gone")

    sink = Broken()
    with pytest.raises(NotFound):
        await run(tmp_path, DEALS, {"deals.csv": HEADER + "\na,u,Open,2017-01-01,,5\n"}, sink)
    assert sink.ended == ["gone"]


async def test_names_that_make_one_id_are_told(tmp_path: Path) -> None:
    mapping = """
[ids]
accounts = "slug"
[files.accounts]
entity = "accounts"
path = "a.csv"
[files.accounts.columns]
id = "name"
name = "name"
"""
    rows = "name,Size\nGekko & Co,1\nGekko Co,2\nACME,3\nAcme,4\n"
    sink, report = await run(tmp_path, mapping, {"a.csv": rows})
    assert [(each.line, each.errors[0].field) for each in report.rejects] == [(3, "name")]
    assert {account.id: account.fields["Size"] for account in sink.saved["accounts"]} == {"gekko-co": 1.0, "acme": 4.0}
