"""A file of splits: rows of one time share a deal from then on."""

from __future__ import annotations

from pathlib import Path

from learning.records import Credit
from services.gateway.domain import UNSET, PastChange
from tests.unit.imports.import_runs import DEALS, HEADER, PEOPLE, at, run

SPLITS = (
    DEALS
    + PEOPLE
    + """
[files.splits]
entity = "deal_credits"
path = "splits.csv"
[files.splits.columns]
id = "deal"
owner_id = "who"
percent = "percent"
time = "since"
"""
)
PEOPLE_FILE = "who,boss,region\nann,cid,East\nbob,cid,East\n"


async def test_splits_come_with_their_deals(tmp_path: Path) -> None:
    rows = [
        "deal,who,percent,since", "a,ann,66.67,", "a,bob,33.33,",
        "b,ann,100,2017-01-01", "b,bob,50,2017-01-02", "b,ann,50,2017-01-02", "a,bob,0.001,", "a,bob,,",
    ]  # fmt: skip
    deals = HEADER + "\na,ann,Open,2017-01-01,,5\nb,ann,Open,2017-01-01,,5\n"
    files = {"deals.csv": deals, "people.csv": PEOPLE_FILE, "splits.csv": "\n".join(rows)}
    sink, report = await run(tmp_path, SPLITS, files)
    assert sink.deals["a"].credits == (Credit("ann", 6_667), Credit("bob", 3_333))
    assert sink.deals["b"].credits is UNSET
    assert [one for one in sink.deals["b"].history if one.field == "credits"] == [
        PastChange("credits", (Credit("ann", 10_000),), at(1)),
        PastChange("credits", (Credit("bob", 5_000), Credit("ann", 5_000)), at(2)),
    ]
    assert {(each.file, each.line) for each in report.rejects} == {("splits.csv", 7), ("splits.csv", 8)}
