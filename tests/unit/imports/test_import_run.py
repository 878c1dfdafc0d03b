"""Whole imports into a sink that remembers: what rows become, what is refused, and where."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from kit.errors import DealcastError, NotFound
from kit.money import Money
from learning.records import ContactRole, FieldDefinition, FieldType, Outcome, ProductLine, ReportingLine
from services.gateway.domain import UNSET, DealWrite, FieldError, PastChange, WriteResult, WriteStatus
from services.gateway.imports.importer import Importer, Report
from services.gateway.imports.mapping import read
from services.gateway.imports.rejects import RejectsWriter


class Memory:
    """A sink that keeps everything and refuses the ids it is told to."""

    def __init__(self, refuse: Sequence[str] = ()) -> None:
        self.saved: dict[str, list[Any]] = {}
        self.batches: list[int] = []
        self.defined: dict[tuple[str, str], FieldType] = {}
        self.as_of: date | None = None
        self.ended: list[str] = []
        self._refuse = refuse

    async def begin(self, name: str, as_of: date | None, currency: str) -> None:
        self.as_of = as_of

    async def fields(self) -> list[FieldDefinition]:
        return [FieldDefinition(entity, name, kind) for (entity, name), kind in self.defined.items()]

    async def define(self, definitions: Sequence[FieldDefinition]) -> None:
        self.defined |= {(each.entity, each.name): each.type for each in definitions}

    async def prices(self) -> Mapping[str, Money]:
        return {each.id: each.price for each in self.saved.get("products", ()) if each.price}

    async def save(self, batch: str, records: Sequence[Any]) -> list[WriteResult]:
        self.batches.append(len(records))
        self.saved.setdefault(batch, []).extend(records)
        error = FieldError("owner_id", "?", "there is no such user", "save the user first")
        return [
            WriteResult(each.id, WriteStatus.REJECTED, 0, (error,))
            if getattr(each, "id", "") in self._refuse
            else WriteResult(getattr(each, "id", ""), WriteStatus.CREATED, 1)
            for each in records
        ]

    async def finish(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        self.ended.append("finish")

    async def fail(self, error: str) -> None:
        self.ended.append(error)

    async def close(self) -> None:
        pass

    @property
    def deals(self) -> dict[str, DealWrite]:
        return {deal.id: deal for deal in self.saved.get("deals", ())}


async def run(
    folder: Path, mapping: str, files: Mapping[str, str], sink: Memory | None = None
) -> tuple[Memory, Report]:
    data = folder / "data"
    data.mkdir(exist_ok=True)
    for name, text in files.items():
        (data / name).write_text(text, encoding="utf-8")
    sink = sink or Memory()
    report = await Importer(read(mapping, "m.toml"), sink, RejectsWriter(folder / "rejects")).run(data)
    return sink, report


DEALS = """
[mapping]
as_of = "last"
currency = "USD"
[files.deals]
entity = "deals"
path = "deals.csv"
[files.deals.columns]
id = "id"
owner_id = "owner"
stage = "stage"
outcome = { column = "stage", values = { Open = "OPEN", Won = "WON", Lost = "LOST" } }
created_time = "created"
closed_date = "closed"
amount = "amount"
"""
HEADER = "id,owner,stage,created,closed,amount"


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


async def test_bad_rows_are_told_and_can_be_corrected(tmp_path: Path) -> None:
    rows = [
        HEADER,
        "a,u,Open,2017-01-01,,5",
        ",u,Open,2017-01-01,,5",
        "c,u,Opne,2017-01-01,,5",
        "d,u,Open,9999-01-01,,5",
        "e,u,Open,2017-01-01,,-5",
        "f,u,Open,2017-01-01,,abc",
        "g,u,Won,2017-01-05,,5",
        "h,u,Won,2017-01-05,2017-01-04,5",
        "i,u,Open,2017-01-05,2017-01-06,5",
        "j,u,Open,2017-01-05",
        'k,"u,Open,2017-01-05,,5',
        "l," + "u" * 300 + ",Open,2017-01-01,,5",
        "m,=SUM(A1),Open,2017-01-01,,5",
        "n,u,Open,2150-01-01,,5",
        "😀,u,Open,2017-01-01,,5",
    ]
    sink, report = await run(tmp_path, DEALS, {"deals.csv": "\n".join(rows)}, Memory(refuse=["m"]))
    assert set(sink.deals) == {"a", "m", "😀"}
    assert {each.line: each.errors[0].field for each in report.rejects} == {
        3: "id", 4: "stage", 5: "created", 6: "amount", 7: "amount", 8: "closed", 9: "closed", 10: "closed",
        11: "row", 12: "row", 13: "owner", 14: "owner", 15: "created",
    }  # fmt: skip
    assert all(error.mend and error.message for each in report.rejects for error in each.errors)
    assert "Open, Won, Lost" in next(each for each in report.rejects if each.line == 4).errors[0].mend
    assert report.counts["deals"] == {"read": 15, "created": 2, "changed": 0, "unchanged": 0, "rejected": 13}
    path = tmp_path / "rejects" / "rejects-deals.csv"
    assert list(report.rejects_files.values()) == [path]
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    refused = next(row for row in found if row["id"] == "m")
    assert refused["owner"] == "=SUM(A1)"
    assert refused["dealcast_line"] == "14"
    text = path.read_text(encoding="utf-8-sig").replace("Opne", "Open").replace("9999-01-01", "2017-01-01")
    path.write_text(text, encoding="utf-8")
    again = Memory()
    second = await Importer(read(DEALS, "m.toml"), again, RejectsWriter(tmp_path / "more")).run(path)
    assert {"c", "d", "m"} == set(again.deals)
    assert second.total("rejected") == 10  # what was not corrected, torn rows among it


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


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2017, 1, day, hour, tzinfo=UTC)


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


AROUND = (
    DEALS
    + """
[files.people]
entity = "users"
path = "people.csv"
[files.people.columns]
id = "who"
manager_id = "boss"
region = "region"
[files.bosses]
entity = "users"
path = "people.csv"
[files.bosses.columns]
id = "boss"
[files.things]
entity = "products"
path = "things.csv"
[files.things.columns]
id = "sku"
price = "price"
[files.lines]
entity = "deal_products"
path = "lines.csv"
[files.lines.columns]
id = "deal"
product_id = "sku"
quantity = "n"
[files.contacts]
entity = "contacts"
path = "contacts.csv"
[files.contacts.columns]
id = "id"
name = "name"
[[files.contacts.consents]]
channel = "mail"
granted = "optin"
source = "form"
[files.roles]
entity = "deal_contacts"
path = "roles.csv"
[files.roles.columns]
id = "deal"
contact_id = "contact"
role = { column = "role", values = { Boss = "decides" } }
[files.tasks]
entity = "activities"
path = "tasks.csv"
[files.tasks.columns]
id = "deal"
type = { column = "kind", values = { Phone = "call" } }
time = "at"
text = "note"
[files.past]
entity = "history"
path = "past.csv"
[files.past.columns]
id = "deal"
time = "at"
stage = "stage"
amount = "amount"
[files.quotas]
entity = "quotas"
path = "quotas.csv"
[files.quotas.columns]
id = "who"
period = "quarter"
amount = "amount"
"""
)


async def test_everything_around_deals(tmp_path: Path) -> None:
    files = {
        "deals.csv": HEADER + "\na,ann,Open,2017-01-01,,5\n",
        "people.csv": "who,boss,region\nann,cid,East\nbob,cid,East\n",
        "things.csv": "sku,price\np,10\nq,\n",
        "lines.csv": "deal,sku,n\na,p,2\na,q,\na,p,-1\n",
        "contacts.csv": "id,name,optin\nc,Cho,yes\nd,Dan,maybe\n",
        "roles.csv": "deal,contact,role\na,c,Boss\na,c,King\n",
        "tasks.csv": "deal,kind,at,note\na,Phone,2017-01-02,메모\na,Fax,2017-01-02,x\n",
        "past.csv": "deal,at,stage,amount\na,2017-01-01,First,4\na,2017-01-02,Second,\n",
        "quotas.csv": "who,quarter,amount\nann,2017-Q1,100\nann,2017-Q9,100\n",
    }
    sink, report = await run(tmp_path, AROUND, files)
    a = sink.deals["a"]
    assert a.products == (ProductLine("p", 2.0), ProductLine("q", 1.0))
    assert a.contacts == (ContactRole("c", "decides"),)
    assert [(x.type, x.text) for x in a.activities] == [("call", "메모")]
    assert a.history == (
        PastChange("stage", "First", at(1)),
        PastChange("amount", Money("USD", 400), at(1)),
        PastChange("stage", "Second", at(2)),
    )
    assert sorted(user.id for user in sink.saved["users"]) == ["ann", "bob", "cid"]
    assert sink.saved["lines"] == [ReportingLine("ann", "cid", "East"), ReportingLine("bob", "cid", "East")]
    assert sink.saved["contacts"][0].consents[0].granted
    assert [quota.period for quota in sink.saved["quotas"]] == ["2017-Q1"]
    assert {(each.file, each.line) for each in report.rejects} == {
        ("lines.csv", 4), ("contacts.csv", 3), ("roles.csv", 3), ("tasks.csv", 3), ("quotas.csv", 3),
    }  # fmt: skip


async def test_an_edited_row_stays_the_same_activity(tmp_path: Path) -> None:
    deals = HEADER + "\na,ann,Open,2017-01-01,,5\n"
    tasks = ["deal,kind,at,note", "a,Phone,2017-01-02,one", "a,Phone,2017-01-02,two", "a,Phone,2017-01-03,three"]
    before = {"deals.csv": deals, "tasks.csv": "\n".join(tasks)}
    after = {"deals.csv": deals, "tasks.csv": "\n".join(tasks).replace("two", "edited")}
    mapping = AROUND.replace("path =", "optional = true\npath =")
    first, second = [(await run(tmp_path, mapping, files))[0].deals["a"].activities for files in (before, after)]
    assert [one.id for one in first] == [one.id for one in second]
    assert len({one.id for one in first}) == 3
    assert [one.text for one in second] == ["one", "edited", "three"]


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
