"""Merging insights onto deals, finding deals whose insights are behind, score history and rollups."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import (
    Connection,
    bindparam,
    delete,
    select,
    update,
)

from services.gateway.domain import Insight, InsightKind, Principal, newer
from services.gateway.store import tables as t
from services.gateway.store.codec import decode_key, dumps, loads, storable, to_us
from services.gateway.store.database import Database
from services.gateway.store.decisions import decision_row
from services.gateway.store.insight_queries import STANDINGS, behind, newest_scores, too_old
from services.gateway.store.interface import EVER, Behind, ScorePoint, StoredRollup
from services.gateway.store.reads import Reads, bounded
from services.gateway.store.rows import insight_from, insight_row
from services.gateway.store.tables_actions import action_decisions
from services.gateway.store.touching import Touching

SORTED_BY: Mapping[InsightKind, tuple[str, ...]] = {
    InsightKind.LEAD_SCORE: ("probability",),
    InsightKind.FORECAST: ("expected_amount", "slip_risk", "category"),
    InsightKind.NEXT_ACTIONS: ("gain", "action"),
}
WORDS = ("category", "action")
MOST_IDS = 500  # in one query
UNKEPT = ("reasons",)  # of a score that is history: contributions say the same without words
Slot = tuple[str, InsightKind]
_KINDS = {kind.value: kind for kind in InsightKind}


class Insights(Reads, Touching):
    """`apply_insights`, `behind`, `score_history` and rollups."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._standing_of = select(
            t.standings.c.deal_id, t.standings.c.revision, *(t.standings.c[name] for name in STANDINGS)
        ).where(database.among(t.standings.c.deal_id))
        self._keys = select(t.insights.c.deal_id, t.insights.c.kind, t.insights.c.key).where(
            database.among(t.insights.c.deal_id)
        )
        self._save_insights = database.upsert(t.insights)
        self._advance = {
            (kind, same_model): database.many(
                update(t.standings)
                .where(t.standings.c.deal_id == bindparam("deal"))
                .values({name: bindparam(f"new_{name}") for name in _columns(kind, same_model)})
            )
            for kind in InsightKind
            for same_model in (False, True)
        }
        self._behind = behind()
        self._owners = select(t.deals.c.id, t.deals.c.owner_id).where(database.among(t.deals.c.id))
        self._newest_scores = newest_scores(database)
        self._insert_scores = database.insert(t.score_history)
        self._too_old = too_old(database)
        h = t.score_history.c
        self._drop_scores = database.many(
            delete(t.score_history).where(h.deal_id == bindparam("deal"), h.id <= bindparam("last"))
        )
        self._keep_decisions = database.keep_first(action_decisions)
        self._save_rollups = database.upsert(t.rollups)

    async def apply_insights(self, insights: Sequence[Insight]) -> list[bool]:
        """Merge by the total order; see Store. An insight on a revision the deal has not reached is dropped too."""
        ids = storable(one.deal_id for one in insights)
        if not ids:
            return [False] * len(insights)

        def work(connection: Connection) -> list[bool]:
            revisions, held = self._held(connection, ids, insights)
            best: dict[Slot, Insight] = {}
            replaced: list[bool] = []
            for one in insights:
                slot = (one.deal_id, one.kind)
                known = one.key.deal_revision <= revisions.get(one.deal_id, -1)
                wins = known and newer(one, best.get(slot)) and (slot in best or one.key.flat > held[slot])
                if wins:
                    best[slot] = one
                replaced.append(wins)
            if best:
                self._store(connection, list(best.values()), held)
            return replaced

        return await self._database.write(work, durable=False)

    def _held(
        self, connection: Connection, ids: Sequence[str], insights: Sequence[Insight]
    ) -> tuple[dict[str, int], dict[Slot, tuple[Any, ...]]]:
        """The deals' revisions, and where each slot stands in the total order: how far, as its standing says, which
        mostly decides; the whole key where an insight is just as far."""
        revisions: dict[str, int] = {}
        held: dict[Slot, tuple[Any, ...]] = {}
        for deal_id, revision, *standing in self._database.fetch(connection, self._standing_of, ids):
            revisions[deal_id] = revision
            for place, kind in enumerate(InsightKind):
                held[deal_id, kind] = tuple(standing[3 * place : 3 * place + 3])
        even = {one.deal_id for one in insights if held.get((one.deal_id, one.kind)) == one.key.flat[:3]}
        for row in self._database.fetch(connection, self._keys, list(even)):
            key = decode_key(loads(row.key))
            held[row.deal_id, _KINDS[row.kind]] = key.flat if key else ()
        return revisions, held

    def _store(self, connection: Connection, insights: Sequence[Insight], held: Mapping[Slot, tuple[Any, ...]]) -> None:
        now_us = to_us(datetime.now(UTC))
        rows = [insight_row(one) for one in insights]
        self._save_insights.run(connection, rows)
        alike: dict[tuple[InsightKind, bool], list[dict[str, Any]]] = {}
        for one in insights:
            same_model = held[one.deal_id, one.kind][1:3] == one.key.flat[1:3]
            alike.setdefault((one.kind, same_model), []).append(_standing(one))
        for which, standings in alike.items():
            self._advance[which].run(connection, standings)
        scored = [each for each in zip(rows, insights, strict=True) if each[1].kind is InsightKind.LEAD_SCORE]
        scores = [row | {"body": dumps(_kept(one.body))} for row, one in scored]
        self._insert_scores.run(connection, scores)
        old = self._database.fetch(connection, self._too_old, [row["deal_id"] for row in scores])
        self._drop_scores.run(connection, [{"deal": row.id, "last": row.last} for row in old])
        self._keep_decisions.run(connection, [row for one in insights if (row := decision_row(one, now_us))])
        events = [
            (one.deal_id, one.kind.value, {"deal_revision": one.key.deal_revision, **one.sort}) for one in insights
        ]
        self._add_events(connection, events, now_us)

    async def behind(
        self, generations: Mapping[InsightKind, int], business_day: str, after: str, limit: int
    ) -> list[Behind]:
        """Deals with an insight missing or behind, ordered by id; see Store. One query over two partial indexes."""
        size = bounded(limit)
        wanted = {f"{kind.value}_generation": generations.get(kind, 0) for kind in InsightKind}

        def work(connection: Connection) -> list[Behind]:
            late: dict[str, set[int]] = {}
            rows = self._database.rows(connection, self._behind, after=after, most=size, day=business_day, **wanted)
            for deal_id, part in rows:
                late.setdefault(deal_id, set()).add(part)
            return [Behind(one, 0 in late[one], 1 in late[one]) for one in sorted(late)[:size]]

        return await self._database.read(work)

    async def score_history(self, principal: Principal, deal_id: str, limit: int) -> list[Insight]:
        """Lead scores the deal had, newest first."""
        h = t.score_history.c
        page = select(t.score_history).where(h.deal_id == deal_id).order_by(h.id.desc()).limit(bounded(limit))

        def work(connection: Connection) -> list[Insight]:
            self._see(connection, principal, deal_id)
            return [insight_from(row, InsightKind.LEAD_SCORE) for row in connection.execute(page).all()]

        return await self._database.read(work)

    async def score_points(
        self, principal: Principal, deal_ids: Sequence[str], limit: int, days: int = EVER
    ) -> Mapping[str, Sequence[ScorePoint]]:
        """The newest scores of many deals, newest first, the ends of each model's stretch with contributions."""
        ids = storable(deal_ids)

        def work(connection: Connection) -> Mapping[str, Sequence[ScorePoint]]:
            visible = self._contexts.read(connection).visible(principal)
            deals = self._database.fetch(connection, self._owners, ids)
            seen = [row.id for row in self._seen_of(connection, deals, visible)]
            rows: dict[str, list[tuple[int, ScorePoint]]] = {}
            for row in self._database.fetch(connection, self._newest_scores, seen, most=bounded(limit)):
                key = loads(row.key)
                point = ScorePoint(loads(row.sort)["probability"], key[1], key[2])
                rows.setdefault(row.deal_id, []).append((row.id, point))
            return _explained(connection, {deal: _within(found, days) for deal, found in rows.items()})

        return await self._database.read(work)

    async def save_rollups(self, rollups: Sequence[StoredRollup]) -> None:
        """Keep what the forecast service last said of nodes, with one event per period and currency."""
        if not rollups:
            return
        last = {(one.period, one.currency, one.node): one for one in rollups}
        rows = [
            {"period": one.period, "currency": one.currency, "node": one.node, "body": dumps(one.body)}
            for one in last.values()
        ]
        spans = dict.fromkeys((one.period, one.currency) for one in rollups)
        events = [("", "rollup", {"period": period, "currency": currency}) for period, currency in spans]

        def work(connection: Connection) -> None:
            self._save_rollups.run(connection, rows)
            self._add_events(connection, events, to_us(datetime.now(UTC)))

        await self._database.write(work, durable=False)

    async def rollups(
        self, principal: Principal, period: str, currency: str = "", node: str = ""
    ) -> list[StoredRollup]:
        """The nodes of a period that hold nobody the principal does not see, in one currency or in each."""
        r = t.rollups.c
        found = select(r.node, r.period, r.currency, r.body).where(r.period == period).order_by(r.currency, r.node)
        if currency:
            found = found.where(r.currency == currency)
        if node:
            found = found.where(r.node == node)

        def work(connection: Connection) -> list[StoredRollup]:
            context = self._contexts.read(connection)
            seen = context.people.nodes_within(context.visible(principal), context.day)
            rows = [row for row in connection.execute(found).all() if seen is None or row.node in seen]
            return [StoredRollup(row.node, row.period, row.currency, loads(row.body)) for row in rows]

        return await self._database.read(work)


def _within(points: list[tuple[int, ScorePoint]], days: int) -> list[tuple[int, ScorePoint]]:
    """Those at most so many days older than the first."""
    newest = date.fromisoformat(points[0][1].business_day)
    since = (newest - min(timedelta(days=days), newest - date.min)).isoformat()
    return [one for one in points if one[1].business_day >= since]


def _explained(
    connection: Connection, points: Mapping[str, list[tuple[int, ScorePoint]]]
) -> Mapping[str, Sequence[ScorePoint]]:
    """The points, the ends of each stretch of one model with their contributions: one query for all deals."""
    wanted = [one for found in points.values() for one in _ends(found)]
    h = t.score_history.c
    effects: dict[int, Mapping[str, float]] = {}
    for start in range(0, len(wanted), MOST_IDS):
        bodies = select(h.id, h.body).where(h.id.in_(wanted[start : start + MOST_IDS]))
        effects |= {row.id: _contributions(loads(row.body)) for row in connection.execute(bodies)}
    return {
        deal: [replace(point, contributions=effects[one]) if one in effects else point for one, point in found]
        for deal, found in points.items()
    }


def _ends(points: Sequence[tuple[int, ScorePoint]]) -> list[int]:
    """Ids of the first and the last point of every stretch of at least two by one model."""
    runs = [list(run) for _, run in groupby(points, key=lambda one: one[1].model_generation)]
    return [end[0] for run in runs if len(run) > 1 for end in (run[0], run[-1])]


def _contributions(body: Mapping[str, Any]) -> Mapping[str, float]:
    """By column, those of its reasons where no more was kept."""
    return body.get("contributions") or {one["field"]: one["effect"] for one in body.get("reasons", ())}


def _kept(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the score history keeps of a score: without its reasons where contributions say the same."""
    return {name: value for name, value in body.items() if name not in UNKEPT} if body.get("contributions") else body


def _columns(kind: InsightKind, same_model: bool) -> tuple[str, ...]:
    """What an insight sets; by the same model on the same day, the index of who is behind in those stays as it is."""
    parts = ("revision",) if same_model else ("revision", "generation", "day")
    return tuple(f"{kind.value}_{part}" for part in parts) + SORTED_BY[kind]


def _standing(one: Insight) -> dict[str, Any]:
    key = one.key
    row: dict[str, Any] = {
        "deal": one.deal_id,
        f"new_{one.kind.value}_revision": key.deal_revision,
        f"new_{one.kind.value}_generation": key.model_generation,
        f"new_{one.kind.value}_day": key.business_day,
    }
    for name in SORTED_BY[one.kind]:
        value = one.sort.get(name)
        row[f"new_{name}"] = value if name in WORDS else _finite(value)
    return row


def _finite(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
