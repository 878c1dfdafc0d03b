"""The audit log of models."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, insert, select

from kit.errors import Forbidden
from services.gateway.domain import Principal, Scope
from services.gateway.model_audit import AuditEntry, ModelAct
from services.gateway.store.codec import dumps, from_us, loads, to_us
from services.gateway.store.context import Part
from services.gateway.store.reads import bounded
from services.gateway.store.tables_models import model_audit

A = model_audit.c
IN_BODY = ("who", "reason", "version", "before", "generation")


class ModelAudit(Part):
    """What ModelAuditStore promises."""

    async def add_model_audit(self, entry: AuditEntry) -> AuditEntry:
        """Keep an entry."""
        body = {name: getattr(entry, name) for name in IN_BODY} | {"figures": dict(entry.figures)}
        row = {"time": to_us(entry.time), "service": entry.service, "act": entry.act.value, "body": dumps(body)}

        def work(connection: Connection) -> AuditEntry:
            key = connection.execute(insert(model_audit).values(row)).inserted_primary_key
            return replace(entry, id=int(key[0]) if key else 0)

        return await self._database.write(work)

    async def list_model_audit(
        self, principal: Principal, service: str = "", before: int = 0, limit: int = 100
    ) -> list[AuditEntry]:
        """Entries, newest first."""
        if principal.scope is not Scope.ALL:
            mend = "Ask somebody who sees all records"
            raise Forbidden("you may not read what was done to models", field="model_audit", mend=mend)
        found = select(model_audit).order_by(A.id.desc()).limit(bounded(limit))
        if service:
            found = found.where(A.service.in_((service, "")))
        if before:
            found = found.where(A.id < before)

        def work(connection: Connection) -> list[AuditEntry]:
            return [_entry(row) for row in connection.execute(found).all()]

        return await self._database.read(work)


def _entry(row: Any) -> AuditEntry:
    return AuditEntry(ModelAct(row.act), service=row.service, time=from_us(row.time), id=row.id, **loads(row.body))
