"""The export in the history format, and opening stores: migrations, two at once, a foreign file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from kit.errors import InvalidInput, Unavailable
from kit.money import Money
from learning.history_schema import SCHEMAS
from learning.records import Activity, ContactRole, Outcome, ProductLine
from services.gateway.domain import LOCAL, DealWrite
from services.gateway.store import Store, open_store
from services.gateway.store.database import read_url
from services.gateway.store.migrate import upgrade
from services.gateway.store.tables import metadata
from services.gateway.workspace import Workspace
from tests.contract.store.conftest import at
from tests.live_events import events_after

Put = Callable[..., Any]


async def rows(store: Store, table: str, as_of: datetime | None = None) -> list[dict[str, Any]]:
    return [row async for batch in store.export_rows(LOCAL, table, as_of) for row in batch]


@pytest.fixture
async def filled(store: Store, put: Put) -> Store:
    await put(
        "d1", created_time=at("2017-01-01"), stage="A", amount=Money("USD", 105400), fields={"day": date(2017, 1, 2)},
        contacts=(ContactRole("kim", "uses"),), products=(ProductLine("p1", 2, Money("USD", 100)),), owner_id="ann",
        activities=(Activity("a1", "d1", "call", "inbound", at("2017-02-01")),),
    )  # fmt: skip
    await put("d1", stage="B", fields={"day": None, "size": 3}, effective_time=at("2017-05-01"))
    await put("d1", outcome=Outcome.WON, effective_time=at("2017-08-01"))
    await put("d2", created_time=at("2017-06-01"), stage="A")
    return store


async def test_every_file_has_the_columns_of_the_format(filled: Store) -> None:
    for table, schema in SCHEMAS.items():
        for row in await rows(filled, table):
            assert list(row) == schema.names or set(row) == set(schema.names), table
    first = next(row for row in await rows(filled, "deals") if row["id"] == "d1")
    assert (first["amount"], first["currency"], first["outcome"], first["closed_date"]) == (
        "1054.00", "USD", "WON", date(2017, 8, 1),
    )  # fmt: skip
    assert first["fields"] == '{"size":3.0}'
    assert [row["stage"] for row in await rows(filled, "deals")] == ["B", "A"]


async def test_as_of_shows_deals_as_they_stood(filled: Store) -> None:
    then = datetime(2017, 5, 31, 23, 59, 59, tzinfo=UTC)
    (deal,) = await rows(filled, "deals", then)
    assert (deal["id"], deal["stage"], deal["outcome"], deal["closed_date"]) == ("d1", "B", "OPEN", None)
    (deal,) = await rows(filled, "deals", at("2017-04-01"))
    assert (deal["stage"], deal["fields"]) == ("A", '{"day":{"date":"2017-01-02"}}')
    changes = await rows(filled, "changes", then)
    assert {row["deal_id"] for row in changes} == {"d1"}
    assert max(row["effective_time"] for row in changes) == at("2017-05-01")
    assert len(await rows(filled, "activities", at("2017-01-15"))) == 0
    assert len(await rows(filled, "deal_contacts", at("2016-01-15"))) == 0
    assert await rows(filled, "deals", at("2018-01-01")) == await rows(filled, "deals")


async def test_all_files_are_of_one_moment(store: Store, put: Put) -> None:
    await put("d1", stage="A")
    found: dict[str, set[str]] = {}
    async for table, batch in store.export_tables(LOCAL, ["deals", "changes"], None):
        found[table] = {row["id" if table == "deals" else "deal_id"] for row in batch}
        await put("d2", stage="A")
    assert found == {"deals": {"d1"}, "changes": {"d1"}}


async def test_exports_come_in_batches_and_may_be_left(store: Store) -> None:
    await store.apply_deals(LOCAL, [DealWrite(f"d{i}") for i in range(2100)])
    sizes = [len(batch) async for batch in store.export_rows(LOCAL, "deals", None)]
    assert (sum(sizes), max(sizes) <= 1000) == (2100, True)
    async for batch in store.export_rows(LOCAL, "changes", None):
        assert batch
        break
    assert (await store.apply_deals(LOCAL, [DealWrite("more")]))[0].revision == 1
    with pytest.raises(InvalidInput):
        await rows(store, "secrets")


async def test_the_migrations_make_the_tables(store_url: str) -> None:
    engine = create_engine(read_url(store_url))

    def here(item: Any, *_: Any) -> bool:
        return bool(item.info.get("only", engine.dialect.name) == engine.dialect.name)

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": here})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


async def test_a_clock_of_the_old_spelling_is_read(tmp_path: Path, postgres_url: str) -> None:
    for url in (f"sqlite:///{tmp_path}/old.db", postgres_url):
        engine = create_engine(read_url(url))
        with engine.begin() as connection:
            upgrade(connection, "0003")
            connection.execute(text("INSERT INTO settings VALUES ('clock', '{\"today\":\"2017-09-30\"}')"))
        engine.dispose()
        store = await open_store(url)
        try:
            workspace = Workspace(store)
            await workspace.load()
            assert workspace.pinned == date(2017, 9, 30)
            assert await store.get_setting("clock") == {"pinned": "2017-09-30"}
            await workspace.pin(date(2017, 10, 1))
            assert await store.get_setting("clock") == {"pinned": "2017-10-01"}
        finally:
            await store.close()


async def test_two_may_open_a_new_database_at_once(tmp_path: Path, postgres_url: str) -> None:
    for url in (f"sqlite:///{tmp_path}/new/store.db", postgres_url):
        one, two = await asyncio.gather(open_store(url), open_store(url))
        await asyncio.gather(*[
            store.apply_deals(LOCAL, [DealWrite(f"{name}{i}", stage="A"), DealWrite("both", stage=f"{name}{i}")])
            for i in range(10) for name, store in (("one", one), ("two", two))
        ])  # fmt: skip
        assert (await one.get_record(LOCAL, "both")).history.deal.revision == 20
        events = await events_after(two, LOCAL, 0, 100)
        assert (len(events), (await two.counts(LOCAL))["deals"]) == (40, 21)
        await one.close()
        await two.close()


async def test_a_foreign_file_or_url_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"not a database at all, but quite long" * 100)
    for url in (f"sqlite:///{tmp_path}/x.db", "mysql://h/d", "nonsense", "sqlite://"):
        with pytest.raises(InvalidInput):
            await open_store(url)
    with pytest.raises(Unavailable):
        await open_store("postgresql://nobody@127.0.0.1:1/none")
