"""Calls of many rows, of which some are new and others change in different columns."""

from __future__ import annotations

from kit.money import Money
from learning.records import Outcome
from services.gateway.domain import LOCAL, DealWrite, InsightKind, WriteStatus
from services.gateway.store import Store
from services.gateway.store.interface import Behind
from services.gateway.store.ready import WIDE
from tests.contract.store.conftest import insight

MANY = 2 * WIDE + 5  # a multiple, and some
NONE_BEHIND = dict.fromkeys(InsightKind, 0)


def ids(count: int = MANY) -> list[str]:
    return [f"d{number:03}" for number in range(count)]


def changed(number: int, deal_id: str) -> DealWrite:
    """One of four changes, by its number."""
    made = (
        DealWrite(deal_id, amount=Money("USD", 100 * number)),
        DealWrite(deal_id, stage=f"Stage {number}"),
        DealWrite(deal_id, outcome=Outcome.WON),
        DealWrite(deal_id, fields={"seats": float(number)}, owner_id="ann"),
    )
    return made[number % len(made)]


async def test_each_row_gets_its_own_values(store: Store) -> None:
    made = await store.apply_deals(LOCAL, [DealWrite(one, name=one.upper(), owner_id="ben") for one in ids()])
    assert {one.status for one in made} == {WriteStatus.CREATED}
    writes = [changed(number, one) for number, one in enumerate(ids())] + [DealWrite("new", name="New")]
    results = await store.apply_deals(LOCAL, writes)
    assert [one.revision for one in results] == [2] * MANY + [1]
    records = await store.get_records(LOCAL, ids())
    for number, record in enumerate(records):
        deal, kind = record.history.deal, number % 4
        assert (deal.name, deal.revision) == (deal.id.upper(), 2)
        assert deal.amount == (Money("USD", 100 * number) if kind == 0 else None)
        assert deal.stage == (f"Stage {number}" if kind == 1 else "")
        assert deal.outcome is (Outcome.WON if kind == 2 else Outcome.OPEN)
        assert (deal.owner_id, deal.fields) == (("ann", {"seats": float(number)}) if kind == 3 else ("ben", {}))
        assert {change.revision for change in record.history.changes} == {1, 2}
    rows = await store.take_outbox(1_000)
    assert [row.deal_id for row in rows] == [*ids(), *ids(), "new"]
    assert [row.id for row in rows] == sorted(row.id for row in rows)


async def test_who_is_behind_follows_every_change(store: Store) -> None:
    await store.apply_deals(LOCAL, [DealWrite(one) for one in ids()])
    answers = [insight(one, kind, revision=1) for one in ids() for kind in InsightKind]
    assert all(await store.apply_insights(answers))
    assert await store.behind(NONE_BEHIND, "2017-09-30", "", 1_000) == []
    await store.apply_deals(LOCAL, [changed(number, one) for number, one in enumerate(ids())])
    late = await store.behind(NONE_BEHIND, "2017-09-30", "", 1_000)
    assert [one.deal_id for one in late if one.revision_behind] == ids()
    newer = [insight(one, kind, revision=2) for one in ids() for kind in InsightKind]
    assert all(await store.apply_insights(newer))
    assert await store.behind(NONE_BEHIND, "2017-09-30", "", 1_000) == []
    models = dict.fromkeys(InsightKind, 1)
    found = await store.behind(models, "2017-09-30", "", 1_000)
    still_open = [one for number, one in enumerate(ids()) if number % 4 != 2]
    assert found == [Behind(one, revision_behind=False, model_or_day_behind=True) for one in still_open]
    await store.apply_deals(LOCAL, [DealWrite(one, outcome=Outcome.OPEN) for one in ids()])
    await store.apply_insights([insight(one, kind, revision=3) for one in ids() for kind in InsightKind])
    assert [one.deal_id for one in await store.behind(models, "2017-09-30", "", 1_000)] == ids()
