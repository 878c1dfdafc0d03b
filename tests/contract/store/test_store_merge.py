"""Merging insights: whatever arrives when, in which batches and how often, the highest by the domain's order stays."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from services.gateway.domain import LOCAL, Insight, InsightKey, InsightKind, newer
from services.gateway.store import Store, open_store
from services.gateway.store import tables as t
from tests.contract.store.conftest import at
from tests.live_events import events_after

Slot = tuple[str, InsightKind]
Put = Callable[..., Any]
SORTED_BY = {
    InsightKind.LEAD_SCORE: ("probability",),
    InsightKind.FORECAST: ("expected_amount", "slip_risk", "category"),
    InsightKind.NEXT_ACTIONS: ("gain", "action"),
}
DAYS = ("2017-09-29", "2017-09-30")
HIGHEST_REVISION = 4
NUMBERS = count()  # a deal is of one example only

ids = st.sampled_from(("a", "b", "ab"))
days = st.sampled_from(DAYS)
few = st.integers(0, 1)
bottoms = st.builds(InsightKey, st.integers(1, 2), few, days, ids)
upstreams = st.one_of(st.none(), bottoms, st.builds(InsightKey, st.just(1), few, days, ids, bottoms))
# Two generations: a replica on the old model goes on answering beside one on the new.
keys = st.builds(InsightKey, st.integers(1, HIGHEST_REVISION), few, days, ids, upstreams)
# Of one revision, model and day, so that the whole key must decide.
ties = st.builds(InsightKey, st.just(1), st.just(1), st.just(DAYS[1]), ids, upstreams)
offers = st.tuples(few, st.sampled_from(list(InsightKind)), st.one_of(keys, ties))


@dataclass(frozen=True)
class Write:
    """The deal changes: its revision grows."""

    deal: int


@dataclass(frozen=True)
class Apply:
    """Batches of places among what is offered; several come at once, by two gateways in turn."""

    batches: list[list[int]]


@dataclass(frozen=True)
class Story:
    """What services offer, and the order in which it reaches the store."""

    offered: list[tuple[int, InsightKind, InsightKey]]
    steps: list[Write | Apply]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    offered = draw(st.lists(offers, min_size=1, max_size=14))
    batch = st.lists(st.integers(0, len(offered) - 1), max_size=8)
    applied = st.builds(Apply, st.one_of(st.lists(batch, min_size=1, max_size=1), st.lists(batch, max_size=4)))
    step = st.one_of(st.builds(Write, few), applied, applied, applied)
    return Story(offered, draw(st.lists(step, min_size=1, max_size=10)))


@dataclass
class Truth:
    """What must be stored, by the domain's order alone."""

    revisions: dict[str, int]
    best: dict[Slot, Insight] = field(default_factory=dict)

    def apply(self, batch: Sequence[Insight]) -> list[bool]:
        fates = []
        for one in batch:
            slot = (one.deal_id, one.kind)
            fates.append(one.key.deal_revision <= self.revisions[one.deal_id] and newer(one, self.best.get(slot)))
            if fates[-1]:
                self.best[slot] = one
        return fates


def answer(deal_id: str, kind: InsightKind, key: InsightKey) -> Insight:
    """What a service says under a key: always the same."""
    said = random.Random(repr((kind, key)))
    sort: dict[str, float | str | None] = {name: said.choice([None, said.random()]) for name in SORTED_BY[kind]}
    sort |= {name: said.choice([None, "x", "y"]) for name in ("category", "action") if name in sort}
    return Insight(deal_id, kind, key, f"v{key.model_generation}", at("2017-09-30"), {"said": repr(key)}, sort)


@pytest.fixture
async def stores(store: Store, store_url: str) -> AsyncIterator[tuple[Store, Store]]:
    """Two gateways on one database."""
    other = await open_store(store_url)
    yield store, other
    await other.close()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=stories())
async def test_the_highest_stays(stores: tuple[Store, Store], put: Put, story: Story) -> None:
    names = [f"m{next(NUMBERS)}" for _ in range(2)]
    for name in names:
        await put(name)
    truth = Truth(dict.fromkeys(names, 1))
    offered = [answer(names[deal], kind, key) for deal, kind, key in story.offered]
    last = await stores[0].last_event_id()
    for number, step in enumerate(story.steps):
        if isinstance(step, Write):
            name = names[step.deal]
            truth.revisions[name] = (await put(name, stage=f"s{number}")).revision
            continue
        batches = [[offered[place] for place in batch] for batch in step.batches]
        found = await asyncio.gather(*[stores[n % 2].apply_insights(batch) for n, batch in enumerate(batches)])
        expected = [truth.apply(batch) for batch in batches]
        if len(batches) == 1:
            assert found == expected
    await check_records(stores[1], truth)
    await check_standings(stores[0], truth)
    await check_trail(stores[0], truth, last)


async def check_records(store: Store, truth: Truth) -> None:
    for record in await store.get_records(LOCAL, list(truth.revisions)):
        deal = record.history.deal
        assert deal.revision == truth.revisions[deal.id]
        assert record.insights == {kind: one for (deal_id, kind), one in truth.best.items() if deal_id == deal.id}


async def check_standings(store: Store, truth: Truth) -> None:
    """How far each insight is, and what lists sort by."""
    query = select(t.standings).where(t.standings.c.deal_id.in_(list(truth.revisions)))
    database = store._database  # type: ignore[attr-defined]
    rows = await database.read(lambda connection: connection.execute(query).mappings().all())
    assert len(rows) == len(truth.revisions)
    for row in rows:
        expected: dict[str, Any] = {
            "deal_id": row["deal_id"], "revision": truth.revisions[row["deal_id"]], "live": True,
        }  # fmt: skip
        for kind, columns in SORTED_BY.items():
            best = truth.best.get((row["deal_id"], kind))
            stand = best.key.flat[:3] if best else (-1, -1, "")
            expected |= {f"{kind}_{part}": n for part, n in zip(("revision", "generation", "day"), stand, strict=True)}
            expected |= {name: best.sort[name] if best else None for name in columns}
        assert dict(row) == expected


async def check_trail(store: Store, truth: Truth, last: int) -> None:
    """Scores kept as history only ever rise, and the last event of each insight is on the one that stays."""
    events = await events_after(store, LOCAL, last, 1_000)
    told = {(one.deal_id, one.kind): one.data for one in events if one.kind in list(InsightKind)}
    assert told == {slot: {"deal_revision": one.key.deal_revision, **one.sort} for slot, one in truth.best.items()}
    for name in truth.revisions:
        scores = await store.score_history(LOCAL, name, 1_000)
        assert all(new.key.flat > old.key.flat for new, old in pairwise(scores))
        assert scores[:1] == [truth.best[slot] for slot in [(name, InsightKind.LEAD_SCORE)] if slot in truth.best]
        counted = sum((one.deal_id, one.kind) == (name, InsightKind.LEAD_SCORE) for one in events)
        assert counted == len(scores)
