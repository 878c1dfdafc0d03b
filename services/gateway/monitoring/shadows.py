"""Challengers that score along unseen: started and ended by people, compared with what serves on the same records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kit.errors import Conflict, InvalidInput, NotFound
from services.gateway.domain import Principal
from services.gateway.jobs import wall_time
from services.gateway.model_audit import AuditEntry, ModelAct
from services.gateway.model_versions import ModelVersions
from services.gateway.store.interface import Store
from services.gateway.workspace import Workspace

KEY = "shadow_models"
SCORING = "lead_scoring"
MOST = 3  # at once: each is a model to load and rows to keep


@dataclass(frozen=True, slots=True)
class Shadows:
    """Versions of lead scoring that score open deals once a business day, beside the one that serves."""

    store: Store
    workspace: Workspace
    versions: ModelVersions

    async def all(self) -> Mapping[str, Mapping[str, Any]]:
        """By version: since which business day, who started it, when and why."""
        found: dict[str, Mapping[str, Any]] = await self.store.get_setting(KEY) or {}
        return found

    async def running(self) -> list[str]:
        """Versions that score along: those that came to serve meanwhile no longer do."""
        serving = self.workspace.serving[SCORING].version
        return [version for version in await self.all() if version != serving]

    async def start(self, principal: Principal, service: str, version: str, reason: str) -> None:
        """Raises InvalidInput, NotFound, Conflict where it serves, scores along already, or enough others do."""
        _check(service)
        self.versions.version(SCORING, version)
        known = await self.all()
        if version == self.workspace.serving[SCORING].version:
            raise Conflict("this version serves", field="version", value=version, mend="Name one that does not")
        if version in known:
            raise Conflict(
                "this version scores along already", field="version", value=version, mend="Wait till deals end"
            )
        if len(known) >= MOST:
            raise Conflict(f"{len(known)} versions score along already", field="version", value=version,
                           mend="End one first")  # fmt: skip
        day = self.workspace.business_day.isoformat()
        entry = {"since": day, "who": principal.id, "time": wall_time(), "reason": reason}
        await self.store.put_setting(KEY, {**known, version: entry})
        await self._audit(ModelAct.SHADOW_STARTED, principal, version, reason)

    async def end(self, principal: Principal, service: str, version: str, reason: str, last: Mapping[str, Any]) -> None:
        """Let go of its scores; `last`, what was found of it, stays in the audit log. Raises InvalidInput, NotFound."""
        _check(service)
        known = dict(await self.all())
        if version not in known:
            raise NotFound("this version does not score along", field="version", value=version,
                           mend="GET /v1/monitoring lists those that do")  # fmt: skip
        del known[version]
        await self.store.put_setting(KEY, known)
        await self.store.drop_shadow_scores(version)
        await self._audit(ModelAct.SHADOW_ENDED, principal, version, reason, last)

    async def _audit(
        self, act: ModelAct, principal: Principal, version: str, reason: str, figures: Mapping[str, Any] | None = None
    ) -> None:
        before = self.workspace.serving[SCORING].version
        await self.store.add_model_audit(
            AuditEntry(act, principal.id, reason, SCORING, version, before, figures=figures or {})
        )


def _check(service: str) -> None:
    if service != SCORING:
        raise InvalidInput("only lead scoring has versions that score along", field="service", value=service,
                           mend=f"Use {SCORING}")  # fmt: skip
