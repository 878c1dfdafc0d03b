"""Products, contacts and account fields have a history: what comes later changes nothing of what was before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from kit.money import Money
from learning.history import HistoryWriter, Manifest, read_history
from learning.history_schema import SCHEMAS
from learning.records import Account, Change, ContactRole, DealHistory, Product, ProductLine
from learning.snapshots import Row, row_at
from learning.wire import history_from_event
from learning.wire_event import deal_event
from services.gateway.domain import LOCAL, DealWrite, PastChange, WriteStatus
from services.gateway.store import Store, open_store
from services.gateway.store.database import read_url
from services.gateway.store.migrate import upgrade
from tests.contract.store.conftest import TODAY, at

Put = Callable[..., Any]
PUMP, PIPE = (ProductLine("p1", 2, Money("USD", 100)),), (ProductLine("p2"),)
USES, BOTH = (ContactRole("kim", "uses"),), (ContactRole("kim", "uses"), ContactRole("lee", "decides"))


async def history_of(store: Store, deal_id: str = "d1") -> DealHistory:
    return (await store.get_record(LOCAL, deal_id)).history


async def rows_on(store: Store, days: list[date]) -> list[Row]:
    history = await history_of(store)
    return [row_at(history, day) for day in days]


async def exported(store: Store, folder: Path, as_of: datetime | None = None) -> DealHistory:
    with HistoryWriter(folder, Manifest(as_of or at("2017-09-30"), TODAY, "USD")) as writer:
        async for table, rows in store.export_tables(LOCAL, list(SCHEMAS), as_of):
            writer.append(table, rows)
    return next(read_history(folder).deals())


def acme(moment: str = "", **fields: Any) -> Account:
    """Acme with fields, dated where a moment is given."""
    changes = [Change(f"fields.{name}", value, at(moment), at(moment)) for name, value in fields.items() if moment]
    return Account("acme", "Acme", fields, changes=tuple(changes))


@pytest.fixture
async def told(store: Store, put: Put) -> Store:
    """A deal of May, whose account and lists are known since its start."""
    await store.save_accounts(LOCAL, [acme("2017-01-01", size=10.0, sector="retail")])
    past = (PastChange("products", PUMP, at("2017-05-01")), PastChange("contacts", USES, at("2017-05-01")))
    await put("d1", created_time=at("2017-05-01"), stage="A", account_id="acme", products=PUMP, contacts=USES,
              history=past)  # fmt: skip
    return store


async def test_later_changes_leave_earlier_snapshots_alone(told: Store, put: Put, tmp_path: Path) -> None:
    days = [date(2017, 5, 1), date(2017, 6, 30), date(2017, 8, 31)]
    before = await rows_on(told, days)
    first = before[0]
    assert (first["products"], first["product"], first["contacts"], first["role.uses"]) == (1.0, "p1", 1.0, True)
    assert (first["account.size"], first["account.sector"], first["role.decides"]) == (10.0, "retail", False)
    await told.save_accounts(LOCAL, [acme(size=99.0)])
    await put("d1", products=PIPE, contacts=BOTH)
    await put("d1", account_id="bolt")
    assert await rows_on(told, days) == before
    assert [row_at(await exported(told, tmp_path), day) for day in days] == before
    now = row_at(await history_of(told), TODAY)
    assert (now["product"], now["contacts"], now["role.decides"], now["account_id"]) == ("p2", 2.0, True, "bolt")
    await put("d1", account_id="acme")
    now = row_at(await history_of(told), TODAY)
    assert (now["account.size"], "account.sector" in now) == (99.0, False)


async def test_training_and_serving_see_the_same(told: Store, put: Put, tmp_path: Path) -> None:
    await put("d1", contacts=BOTH, effective_time=at("2017-07-01"))
    await put("d1", account_id="bolt", effective_time=at("2017-08-01"))
    await told.save_accounts(LOCAL, [acme("2017-06-01", size=20.0), Account("bolt", "Bolt", {"size": 5.0})])
    stored, read = await history_of(told), await exported(told, tmp_path)
    sent = history_from_event(deal_event(stored, business_day=TODAY))
    for day in [date(2017, month, 15) for month in range(5, 10)] + [TODAY]:
        assert row_at(sent, day) == row_at(stored, day) == row_at(read, day), day
    assert [row_at(read, date(2017, month, 15)).get("account.size") for month in (5, 6, 8)] == [10.0, 20.0, None]
    assert stored.former_accounts == read.former_accounts


async def test_an_export_as_of_then_knows_nothing_later(told: Store, put: Put, tmp_path: Path) -> None:
    await put("d1", contacts=BOTH, products=(), effective_time=at("2017-07-01"))
    await told.save_accounts(LOCAL, [acme("2017-06-01", size=20.0, rank="A")])
    then = await exported(told, tmp_path / "then", datetime(2017, 5, 31, tzinfo=UTC))
    assert (then.deal.products, then.deal.contacts) == (PUMP, USES)
    assert then.account is not None
    assert (then.account.fields, len(then.account.changes)) == ({"size": 10.0, "sector": "retail"}, 2)
    now = await exported(told, tmp_path / "now")
    assert (now.deal.products, now.deal.contacts) == ((), BOTH)
    assert now.account is not None
    assert now.account.fields == {"size": 20.0, "rank": "A"}


async def test_without_a_date_they_count_from_now(store: Store, put: Put) -> None:
    await store.save_accounts(LOCAL, [acme(size=10)])
    await put("d1", created_time=at("2017-05-01"), account_id="acme", products=PUMP, contacts=USES)
    before, now = await rows_on(store, [date(2017, 9, 29), TODAY])
    assert (before["products"], before["contacts"], "account.size" in before) == (0.0, 0.0, False)
    assert (now["products"], now["contacts"], now["account.size"]) == (1.0, 1.0, 10.0)
    for change in (await history_of(store)).changes:
        assert change.effective_time.date() == (TODAY if change.field in ("products", "contacts") else date(2017, 5, 1))


async def test_the_same_again_changes_nothing(told: Store, put: Put) -> None:
    past = (PastChange("products", PUMP, at("2017-05-01")), PastChange("contacts", USES, at("2017-05-01")))
    assert (await put("d1", products=PUMP, contacts=USES, history=past)).status is WriteStatus.UNCHANGED
    again = acme("2017-01-01", size=10.0, sector="retail")
    assert (await told.save_accounts(LOCAL, [again]))[0].status is WriteStatus.UNCHANGED
    assert (await put("d1", products=PUMP)).status is WriteStatus.UNCHANGED


async def test_another_statement_of_the_same_date_counts_from_now(told: Store, put: Put) -> None:
    """An export says the same date every time: what differs in the next one has changed since."""
    await put("d1", products=PIPE, history=(PastChange("products", PIPE, at("2017-05-01")),))
    changed = (await told.save_accounts(LOCAL, [acme("2017-01-01", size=30.0, sector="retail")]))[0]
    assert changed.status is WriteStatus.CHANGED
    before, now = await rows_on(told, [date(2017, 9, 29), TODAY])
    assert (before["product"], before["account.size"]) == ("p1", 10.0)
    assert (now["product"], now["account.size"]) == ("p2", 30.0)


async def test_dates_that_come_later_reach_back(store: Store, put: Put) -> None:
    await store.save_accounts(LOCAL, [acme(size=10.0)])
    await put("d1", created_time=at("2017-05-01"), account_id="acme", contacts=USES)
    revision = (await history_of(store)).deal.revision
    assert (await store.save_accounts(LOCAL, [acme("2017-01-01", size=10.0)]))[0].status is WriteStatus.CHANGED
    await put("d1", history=(PastChange("contacts", USES, at("2017-05-01")),))
    history = await history_of(store)
    assert history.deal.revision == revision + 2
    row = row_at(history, date(2017, 5, 1))
    assert (row["account.size"], row["role.uses"]) == (10.0, True)


async def test_bad_changes_are_refused(store: Store, put: Put) -> None:
    for field, value, where in (
        ("contacts", (ContactRole("nobody", ""),), "contacts.contact_id"), ("contacts", PUMP, "history[0].contacts"),
        ("products", "p1", "history[0].products"), ("products", (ProductLine("p9"),), "products.product_id"),
    ):  # fmt: skip
        result = await put("d1", history=(PastChange(field, value, at("2017-01-01")),))
        assert (result.status, result.errors[0].field) == (WriteStatus.REJECTED, where)
    wrong: list[tuple[str, Any]] = [("size", 1.0), ("fields.size", {"a": 1})]
    for name, entry in wrong:
        bad = Account("acme", "Acme", changes=(Change(name, entry, at("2017-01-01"), at("2017-01-01")),))
        assert (await store.save_accounts(LOCAL, [bad]))[0].status is WriteStatus.REJECTED


async def test_what_was_there_before_the_history_has_always_been(tmp_path: Path, postgres_url: str) -> None:
    for url in (f"sqlite:///{tmp_path}/old.db", postgres_url):
        engine = create_engine(read_url(url))
        with engine.begin() as connection:
            upgrade(connection, "0004")
            for statement in (
                "INSERT INTO accounts VALUES ('acme', 'Acme', '{\"size\":10.0}', false)",
                "INSERT INTO products VALUES ('p1', 'Pump', '', NULL, NULL)",
                (
                    "INSERT INTO deals VALUES ('d1', 3, 'OPPORTUNITY', 'NEW', 'default', 'A', 'OPEN', '', '', 'acme', "
                    "NULL, NULL, NULL, 1493596800000000, NULL, NULL, '', '{}', false, '', 0, 1493596800000000, 2, 0)"
                ),
                "INSERT INTO deal_products VALUES ('d1', 0, 'p1', 2.0, 100, 'USD')",
                "INSERT INTO changes VALUES ('d1', 1, 'stage', '\"A\"', 1493596800000000, 1493596800000000, 1)",
                "INSERT INTO changes VALUES ('d1', 2, 'account_id', '\"acme\"', 1493596800000000, 1493596800000000, 1)",
            ):
                connection.exec_driver_sql(statement)
        engine.dispose()
        store = await open_store(url)
        row = row_at(await history_of(store), date(2017, 5, 1))
        assert (row["products"], row["product"], row["account.size"]) == (1.0, "p1", 10.0)
        await store.save_products(LOCAL, [Product("p1", "Pump")])
        past = PastChange("products", PUMP, at("2017-05-01"))
        same, emptied = DealWrite("d1", products=PUMP, history=(past,)), DealWrite("d1", products=())
        assert (await store.apply_deals(LOCAL, [same]))[0].status is WriteStatus.UNCHANGED
        assert (await store.apply_deals(LOCAL, [emptied]))[0].status is WriteStatus.CHANGED
        changes = [change.field for change in (await history_of(store)).changes]
        assert changes == ["stage", "account_id", "products", "products"]
        await store.close()
