"""The audit log of models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, insert, select

from kit.errors import Forbidden
from services.gateway.access.members import AccessEvent, Act
from services.gateway.domain import Principal, Scope
from services.gateway.model_audit import AuditEntry, ModelAct
from services.gateway.store.codec import dumps, from_us, loads, to_us
from services.gateway.store.context import Part
from services.gateway.store.logged import event_row, insert_events
from services.gateway.store.reads import bounded
from services.gateway.store.tables_models import model_audit

A = model_audit.c
IN_BODY = ("who", "reason", "version", "before", "generation")
# What stands in the log of all changes, too. A version that the rule keeps waiting changes nothing; the removal of the
# sample company has its entry by whoever asked for it.
IN_LOG: Mapping[ModelAct, Act] = {
    ModelAct.PROMOTED: Act.MODEL_PROMOTED, ModelAct.ROLLED_BACK: Act.MODEL_ROLLED_BACK,
    ModelAct.RULES_CHANGED: Act.MODEL_RULES_CHANGED, ModelAct.SHADOW_STARTED: Act.SHADOW_STARTED,
    ModelAct.SHADOW_ENDED: Act.SHADOW_ENDED, ModelAct.REMOVED: Act.MODEL_REMOVED,
}  # fmt: skip


class ModelAudit(Part):
    """What ModelAuditStore promises."""

    async def add_model_audit(self, entry: AuditEntry) -> AuditEntry:
        """Keep an entry."""
        body = {name: getattr(entry, name) for name in IN_BODY} | {"figures": dict(entry.figures)}
        row = {"time": to_us(entry.time), "service": entry.service, "act": entry.act.value, "body": dumps(body)}

        def work(connection: Connection) -> AuditEntry:
            key = connection.execute(insert(model_audit).values(row)).inserted_primary_key
            if (logged := _logged(entry)) is not None:
                insert_events(connection, [event_row(logged)])
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


def _logged(entry: AuditEntry) -> AccessEvent | None:
    """The entry in the log of all changes, None where nothing changed: why, and on which figures, stands with the
    model."""
    act = IN_LOG.get(entry.act)
    if act is None:
        return None
    detail: dict[str, Any] = {"before": entry.before, "after": entry.version} if entry.version else {}
    if entry.act is ModelAct.RULES_CHANGED:
        before, after = (_flat(entry.figures.get(name, {})) for name in ("before", "after"))
        others = [name for name in after if after[name] != before.get(name)]
        if entry.figures and not others:
            return None
        detail = {
            "before": {name: before.get(name) for name in others},
            "after": {name: after[name] for name in others},
        }
    return AccessEvent(act, "", entry.who, "", detail, entry.time, 0, "model", entry.service)


def _flat(rules: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Rules by their names alone, of which each is of one kind: promotion.max_age_days."""
    return {f"{kind}.{name}": value for kind, named in rules.items() for name, value in named.items()}
