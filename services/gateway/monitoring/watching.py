"""One look at the models: what each light needs, the score's part by a niced process of the lead scoring service."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog

from kit.errors import DealcastError
from kit.models import unpack
from services.gateway.domain import Principal
from services.gateway.history_export import exported, scratch_folder
from services.gateway.model_versions import ModelVersions
from services.gateway.monitoring.coverage import coverage
from services.gateway.monitoring.records import ShadowScore, Told
from services.gateway.monitoring.shadows import Shadows
from services.gateway.policies import PolicyDesk
from services.gateway.privacy.withheld import Withheld
from services.gateway.service import Gateway

log = structlog.get_logger(__name__)

SCORING = "lead_scoring"
LOOKED_BACK = timedelta(days=400)
MOST_TOLD = 100_000
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class WatchFailed(DealcastError):
    """The process that looks at the scores ended with an error."""


@dataclass(frozen=True, slots=True)
class Watcher:
    """Looks once."""

    gateway: Gateway
    versions: ModelVersions
    policies: PolicyDesk
    shadows: Shadows
    scratch: Path

    async def look(self, principal: Principal) -> dict[str, Any]:
        """The report: `score`, `forecast`, `actions`, `shadow`. A part that cannot be told has a `why`."""
        try:
            score, shadow = await self._score(principal)
        except DealcastError as error:
            log.warning("scores_not_watched", error=str(error))
            score, shadow = {"why": "not_watched"}, {}
        return {
            "score": score, "forecast": await _or_why(coverage(self.gateway, principal)),
            "actions": await _or_why(self._actions(principal)), "shadow": shadow,
        }  # fmt: skip

    async def _score(self, principal: Principal) -> tuple[dict[str, Any], dict[str, Any]]:
        workspace = self.gateway.workspace
        serving, day = workspace.serving[SCORING], workspace.business_day
        if not serving.generation:
            return {"why": "nothing_serves"}, {}
        champion = self.versions.champion(SCORING) or {}
        told = await self.gateway.store.told_and_came(principal, day - LOOKED_BACK)
        others = await self.shadows.running()
        beside = {one: await self.gateway.store.shadow_told_and_came(principal, one) for one in others}
        found = await self._run(principal, serving.version, told, beside)
        shadow = found.pop("shadow")
        for version, rows in shadow["scores"].items():
            scores = [ShadowScore(deal_id, day, said, served) for deal_id, said, served in rows]
            await self.gateway.store.save_shadow_scores(version, scores)
        if (champion.get("evaluation") or {}).get("model") == "prior":
            found["why"] = "prior"
        return found, shadow["compared"]

    async def _run(
        self, principal: Principal, version: str, told: Sequence[Told], beside: Mapping[str, Sequence[Told]]
    ) -> dict[str, Any]:
        folder = await asyncio.to_thread(scratch_folder, self.scratch, "watch-")
        try:
            await asyncio.to_thread(_write, folder / "told.json", version, told, beside)
            options = ["--told", str(folder / "told.json"), "--out", str(folder / "found.json")]
            options += ["--model", str(await self._unpacked(folder, version))]
            for name in beside:
                options += ["--shadow", f"{name}={await self._unpacked(folder, name)}"]
            store, withheld = self.gateway.store, await Withheld.read(self.gateway.store)
            async with exported(store, self.gateway.workspace, principal, folder, withheld=withheld) as history:
                await _ended(["--history", str(history), *options])
            return dict(json.loads(await asyncio.to_thread((folder / "found.json").read_text, "utf-8")))
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _unpacked(self, folder: Path, version: str) -> Path:
        target = folder / f"model-{version}"
        packed = await self.versions.packed(SCORING, version)
        target.mkdir()
        await asyncio.to_thread(unpack, packed, target)
        return target

    async def _actions(self, principal: Principal) -> dict[str, Any]:
        """What the newest reckoning says of the policy that serves: of the training of what serves."""
        about = await self.policies.about(principal)
        found, policy = about["evaluation"], about["champion"]
        if found is None:
            return {"why": "nothing_serves"}
        value = (found.get("policies") or {}).get(policy) or {}
        because = found.get("why") or value.get("why")
        if because or value.get("value") is None:
            return {"why": "cannot_tell", "because": because or ""}
        apart = (found.get("differences") or {}).items()
        beside = [(other, against.get(policy) or {}) for other, against in apart if other != policy]
        better = [other for other, one in beside if not one.get("why") and (one.get("low") or 0.0) > 0]
        champion = self.versions.champion("next_best_action") or {}
        day = (champion.get("trained") or {}).get("business_day", "")
        told = {name: value.get(name) for name in ("value", "low", "high", "rows", "effective_rows")}
        return {"policy": policy, **told, "better": better[0] if better else "", "day": day}


async def _or_why(part: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    """One that fails keeps the others from nobody."""
    try:
        return await part
    except DealcastError as error:
        log.warning("not_watched", error=str(error))
        return {"why": "not_watched"}


def _write(file: Path, version: str, told: Sequence[Told], beside: Mapping[str, Sequence[Told]]) -> None:
    shadow = {name: _rows(rows) for name, rows in beside.items()}
    document = {"version": version, "rows": _rows(told), "shadow": shadow}
    file.write_text(json.dumps(document), encoding="utf-8")


def _rows(told: Sequence[Told]) -> list[dict[str, Any]]:
    """Those that ended last, where there are very many."""
    return [
        {
            "deal": one.deal_id, "version": one.version, "probability": one.probability,
            "closed": one.closed.isoformat(), "won": one.won, "served": one.served,
        }
        for one in sorted(told, key=lambda one: one.closed, reverse=True)[:MOST_TOLD]
    ]  # fmt: skip


async def _ended(options: Sequence[str]) -> None:
    """Run the service's own look. Raises WatchFailed with the last line it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.lead_scoring", "watch", *options, stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE, env=os.environ | ONE_THREAD,
    )  # fmt: skip
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode != 0:
        last = " ".join(said.decode("utf-8", "replace").strip().splitlines()[-1:])
        raise WatchFailed(f"looking at the scores failed: {last[:300]}", mend="See the gateway's log")
