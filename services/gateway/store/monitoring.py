"""Reports on the models, and scores beside outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, Connection, DateTime, cast, delete, extract, func, select

from kit.errors import Forbidden
from learning.records import DealKind, Outcome
from services.gateway.domain import Principal, Scope
from services.gateway.monitoring.records import ShadowScore, Told
from services.gateway.store import tables as t
from services.gateway.store.codec import dumps, loads, to_us
from services.gateway.store.database import Database
from services.gateway.store.reads import Reads, bounded
from services.gateway.store.tables_monitoring import monitoring_days, shadow_scores

KEPT_DAYS = 800
WEEK_US = 7 * 24 * 3600 * 1_000_000
D, H, M, S = t.deals.c, t.score_history.c, monitoring_days.c, shadow_scores.c
ENDED = (D.outcome.in_((Outcome.WON.value, Outcome.LOST.value)), ~D.deleted, D.kind == DealKind.OPPORTUNITY.value)


class Monitoring(Reads):
    """What MonitoringStore promises of reports and scores."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._save_monitoring_days = database.upsert(monitoring_days)
        self._save_shadow_scores = database.upsert(shadow_scores)

    async def told_and_came(self, principal: Principal, after: date) -> list[Told]:
        """What was served on opportunities that have closed since."""
        sees_all(principal, "monitoring")
        # a deal is scored anew with every change of it, and every day
        last = (
            select(func.max(H.id).label("id"))
            .join_from(t.score_history, t.deals, H.deal_id == D.id)
            .where(*ENDED, D.closed_date > after.isoformat(), H.as_of < self._midnight_us(D.closed_date))
            .group_by(H.deal_id, H.as_of // WEEK_US)
            .subquery()
        )
        rows = select(D.id, D.outcome, D.closed_date, H.key, H.model_version, H.sort, H.body).select_from(
            last.join(t.score_history, H.id == last.c.id).join(t.deals, H.deal_id == D.id)
        )

        def work(connection: Connection) -> list[Told]:
            return [one for row in connection.execute(rows) if (one := _told(row)) is not None]

        return await self._database.read(work)

    def _midnight_us(self, day: Column[Any]) -> ColumnElement[int]:
        """When a day began."""
        if self._database.is_sqlite:
            return cast(func.strftime("%s", day), BigInteger) * 1_000_000
        return cast(extract("epoch", cast(day, DateTime)), BigInteger) * 1_000_000

    async def save_monitoring_day(self, day: date, body: Mapping[str, Any]) -> None:
        """Keep the report of a day."""

        def work(connection: Connection) -> None:
            last = connection.execute(select(func.max(M.time))).scalar() or 0
            made = max(to_us(datetime.now(UTC)), last + 1)  # a wall clock set back must not hide the newest
            self._save_monitoring_days.run(connection, [{"day": day.isoformat(), "time": made, "body": dumps(body)}])
            old = (day - timedelta(days=KEPT_DAYS)).isoformat() if day.toordinal() > KEPT_DAYS else ""
            connection.execute(delete(monitoring_days).where(M.day < old))

        await self._database.write(work)

    async def monitoring_days(self, principal: Principal, limit: int) -> list[tuple[date, Mapping[str, Any]]]:
        """Reports, the one made last first."""
        sees_all(principal, "monitoring")
        found = select(M.day, M.body).order_by(M.time.desc()).limit(bounded(limit))

        def work(connection: Connection) -> list[tuple[date, Mapping[str, Any]]]:
            return [(date.fromisoformat(row.day), loads(row.body)) for row in connection.execute(found)]

        return await self._database.read(work)

    async def save_shadow_scores(self, version: str, scores: Sequence[ShadowScore]) -> None:
        """Keep what a challenger said."""
        rows = [
            {
                "version": version, "deal_id": one.deal_id, "day": one.day.isoformat(),
                "week": (one.day - timedelta(days=one.day.weekday())).isoformat(),
                "probability": one.probability, "served": one.served,
            }
            for one in scores
        ]  # fmt: skip
        await self._database.write(lambda connection: self._save_shadow_scores.run(connection, rows))

    async def shadow_told_and_came(self, principal: Principal, version: str) -> list[Told]:
        """What a challenger said of records that have ended."""
        sees_all(principal, "monitoring")
        found = (
            select(D.id, D.outcome, D.closed_date, S.day, S.probability, S.served)
            .join_from(shadow_scores, t.deals, S.deal_id == D.id)
            .where(S.version == version, *ENDED, S.day < D.closed_date)
            .order_by(D.id, S.week)
        )

        def work(connection: Connection) -> list[Told]:
            return [
                Told(row.id, version, date.fromisoformat(row.day), row.probability,
                     date.fromisoformat(row.closed_date), row.outcome == Outcome.WON.value, row.served)
                for row in connection.execute(found)
            ]  # fmt: skip

        return await self._database.read(work)

    async def drop_shadow_scores(self, version: str) -> int:
        """Let go of what a challenger said."""
        gone = delete(shadow_scores).where(S.version == version)
        return await self._database.write(lambda connection: int(connection.execute(gone).rowcount))


def _told(row: Any) -> Told | None:
    if loads(row.body).get("horizon_days"):
        return None  # said of a lead: its chance to convert
    probability, key = float(loads(row.sort)["probability"]), loads(row.key)
    closed = date.fromisoformat(row.closed_date)
    won = row.outcome == Outcome.WON.value
    return Told(row.id, row.model_version, date.fromisoformat(key[2]), probability, closed, won)


def sees_all(principal: Principal, of: str) -> None:
    """Raises Forbidden for who does not see all: it tells of the whole company."""
    if principal.scope is not Scope.ALL:
        mend = "Ask somebody who sees all records"
        raise Forbidden("you may not read how the models do", field=of, mend=mend)
