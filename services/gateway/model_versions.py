"""Which trained versions there are, and which one serves: the gateway's side of the model registry.

The registry (MLflow) holds artifacts and evaluations for good; what readers ask for often is kept in the store too,
so that the gateway never loads the registry's libraries itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from kit.errors import Conflict, NotFound
from kit.models import ModelShelf, Pointer
from services.gateway.domain import LOCAL
from services.gateway.jobs import wall_time
from services.gateway.model_audit import RULE, AuditEntry, ModelAct
from services.gateway.store.interface import Store
from services.gateway.workspace import SERVICES, UNTRAINED, Serving, Workspace

log = structlog.get_logger(__name__)

MODELS = "models"
KEPT_PROMOTIONS = 100
NOTHING: Mapping[str, Any] = {}

FetchArtifact = Callable[[str, str], Awaitable[bytes]]  # service, version → packed artifact


class ModelVersions:
    """Versions by service, and promotions. Every promotion and rollback is a new generation."""

    def __init__(
        self,
        store: Store,
        workspace: Workspace,
        shelf: ModelShelf,
        fetch: FetchArtifact,
        told: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._workspace = workspace
        self._shelf = shelf
        self._fetch = fetch
        self._told = told
        self._models: dict[str, dict[str, Any]] = {}
        self._lock = asyncio.Lock()

    async def load(self) -> None:
        """Read what is stored."""
        self._models = await self._store.get_setting(MODELS) or {}

    def about(self, service: str) -> dict[str, Any]:
        """Versions (newest first) and promotions of a service. Raises NotFound."""
        check_service(service)
        known = self._models.get(service, {})
        serving = self._workspace.serving[service]
        return {
            "service": service,
            "serving": {"version": serving.version, "generation": serving.generation, "digest": serving.digest},
            "versions": list(known.get("versions", ())),
            "promotions": list(known.get("promotions", ())),
        }

    def version(self, service: str, version: str) -> dict[str, Any]:
        """One of a service's versions. Raises NotFound."""
        row = next((each for each in self.about(service)["versions"] if each["version"] == version), None)
        if row is None:
            mend = f"Use a version from the list of {service}'s models"
            raise NotFound("there is no such version", field="version", value=version, mend=mend)
        return dict(row)

    def champion(self, service: str) -> dict[str, Any] | None:
        """The version that serves; None where none was trained, or nothing is known of it."""
        serving = self._workspace.serving[service]
        rows = self.about(service)["versions"] if serving.generation else []
        return next((dict(each) for each in rows if each["version"] == serving.version), None)

    async def artifact(self, service: str) -> bytes:
        """What serves, packed: from NATS, else from the registry. Raises DealcastError."""
        return await self.packed(service, self._workspace.serving[service].version)

    async def packed(self, service: str, version: str) -> bytes:
        """A version, packed: from NATS, else from the registry. Raises DealcastError."""
        digest = str(self.version(service, version)["digest"])
        return await self._shelf.get(digest) if await self._shelf.has(digest) else await self._fetch(service, version)

    async def add(self, service: str, version: Mapping[str, Any]) -> None:
        """A newly registered version: version, digest, created_time, evaluation, parameters."""
        async with self._lock:
            known = self._models.setdefault(service, {"versions": [], "promotions": []})
            others = [each for each in known["versions"] if each["version"] != version["version"]]
            known["versions"] = [dict(version), *others]
            await self._store.put_setting(MODELS, self._models)

    async def forget(self) -> None:
        """Let go of every version: services answer by their priors again. Repeating it does no harm.

        What is in NATS goes first, and the list last: where NATS goes away in between, it is done again. Raises
        Unavailable.
        """
        async with self._lock:
            digests = {str(each["digest"]) for of in self._models.values() for each in of["versions"]}
            for service in SERVICES:
                there = await self._shelf.pointer(service)
                if there is None or there.digest:
                    await self._shelf.point(service, Pointer(UNTRAINED, (there.generation if there else 0) + 1, ""))
            for digest in sorted(digests):
                await self._shelf.drop(digest)
            await self._workspace.forget_serving()
            self._models = {}
            await self._store.put_setting(MODELS, {})

    async def mark_erased(self, service: str, version: str, erasure: str) -> None:
        """The version holds a person who was erased: it serves until another does, and never again."""
        row = self.version(service, version)
        await self._change(service, row | {"erased": {"erasure": erasure, "time": wall_time()}})

    async def remove(self, service: str, version: str, erasure: str) -> None:
        """Let go of a version that does not serve: it held a person who was erased. Its figures stay."""
        row = self.version(service, version)
        digest = str(row["digest"])
        kept = [each for of in self._models.values() for each in of["versions"] if not each.get("removed")]
        if not any(each["digest"] == digest and each["version"] != version for each in kept):
            await self._shelf.drop(digest)
        await self._change(service, row | {"removed": {"erasure": erasure, "time": wall_time()}})
        serving = self._workspace.serving[service]
        await self._store.add_model_audit(
            AuditEntry(ModelAct.REMOVED, RULE, f"it held a person who was erased (erasure {erasure})", service, version,
                       serving.version)
        )  # fmt: skip
        log.info("model_removed", service_name=service, version=version, erasure=erasure)
        self._told()

    async def _change(self, service: str, row: Mapping[str, Any]) -> None:
        async with self._lock:
            known = self._models[service]
            known["versions"] = [dict(row) if row["version"] == one["version"] else one for one in known["versions"]]
            await self._store.put_setting(MODELS, self._models)

    async def decided(self, service: str, version: str, decision: Mapping[str, Any]) -> None:
        """Keep with the version what the rule says of it, and in the audit log where it keeps it from serving."""
        row = self.version(service, version) | {"decision": dict(decision)}
        await self.add(service, row)
        if not decision["promote"]:
            before = self._workspace.serving[service].version
            await self._store.add_model_audit(
                AuditEntry(ModelAct.REFUSED, RULE, decision["text"], service, version, before,
                           figures=decision["figures"])
            )  # fmt: skip
            log.info("model_waits", service_name=service, version=version, why=decision["code"])

    async def promote(
        self, service: str, version: str, reason: str, data: bytes | None = None, *, who: str = RULE,
        act: ModelAct = ModelAct.PROMOTED, figures: Mapping[str, Any] = NOTHING,
    ) -> Serving:  # fmt: skip
        """Make the version serve. Raises NotFound where it is not registered, Conflict where it serves already or held
        a person who was erased, Unavailable without NATS."""
        check_service(service)
        row = self.version(service, version)
        if act is ModelAct.PROMOTED and version == self._workspace.serving[service].version:
            raise Conflict("this version serves already", field="version", value=version, mend="Nothing is to be done")
        _refuse_erased(row)
        async with self._lock:
            digest = str(row["digest"])
            if not await self._shelf.has(digest):
                await self._shelf.put(data if data is not None else await self._fetch(service, version))
            there = await self._shelf.pointer(service)
            generation = max(self._workspace.serving[service].generation, there.generation if there else 0) + 1
            serving = Serving(version, generation, digest)
            known = self._models[service]
            before = self._workspace.serving[service].version
            entry = {"version": version, "generation": generation, "time": wall_time(), "reason": reason}
            known["promotions"] = [entry, *known["promotions"]][:KEPT_PROMOTIONS]
            await self._store.put_setting(MODELS, self._models)
            await self._workspace.serve(service, serving)
            await self._shelf.point(service, Pointer(version, generation, digest))
            await self._store.add_event("model", "", {"service": service, "reason": reason, **entry})
            await self._store.add_model_audit(
                AuditEntry(act, who, reason, service, version, before, generation, figures)
            )
        log.info("model_promoted", service_name=service, version=version, generation=generation)
        self._told()
        return serving

    async def rollback(self, service: str, reason: str, version: str = "", *, who: str = RULE) -> Serving:
        """Make a version serve again: the one named, else the one that served before the last promotion.

        Raises Conflict where there was none, where the one named serves, or where the last thing done was a roll back
        and none is named, for it would be undone; NotFound where it is not registered.
        """
        check_service(service)
        now = self._workspace.serving[service].version
        if version and version == now:
            raise Conflict("this version serves", field="version", value=version, mend="Name another, or none")
        target = version or await self._before(service, now)
        return await self.promote(service, target, reason, who=who, act=ModelAct.ROLLED_BACK)

    async def _before(self, service: str, now: str) -> str:
        """The version that served before the one that serves, as the audit log has it."""
        entries = await self._store.list_model_audit(LOCAL, service, limit=KEPT_PROMOTIONS)
        last = next((one for one in entries if one.generation and one.version == now and one.before != now), None)
        known = {row["version"] for row in self.about(service)["versions"]}
        if last is None or last.before not in known:
            mend = "Promote a version by name"
            raise Conflict("no other version has served before", field="service", value=service, mend=mend)
        if last.act is ModelAct.ROLLED_BACK:
            message = (
                f"version {now} serves since version {last.before} was rolled back, so which is meant is not clear"
            )
            mend = "Name the version that is to serve (--to)"
            raise Conflict(message, field="version", value="", mend=mend)
        return last.before

    async def refill(self) -> None:
        """Put artifacts and pointers back where NATS has lost them, or holds those of another life."""
        for service in SERVICES:
            async with self._lock:  # a promotion meanwhile would be undone
                await self._refill(service)

    async def _refill(self, service: str) -> None:
        serving = self._workspace.serving[service]
        if not serving.generation:
            return
        there = await self._shelf.pointer(service)
        mine = Pointer(serving.version, serving.generation, serving.digest)
        if there == mine and await self._shelf.has(serving.digest):
            return
        log.warning("model_refilled", service_name=service, version=serving.version)
        if not await self._shelf.has(serving.digest):
            await self._shelf.put(await self._fetch(service, serving.version))
        if there is not None and there.generation >= mine.generation and there != mine:
            serving = Serving(serving.version, there.generation + 1, serving.digest)
            await self._workspace.serve(service, serving)
        await self._shelf.point(service, Pointer(serving.version, serving.generation, serving.digest))


def _refuse_erased(row: Mapping[str, Any]) -> None:
    """Raises Conflict for a version that is not to serve again."""
    gone = row.get("removed") or row.get("erased")
    if gone:
        message = f"this version held a person who was erased on {gone['time'][:10]}, and is removed"
        raise Conflict(message, field="version", value=row["version"], mend="Name another version, or train anew")


def check_service(service: str) -> None:
    """Raises NotFound where there is no such model service."""
    if service not in SERVICES:
        raise NotFound("there is no such model", field="service", value=service, mend="Use " + ", ".join(SERVICES))
