"""Alerts on the models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from kit.errors import Conflict, NotFound
from services.gateway.domain import Principal
from services.gateway.monitoring.records import Alert, AlertState, Level
from services.gateway.store.codec import dumps, from_us, loads, to_us
from services.gateway.store.database import Database
from services.gateway.store.monitoring import sees_all
from services.gateway.store.reads import Reads, bounded
from services.gateway.store.tables_monitoring import alerts
from services.gateway.store.touching import Touching

A = alerts.c


class Alerts(Reads, Touching):
    """What MonitoringStore promises of alerts."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._finish_alerts = database.many(
            update(alerts).where(A.id == bindparam("row")).values(published=bindparam("known"))
        )

    async def save_alerts(self, raised: Sequence[Alert], over: Sequence[int]) -> list[Alert]:
        """Keep new alerts, and close those whose cause is gone."""

        def work(connection: Connection) -> list[Alert]:
            now = datetime.now(UTC)
            for alert_id in over:
                row = connection.execute(select(alerts).where(A.id == alert_id)).one()
                one = replace(_alert(row), ongoing=False)
                if one.state is not AlertState.CLOSED:
                    one = replace(one, state=AlertState.CLOSED, changed=now)
                    self._tell(connection, one, now)
                connection.execute(update(alerts).where(A.id == alert_id).values(_row(one)))
            kept = []
            for one in raised:
                key = connection.execute(insert(alerts).values(_row(one) | {"published": ""})).inserted_primary_key
                kept.append(replace(one, id=int(key[0]) if key else 0))
                self._tell(connection, kept[-1], now)
            return kept

        return await self._database.write(work)

    async def list_alerts(
        self, principal: Principal, state: str = "", before: int = 0, limit: int = 100, *, ongoing: bool = False
    ) -> list[Alert]:
        """Newest first."""
        sees_all(principal, "alerts")
        found = select(alerts).order_by(A.id.desc()).limit(bounded(limit))
        if state:
            found = found.where(A.state == state)
        if before:
            found = found.where(A.id < before)
        if ongoing:
            found = found.where(A.ongoing.is_(True))

        def work(connection: Connection) -> list[Alert]:
            return [_alert(row) for row in connection.execute(found)]

        return await self._database.read(work)

    async def change_alert(self, principal: Principal, alert_id: int, state: AlertState, note: str) -> Alert:
        """Acknowledge or close one."""
        sees_all(principal, "alerts")

        def work(connection: Connection) -> Alert:
            row = connection.execute(select(alerts).where(A.id == alert_id)).first()
            if row is None:
                mend = "List the alerts to find its id"
                raise NotFound("there is no such alert", field="id", value=str(alert_id), mend=mend)
            one = _alert(row)
            if one.state in (state, AlertState.CLOSED):
                mend = "Nothing is to be done"
                raise Conflict(f"this alert is {one.state.lower()}", field="id", value=str(alert_id), mend=mend)
            now = datetime.now(UTC)
            one = replace(one, state=state, who=principal.id, note=note, changed=now)
            connection.execute(update(alerts).where(A.id == alert_id).values(_row(one)))
            self._tell(connection, one, now)
            return one

        return await self._database.write(work)

    async def unpublished_alerts(self, limit: int) -> list[Alert]:
        """Those in a state that the stream does not know of yet."""
        found = select(alerts).where(A.published != A.state).order_by(A.id).limit(bounded(limit))

        def work(connection: Connection) -> list[Alert]:
            return [_alert(row) for row in connection.execute(found)]

        return await self._database.read(work)

    async def finish_alerts(self, known: Sequence[Alert]) -> None:
        """The stream knows of these states."""
        rows = [{"row": one.id, "known": one.state.value} for one in known]
        await self._database.write(lambda connection: self._finish_alerts.run(connection, rows), durable=False)

    def _tell(self, connection: Connection, one: Alert, now: datetime) -> None:
        data = {
            "id": str(one.id), "subject": one.subject, "level": one.level.value, "state": one.state.value,
            "code": one.code,
        }  # fmt: skip
        self._add_events(connection, [("", "alert", data)], to_us(now))


def _row(one: Alert) -> dict[str, Any]:
    body = {
        "code": one.code, "facts": dict(one.facts), "day": one.day.isoformat(), "time": to_us(one.time),
        "who": one.who, "note": one.note, "changed": None if one.changed is None else to_us(one.changed),
    }  # fmt: skip
    return {
        "subject": one.subject, "level": one.level.value, "state": one.state.value, "ongoing": one.ongoing,
        "body": dumps(body),
    }  # fmt: skip


def _alert(row: Any) -> Alert:
    body = loads(row.body)
    changed = body["changed"]
    return Alert(
        row.subject, Level(row.level), body["code"], body["facts"], date.fromisoformat(body["day"]),
        from_us(body["time"]), AlertState(row.state), bool(row.ongoing), body["who"], body["note"],
        None if changed is None else from_us(changed), int(row.id),
    )  # fmt: skip
