"""Editions of the action catalogue and of the policies that go with it: kept, and shipped through NATS like a model."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog

from kit.errors import Conflict, NotFound, TooLarge
from kit.models import ModelShelf, Pointer, pack
from learning.action_policies import ActionPolicies, read_policies
from services.gateway.access.members import Act
from services.gateway.actions_client import CatalogueService
from services.gateway.change_log import CATALOGUE as CATALOGUE_KIND
from services.gateway.change_log import note
from services.gateway.jobs import wall_time
from services.gateway.store.interface import Store
from services.gateway.workspace import CATALOGUE, Workspace

log = structlog.get_logger(__name__)

POLICIES = "action_policies"
KEPT_EDITIONS = 50
LARGEST = 500_000  # characters
FILE, POLICIES_FILE = "catalogue.toml", "policies.json"


class ActionCatalogue:
    """Editions of the catalogue. Generation 0 is the file the service was started with; each edit is a new one."""

    def __init__(
        self, store: Store, workspace: Workspace, shelf: ModelShelf, service: CatalogueService,
        told: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._store = store
        self._workspace = workspace
        self._shelf = shelf
        self._service = service
        self._told = told
        self._lock = asyncio.Lock()

    async def about(self, generation: int | None = None) -> dict[str, Any]:
        """An edition with its text, the newest without a generation, and the list of all. Raises NotFound."""
        kept = await self._kept()
        wanted = kept["generation"] if generation is None else generation
        text = await self._store.get_setting(_key(wanted))
        if text is None and wanted == 0 == kept["generation"]:
            text, _ = await self._service.in_use()
        if text is None:
            raise NotFound("there is no such edition of the catalogue", field="generation", value=str(wanted),
                           mend="GET /v1/actions/catalogue lists those that are kept")  # fmt: skip
        return {"generation": wanted, "text": text, "serving": kept["generation"], "editions": kept["editions"]}

    async def check(self, text: str) -> int:
        """How many actions a text has; nothing changes. Raises as `edit`, but for Conflict."""
        if len(text) > LARGEST:
            raise TooLarge("the catalogue is too large", field="text", mend=f"Keep it below {LARGEST} characters")
        return len(await self._service.check(text))

    async def edit(self, text: str, note: str = "", expected: int | None = None, who: str = "") -> dict[str, Any]:
        """Make a text the catalogue; every open deal is ranked anew. Nothing changes where it is what serves already.

        Raises InvalidInput with line and mend where it is no catalogue, Conflict where another than `expected`
        serves, Unavailable while the service or NATS is away.
        """
        async with self._lock:
            before = await self.about()
            if expected is not None and expected != before["generation"]:
                raise Conflict("the catalogue is another by now", field="If-Match", value=str(expected),
                                   mend=f"Read generation {before['generation']} and edit that")  # fmt: skip
            if text == before["text"]:
                return before
            actions = await self.check(text)
            entry = {"note": note, "who": who, "actions": actions}
            await self._serve(text, await self._policies_of(before["generation"]), entry, before)
            await self._note(Act.CATALOGUE_CHANGED, who, before["generation"])
        self._told()
        return await self.about()

    async def serving(self) -> tuple[int, ActionPolicies]:
        """The generation that serves, and its policies."""
        generation = (await self._kept())["generation"]
        return generation, await self._policies_of(generation)

    async def set_policies(
        self, policies: ActionPolicies, note: str, expected: int | None = None, who: str = ""
    ) -> None:
        """Let other policies choose from the same catalogue; every open deal is ranked anew.

        Raises Conflict where another generation than `expected` serves, Unavailable while the service or NATS is away.
        """
        async with self._lock:
            before = await self.about()
            if expected is not None and expected != before["generation"]:
                raise Conflict("the policies are others by now", field="If-Match", value=str(expected),
                               mend=f"Read generation {before['generation']} and edit that")  # fmt: skip
            if policies == await self._policies_of(before["generation"]):
                return
            newest = next(iter(before["editions"]), None)
            actions = newest["actions"] if newest else await self.check(before["text"])
            await self._serve(before["text"], policies, {"note": note, "who": who, "actions": actions}, before)
            await self._note(Act.POLICIES_CHANGED, who, before["generation"])
        self._told()

    async def _note(self, act: Act, who: str, before: int) -> None:
        """In the log: the editions say what is in them."""
        after = self._workspace.catalogue_generation
        await note(self._store, act, who, CATALOGUE_KIND, after, before=before, after=after)

    async def _policies_of(self, generation: int) -> ActionPolicies:
        kept = await self._store.get_setting(f"{POLICIES}/{generation}")
        return read_policies(kept) if kept is not None else ActionPolicies()

    async def _serve(
        self, text: str, policies: ActionPolicies, about: Mapping[str, Any], before: Mapping[str, Any]
    ) -> None:
        if before["generation"] == 0:
            await self._store.put_setting(_key(0), before["text"])
        digest = await self._shelf.put(await asyncio.to_thread(_packed, text, policies))
        there = await self._shelf.pointer(CATALOGUE)
        generation = max(before["generation"], there.generation if there else 0) + 1
        entry = {"generation": generation, "time": wall_time(), "digest": digest, **about}
        editions = [entry, *before["editions"]]
        await self._store.put_setting(_key(generation), text)
        await self._store.put_setting(f"{POLICIES}/{generation}", policies.to_json())
        await self._store.put_setting(CATALOGUE, {"generation": generation, "editions": editions[:KEPT_EDITIONS]})
        for old in editions[KEPT_EDITIONS:]:
            await self._store.put_setting(_key(old["generation"]), None)
            await self._store.put_setting(f"{POLICIES}/{old['generation']}", None)
        self._workspace.catalogue_generation = generation
        await self._shelf.point(CATALOGUE, _pointer(entry))
        await self._store.add_event("catalogue", "", {"generation": generation, "note": about["note"]})
        log.info("catalogue_edited", generation=generation, actions=about["actions"])

    async def refill(self) -> None:
        """Put the serving edition back where NATS has lost it, or holds one of another life."""
        async with self._lock:
            kept = await self._kept()
            if not kept["generation"]:
                return
            entry = kept["editions"][0]
            there = await self._shelf.pointer(CATALOGUE)
            if there == _pointer(entry) and await self._shelf.has(entry["digest"]):
                return
            log.warning("catalogue_refilled", generation=entry["generation"])
            text = str(await self._store.get_setting(_key(entry["generation"])))
            policies = await self._policies_of(entry["generation"])
            await self._shelf.put(await asyncio.to_thread(_packed, text, policies))
            if there is not None and there.generation >= entry["generation"] and there != _pointer(entry):
                await self._store.put_setting(_key(there.generation + 1), text)
                await self._store.put_setting(f"{POLICIES}/{there.generation + 1}", policies.to_json())
                entry = {**entry, "generation": there.generation + 1}
                kept = {"generation": entry["generation"], "editions": [entry, *kept["editions"]][:KEPT_EDITIONS]}
                await self._store.put_setting(CATALOGUE, kept)
                self._workspace.catalogue_generation = entry["generation"]
            await self._shelf.point(CATALOGUE, _pointer(entry))

    async def _kept(self) -> dict[str, Any]:
        return await self._store.get_setting(CATALOGUE) or {"generation": 0, "editions": []}


async def edited_text(store: Store, workspace: Workspace) -> str:
    """The text of the edition that serves; empty where the services' own file does."""
    generation = workspace.catalogue_generation
    return str(await store.get_setting(_key(generation)) or "") if generation else ""


def _key(generation: int) -> str:
    return f"{CATALOGUE}/{generation}"


def _pointer(entry: Mapping[str, Any]) -> Pointer:
    return Pointer(f"edition {entry['generation']}", int(entry["generation"]), str(entry["digest"]))


def _packed(text: str, policies: ActionPolicies) -> bytes:
    with tempfile.TemporaryDirectory(prefix="dealcast-catalogue-") as folder:
        (Path(folder) / FILE).write_text(text, encoding="utf-8", newline="")
        if policies != ActionPolicies():
            given = json.dumps(policies.to_json(), sort_keys=True)
            (Path(folder) / POLICIES_FILE).write_text(given, encoding="utf-8")
        return pack(Path(folder))
