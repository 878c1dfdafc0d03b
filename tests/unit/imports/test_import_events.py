"""Event logs: what their rules make of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from kit.money import Money
from services.gateway.domain import UNSET, PastChange
from services.gateway.imports.importer import Importer
from services.gateway.imports.mapping import read
from services.gateway.imports.rejects import RejectsWriter
from tests.unit.imports.import_runs import DEALS, Memory, at, run

EVENTS = (
    DEALS
    + """
[files.log]
entity = "events"
path = "log.csv"
[files.log.columns]
id = "case"
time = "at"
[files.log.owner]
column = "who"
but = ["robot"]
otherwise = "robot"
[[files.log.rules]]
when = { what = ["won", "paid"] }
stage = "Won"
outcome = "WON"
[[files.log.rules]]
when = { what = "reopened" }
stage = "Talks"
outcome = "OPEN"
[[files.log.rules]]
when = { what = "st_*" }
stage = "Talks"
[[files.log.rules]]
when = { what = "call", state = "done" }
activity = { type = "call", direction = "outbound", text = "Called" }
"""
)
PLAIN = EVENTS.replace('stage = "stage"\n', "").replace(
    'outcome = { column = "stage", values = { Open = "OPEN", Won = "WON", Lost = "LOST" } }\n', ""
)


async def test_scattered_events_make_one_write_a_deal(tmp_path: Path) -> None:
    deals = "id,owner,created,closed,amount\na,,2017-01-01,,5\nb,,2017-01-02,,6\n"
    log = [
        "case,what,state,at,who",
        "a,paid,,2017-01-06T00:00:00Z,ann",
        "b,st_1,,2017-01-02T01:00:00Z,robot",
        "a,st_1,,2017-01-01T01:00:00Z,robot",
        "a,call,begun,2017-01-02T01:00:00Z,bob",
        "b,call,done,2017-01-02T02:00:00Z,",
        "a,call,done,2017-01-02T02:00:00Z,bob",
        "a,call,done,2017-01-02T02:00:00Z,bob",
        "a,st_2,,2017-01-03T00:00:00Z,ann",
        "a,won,,2017-01-05T00:00:00Z,ann",
        "a,st_3,,2017-01-07T00:00:00Z,ann",
        "a,call,done,someday,ann",
    ]
    sink, report = await run(tmp_path, PLAIN, {"deals.csv": deals, "log.csv": "\n".join(log)})
    assert len(sink.saved["deals"]) == 2
    a, b = sink.deals["a"], sink.deals["b"]
    assert a.history == (
        PastChange("owner_id", "robot", at(1)),
        PastChange("stage", "Talks", at(1, 1)),
        PastChange("owner_id", "bob", at(2, 1)),
        PastChange("stage", "Won", at(5)),
        PastChange("outcome", "WON", at(5)),
        PastChange("closed_date", date(2017, 1, 5), at(5)),
    )
    assert [(x.type, x.owner_id, x.time) for x in a.activities] == [("call", "bob", at(2, 2))] * 2
    assert len({x.id for x in (*a.activities, *b.activities)}) == 3
    assert b.history == (PastChange("owner_id", "robot", at(2)), PastChange("stage", "Talks", at(2, 1)))
    assert report.counts["events"]["rejected"] == 1
    assert report.counts["events"]["read"] == 11


async def test_an_event_can_reopen_a_deal(tmp_path: Path) -> None:
    log = "case,what,state,at,who\na,won,,2017-01-02,x\na,reopened,,2017-01-03,x\na,paid,,2017-01-04,x\n"
    sink, _ = await run(tmp_path, PLAIN, {"deals.csv": "id,owner,created,closed,amount\n", "log.csv": log})
    outcomes = [(c.value, c.effective_time) for c in sink.deals["a"].history if c.field == "outcome"]
    assert outcomes == [("WON", at(2)), ("OPEN", at(3)), ("WON", at(4))]
    assert sink.deals["a"].created_time is UNSET


async def test_a_deal_whose_own_row_is_bad_waits_with_all_its_rows(tmp_path: Path) -> None:
    deals = "id,owner,created,closed,amount\na,,2017-01-01,,x\nb,,2017-01-01,,1\n"
    log = "case,what,state,at,who\na,st_1,,2017-01-02,x\nb,st_1,,2017-01-02,x\n"
    sink, report = await run(tmp_path, PLAIN, {"deals.csv": deals, "log.csv": log})
    assert set(sink.deals) == {"b"}
    assert {(each.file, each.line) for each in report.rejects} == {("deals.csv", 2), ("log.csv", 2)}
    folder = tmp_path / "rejects"
    (folder / "rejects-deals.csv").write_text("id,owner,created,closed,amount\na,,2017-01-01,,3\n", encoding="utf-8")
    again = Memory()
    await Importer(read(PLAIN, "m"), again, RejectsWriter(tmp_path / "more")).run(folder)
    assert again.deals["a"].amount == Money("USD", 300)
    assert len(again.deals["a"].history) == 3
