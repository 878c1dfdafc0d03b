"""All records taken out of a workspace, on both databases: what goes, and what stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import create_engine, func, select

from kit.errors import Forbidden
from kit.money import Money
from learning.exchange import DatedRate
from learning.records import Activity, FieldDefinition, FieldType, Quota
from services.gateway.access.members import AccessEvent, Act, Member, Role
from services.gateway.asks.records import Ask
from services.gateway.domain import LOCAL, InsightKind, Principal, Scope
from services.gateway.model_audit import AuditEntry, ModelAct
from services.gateway.privacy.person import Person
from services.gateway.privacy.records import Access
from services.gateway.store import Store
from services.gateway.store.clearing import RECORDS
from services.gateway.store.database import read_url
from services.gateway.store.interface import StoredRollup
from services.gateway.store.tables import events, metadata
from tests.contract.store.conftest import at, insight
from tests.live_events import events_after

Put = Callable[..., Any]
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def rows(url: str) -> dict[str, int]:
    """How many each table holds."""
    engine = create_engine(read_url(url))
    with engine.connect() as connection:
        found = {name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                 for name, table in metadata.tables.items()}  # fmt: skip
    engine.dispose()
    return found


@pytest.fixture
async def filled(store: Store, put: Put, hong: Person) -> Store:
    """Records of every kind with what is computed on them, members, a persona, settings and logs."""
    assert hong.id
    await put("d3", owner_id="ann", amount=Money("USD", 100), close_date=date(2017, 10, 5))
    await store.save_activities(LOCAL, [Activity("a9", "d3", "mail", "outbound", at("2017-09-01"), "", "ann", "Hi")])
    await store.apply_insights([insight("d3", kind, 1, probability=0.5) for kind in InsightKind])
    await store.save_rollups([StoredRollup("company", "2017-Q4", "USD", {"level": "company"})])
    await store.save_quotas(LOCAL, [Quota("ann", "2017-Q4", Money("USD", 1000))])
    await store.add_ask(LOCAL, Ask("d3", "Get the name", date(2017, 10, 1), "", "boss", NOW))
    await store.save_monitoring_day(date(2017, 9, 30), {"report": {}})
    await store.define_fields(LOCAL, [FieldDefinition("deal", "Seats", FieldType.NUMBER)])
    await store.save_rates(LOCAL, [DatedRate("EUR", date(2017, 9, 1), Decimal("1.08"))], NOW)
    await store.save_member(Member("m1", "ann@example.com", "Ann", Role.REP, "ann", created=NOW))
    await store.save_member(Member("persona-rep", "persona-rep", "Ben", Role.REP, "ben", created=NOW))
    await store.add_access_event(AccessEvent(Act.MEMBER_ADDED, "m1", "m1"))
    await store.add_model_audit(AuditEntry(ModelAct.PROMOTED, "rule", "first", "forecast", "1"))
    await store.add_access([Access("boss", "GET /v1/privacy", "member", "m1")])
    await store.put_setting("grade_bounds", [0.8, 0.5, 0.2])
    return store


async def test_every_record_goes_and_what_people_made_stays(filled: Store, store_url: str) -> None:
    newest = await filled.last_event_id()
    goes = await filled.record_counts(LOCAL)
    assert goes == {"deals": 3, "accounts": 2, "contacts": 3, "users": 6, "products": 2, "activities": 4, "quotas": 1}
    before = rows(store_url)
    assert all(before[one.name] for one in RECORDS if one.name in ("deals", "insights", "rollups", "asks", "outbox"))
    settings = {"clock": {"pinned": None}, "sample": None, "sample_removed": {"who": "local"}}
    assert await filled.clear_records(LOCAL, settings, ["persona-rep"]) == goes

    after = rows(store_url)
    assert {one.name: after[one.name] for one in RECORDS if after[one.name] and one is not events} == {}
    kept = ("exchange_rates", "access_events", "model_audit")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert [(one.id, one.login, one.user_id) for one in await filled.list_members()] == [("m1", "ann@example.com", "")]
    assert [one.kind for one in await filled.list_access(LOCAL, "", "", 0, 10)] == ["member"]
    assert (await filled.get_setting("grade_bounds"), await filled.get_setting("sample")) == ([0.8, 0.5, 0.2], None)
    told = await events_after(filled, LOCAL, newest, 10)
    assert [(one.id, one.kind) for one in told] == [(newest + 1, "workspace")]
    assert (await filled.list_users(LOCAL), await filled.list_fields(), await filled.tree(LOCAL, date(2017, 9, 30))) \
        == ([], [], [])  # fmt: skip


async def test_the_store_takes_records_again_and_late_answers_are_dropped(filled: Store, put: Put) -> None:
    await filled.clear_records(LOCAL, {}, [])
    assert await filled.apply_insights([insight("d3", generation=9)]) == [False]
    await put("d3", name="Mine")
    await filled.save_rollups([StoredRollup("owner:gone", "2017-Q4", "USD", {"level": "owner"})])
    await filled.drop_computed(LOCAL)
    assert await filled.rollups(LOCAL, "2017-Q4") == []
    record = await filled.get_record(LOCAL, "d3")
    assert (record.history.deal.name, record.history.deal.revision, record.history.deal.owner_id) == ("Mine", 1, "")
    assert await filled.apply_insights([insight("d3")]) == [True]


async def test_who_does_not_see_all_takes_nothing_away(filled: Store) -> None:
    boss = Principal("boss", Scope.SUBTREE, "boss")
    for call in (filled.record_counts(boss), filled.clear_records(boss, {}, []), filled.drop_computed(boss)):
        with pytest.raises(Forbidden):
            await call
    assert (await filled.record_counts(LOCAL))["deals"] == 3
