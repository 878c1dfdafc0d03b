"""The store's contract suite runs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text

from kit.money import Money
from kit.testing import Database
from learning.records import Account, Activity, Contact, ContactRole, Product, ReportingLine, User
from services.gateway.domain import LOCAL, DealWrite, Insight, InsightKey, InsightKind, WriteResult
from services.gateway.privacy.person import Person
from services.gateway.privacy.records import Access
from services.gateway.store import Store, open_store
from services.gateway.store.database import read_url
from services.gateway.store.migrate import migrate
from services.gateway.store.tables import metadata

TODAY = date(2017, 9, 30)
HONG = Contact("contact-hong-77", "홍길동", "acme", "구매팀장", "hong.gildong@acme.example", "010-1234-5678")
NOTE = "전화: 홍 길동 부장 (+82 10 1234 5678), hong.gildong@ACME.example"
USED_SEQUENCES = text("SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL")


@pytest.fixture(scope="session")
def _migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "migrated.db"
    migrate(read_url(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def _migrated_postgres(_postgres: Database) -> Iterator[tuple[str, Connection]]:
    """With a connection to empty it by: a new one for each test, and a table at a time, take longer than most tests."""
    url = _postgres.fresh()
    migrate(read_url(url))
    engine = create_engine(read_url(url))
    with engine.connect() as connection:
        yield url, connection
    engine.dispose()
    _postgres.drop(url)


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store with its tables; on PostgreSQL the same database, emptied."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("_migrated_sqlite"), tmp_path / "store.db")
        return f"sqlite:///{tmp_path}/store.db"
    url, connection = request.getfixturevalue("_migrated_postgres")
    with connection.begin():  # TRUNCATE makes all files anew: that takes fifty times as long
        connection.exec_driver_sql("; ".join(f"DELETE FROM {name}" for name in metadata.tables))
        for (sequence,) in connection.execute(USED_SEQUENCES).all():
            connection.execute(text(f"ALTER SEQUENCE {sequence} RESTART"))
    return str(url)


@pytest.fixture
async def empty(store_url: str) -> AsyncIterator[Store]:
    store = await open_store(store_url)
    yield store
    await store.close()


@pytest.fixture
async def store(empty: Store) -> Store:
    """A company of six: the boss over East (head, two reps) and West (head, one rep), pinned to 2017-09-30."""
    names = ("boss", "east", "west", "ann", "ben", "cat")
    lines = [
        ReportingLine("east", "boss", "East"), ReportingLine("west", "boss", "West"), ReportingLine("ann", "east"),
        ReportingLine("ben", "east"), ReportingLine("cat", "west"),
    ]  # fmt: skip
    await empty.save_users(LOCAL, [User(name, name.title()) for name in names], lines)
    await empty.save_accounts(LOCAL, [Account("acme", "Acme"), Account("bolt", "Bolt")])
    await empty.save_contacts(LOCAL, [Contact("kim", "Kim", "acme"), Contact("lee", "Lee", "bolt")])
    await empty.save_products(LOCAL, [Product("p1", "Pump", "Pumps", Money("USD", 5000)), Product("p2", "Pipe")])
    await empty.put_setting("clock", {"pinned": TODAY.isoformat()})
    return empty


@pytest.fixture
def put(store: Store) -> Callable[..., Any]:
    """Write one deal; the result."""

    async def write(deal_id: str, **members: Any) -> WriteResult:
        return (await store.apply_deals(LOCAL, [DealWrite(deal_id, **members)]))[0]

    return write


def at(day: str) -> datetime:
    """Midnight UTC of a day."""
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


async def history(store: Store, deal_id: str, field: str) -> list[tuple[Any, datetime]]:
    changes = await store.get_changes(LOCAL, deal_id, 0, 1000)
    return [(change.value, change.effective_time) for change in changes if change.field == field]


async def deal(store: Store, deal_id: str) -> Any:
    return (await store.get_record(LOCAL, deal_id)).history.deal


def insight(
    deal_id: str, kind: InsightKind = InsightKind.LEAD_SCORE, revision: int = 1, generation: int = 0,
    day: str = "2017-09-30", insight_id: str = "a", upstream: InsightKey | None = None, **sort: Any,
) -> Insight:  # fmt: skip
    """A small insight."""
    key = InsightKey(revision, generation, day, insight_id, upstream)
    return Insight(deal_id, kind, key, "v1", at("2017-09-30"), {"id": insight_id, **sort}, sort)


@pytest.fixture
async def hong(store: Store, put: Callable[..., Any]) -> Person:
    """A contact on a deal, in its history, activities and suggestions, in an import that can be undone, and named in
    the notes of another deal."""
    await store.save_contacts(LOCAL, [HONG])
    importing = store.recording("imp-1")
    await put("d1", owner_id="ann", account_id="acme", contacts=(ContactRole(HONG.id, "decides"), ContactRole("kim")))
    await put("d2", owner_id="cat", name="Pump for 홍길동님")
    await put("d2", name="Pump")
    await importing.save_contacts(LOCAL, [Contact(HONG.id, HONG.name, "acme", "이사", HONG.email, HONG.phone)])
    when = datetime(2017, 9, 1, tzinfo=UTC)
    await importing.save_activities(LOCAL, [
        Activity("a1", "d1", "call", "outbound", when, HONG.id, "ann", "She is about to leave"),
        Activity("a2", "d2", "note", "internal", when, "", "cat", NOTE),
        Activity("a3", "d2", "note", "internal", when, "", "cat", "홍길순 will pay; call 010-1234-9999"),
    ])  # fmt: skip
    body = {"actions": [{"action": "call", "contact_id": HONG.id}, {"action": "mail", "contact_id": "kim"}]}
    one = insight("d1", InsightKind.NEXT_ACTIONS, 1)
    await store.apply_insights([type(one)(**{name: getattr(one, name) for name in one.__slots__} | {"body": body})])
    await store.remember_request("k", "d", {"status": 200, "body": {"id": HONG.id}})
    await store.add_access([Access("local", "GET /v1/contacts/{id}", "contact", HONG.id)])
    return await store.person(LOCAL, "contact", HONG.id)
