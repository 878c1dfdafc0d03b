"""What stands around deals comes in with them."""

from __future__ import annotations

from pathlib import Path

from kit.money import Money
from learning.records import ContactRole, ProductLine, ReportingLine
from services.gateway.domain import PastChange
from tests.unit.imports.import_runs import DEALS, HEADER, PEOPLE, at, run

AROUND = (
    DEALS
    + PEOPLE
    + """
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
