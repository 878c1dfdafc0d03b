"""The audit log of models, and scores beside outcomes, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from kit.errors import Forbidden
from learning.records import DealKind, Outcome
from services.gateway.domain import LOCAL, DealWrite, Insight, InsightKey, InsightKind, Principal, Scope
from services.gateway.model_audit import AuditEntry, ModelAct
from services.gateway.retraining import Closed
from services.gateway.store import Store

NOW = datetime(2017, 9, 30, tzinfo=UTC)


async def test_entries_come_back_newest_first_in_pages(store: Store) -> None:
    first = AuditEntry(ModelAct.PROMOTED, "rule", "nothing served", "lead_scoring", "1", "prior", 1, {"n": 1}, NOW)
    kept = [
        await store.add_model_audit(one)
        for one in (
            first, AuditEntry(ModelAct.REFUSED, "rule", "worse", "forecast", "2", "1", time=NOW),
            AuditEntry(ModelAct.RULES_CHANGED, "local", "why", time=NOW),
            AuditEntry(ModelAct.ROLLED_BACK, "local", "환불", "lead_scoring", "1", "2", 3, time=NOW),
        )
    ]  # fmt: skip
    ids = [one.id for one in kept]
    assert ids == sorted(set(ids))
    assert await store.list_model_audit(LOCAL) == kept[::-1]
    assert [one.id for one in await store.list_model_audit(LOCAL, limit=2)] == ids[:1:-1]
    assert [one.id for one in await store.list_model_audit(LOCAL, before=ids[2])] == ids[1::-1]
    of_one = await store.list_model_audit(LOCAL, "lead_scoring")
    assert [one.act for one in of_one] == [ModelAct.ROLLED_BACK, ModelAct.RULES_CHANGED, ModelAct.PROMOTED]
    with pytest.raises(Forbidden):
        await store.list_model_audit(Principal("ann", Scope.OWN, "ann"))


async def test_a_lead_is_held_against_no_win(store: Store) -> None:
    """What is said of leads is their chance to convert, and those that do end as opportunities."""
    born = datetime(2017, 9, 1, tzinfo=UTC)
    kinds = {"lead": DealKind.LEAD, "converted": DealKind.OPPORTUNITY, "later": DealKind.OPPORTUNITY}
    await store.apply_deals(LOCAL, [DealWrite(one, kind=kind, created_time=born) for one, kind in kinds.items()])
    for deal, day, horizon in (("lead", "06", 90), ("converted", "06", 90), ("later", "06", 90), ("later", "08", None)):
        body = {"probability": 0.4, "horizon_days": horizon}
        key = InsightKey(1, 2, f"2017-09-{day}", day)
        await store.apply_insights([Insight(deal, InsightKind.LEAD_SCORE, key, "v", NOW, body, body)])
    await store.apply_deals(
        LOCAL, [DealWrite(one, outcome=Outcome.LOST, closed_date=date(2017, 9, 20)) for one in kinds]
    )
    assert await store.closed_scores(LOCAL, date(2017, 9, 1), 2) == [Closed(0.4, won=False)]


async def test_leads_that_became_opportunities_are_counted(store: Store) -> None:
    born = datetime(2017, 9, 1, tzinfo=UTC)
    kinds = {"lead": DealKind.LEAD, "a": DealKind.LEAD, "b": DealKind.LEAD, "never": DealKind.OPPORTUNITY}
    owners = {"lead": "ann", "a": "ann", "b": "cat", "never": "ann"}
    await store.apply_deals(
        LOCAL, [DealWrite(one, owner_id=owners[one], kind=kind, created_time=born) for one, kind in kinds.items()]
    )
    assert await store.conversions(LOCAL) == 0
    await store.apply_deals(LOCAL, [DealWrite(one, kind=DealKind.OPPORTUNITY) for one in ("a", "b")])
    assert await store.conversions(LOCAL) == 2
    assert await store.conversions(Principal("cat", Scope.OWN, "cat")) == 1
    await store.apply_deals(LOCAL, [DealWrite("a", deleted=True)])
    assert await store.conversions(LOCAL) == 1


async def test_the_last_score_before_the_end_stands_beside_the_outcome(store: Store) -> None:
    born = datetime(2017, 9, 1, tzinfo=UTC)
    owners = {"a": "ann", "b": "ann", "c": "ann", "d": "cat"}
    await store.apply_deals(LOCAL, [DealWrite(one, owner_id=owners[one], created_time=born) for one in owners])
    for deal, generation, day, probability in (
        ("a", 1, "05", 0.1), ("a", 2, "06", 0.2), ("a", 2, "08", 0.3), ("a", 2, "20", 1.0), ("b", 2, "06", 0.6),
        ("c", 1, "06", 0.7), ("d", 2, "06", 0.8),
    ):  # fmt: skip
        key = InsightKey(1, generation, f"2017-09-{day}", day)
        body = {"probability": probability}
        await store.apply_insights([Insight(deal, InsightKind.LEAD_SCORE, key, "v", NOW, body, body)])
    ended = {"a": Outcome.WON, "b": Outcome.OPEN, "c": Outcome.LOST, "d": Outcome.LOST}
    await store.apply_deals(
        LOCAL,
        [
            DealWrite(deal, outcome=outcome, closed_date=date(2017, 9, 20))
            for deal, outcome in ended.items() if outcome is not Outcome.OPEN
        ],
    )  # fmt: skip
    found = await store.closed_scores(LOCAL, date(2017, 9, 1), 2)
    assert sorted(found, key=lambda one: one.probability) == [Closed(0.3, won=True), Closed(0.8, won=False)]
    assert await store.closed_scores(LOCAL, date(2017, 9, 20), 2) == []
    assert await store.closed_scores(Principal("cat", Scope.OWN, "cat"), date(2017, 9, 1), 2) == [
        Closed(0.8, won=False)
    ]
