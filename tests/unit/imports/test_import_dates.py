"""Since when products, contacts and account fields hold, as the files say."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from learning.records import Change, ContactRole, ProductLine
from services.gateway.domain import UNSET, PastChange
from tests.unit.imports.import_runs import run

MAPPING = """
[mapping]
as_of = "last"
currency = "USD"
[files.accounts]
entity = "accounts"
path = "accounts.csv"
columns = { id = "id", valid_from = "since" }
[files.people]
entity = "contacts"
path = "people.csv"
columns = { id = "id" }
[files.products]
entity = "products"
path = "products.csv"
columns = { id = "id" }
[files.deals]
entity = "deals"
path = "deals.csv"
columns = { id = "id", created_time = "created", product_id = "product" }
[files.roles]
entity = "deal_contacts"
path = "roles.csv"
columns = { id = "deal", contact_id = "contact", role = "role", time = "since" }
"""
FILES = {
    "accounts.csv": "id,since,size\nacme,2017-01-01,5\nacme,2017-03-01,7\nbolt,,1",
    "people.csv": "id\nkim\nlee\npark",
    "products.csv": "id\np1",
    "deals.csv": "id,created,product\nd1,2017-01-02,p1\nd2,,p1\nd3,2017-01-02,",
    "roles.csv": "deal,contact,role,since\nd1,lee,decides,2017-02-02\nd1,kim,uses,2017-01-05\nd1,park,,\nd2,kim,,",
}


def at(month: int, day: int) -> datetime:
    return datetime(2017, month, day, tzinfo=UTC)


async def test_dates_of_the_files_become_history(tmp_path: Path) -> None:
    sink, report = await run(tmp_path, MAPPING, FILES)
    assert report.total("rejected") == 0
    acme, bolt = sorted(sink.saved["accounts"], key=lambda one: str(one.id))
    assert (acme.fields, acme.changes) == ({"size": 7.0}, (
        Change("fields.size", 5.0, at(1, 1), at(1, 1)), Change("fields.size", 7.0, at(3, 1), at(3, 1)),
    ))  # fmt: skip
    assert (bolt.fields, bolt.changes) == ({"size": 1.0}, ())
    kim, lee, park = ContactRole("kim", "uses"), ContactRole("lee", "decides"), ContactRole("park")
    d1, d2, d3 = (sink.deals[name] for name in ("d1", "d2", "d3"))
    assert (d1.contacts, d1.products) == ((kim, lee, park), (ProductLine("p1"),))
    assert d1.history == (
        PastChange("products", (ProductLine("p1"),), at(1, 2)), PastChange("contacts", (kim,), at(1, 5)),
        PastChange("contacts", (kim, lee), at(2, 2)),
    )  # fmt: skip
    assert (d2.history, d2.products, d2.contacts) == ((), (ProductLine("p1"),), (ContactRole("kim"),))
    assert (d3.history, d3.products, d3.contacts) == ((), (), UNSET)
