"""Trees that totals are taken over beside the reporting line: what RevOps defines, and what comes of itself."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog

from kit.errors import DealcastError, InvalidInput, NotFound
from learning.placements import ACCOUNT, ACCOUNT_FIELD, FIELD, OF_DEALS, OF_LINES, PIPELINE, REPORTING, Tree
from learning.records import FieldDefinition, FieldType, Outcome
from services.gateway.domain import LOCAL
from services.gateway.live import wait_either
from services.gateway.service import Gateway

log = structlog.get_logger(__name__)

MOST_TREES, MOST_LEVELS, MOST_LEAVES = 5, 4, 1_000
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
TAKEN = (REPORTING, "company", "region", "manager", "owner", "unallotted")
BUILT_IN = (*OF_DEALS, *OF_LINES, ACCOUNT)
WORDS = (FieldType.TEXT, FieldType.CHOICE, FieldType.YES_NO)
EXAMPLE = 'Send {"trees": [{"name": "territory", "levels": ["account.fields.country", "account.fields.city"]}]}'
LOOK_SECONDS = 30.0


def trees_json(trees: Iterable[Tree]) -> dict[str, Any]:
    """As programs see them."""
    return {"trees": [{"name": tree.name, "levels": list(tree.levels)} for tree in trees]}


def find_tree(gateway: Gateway, name: str) -> Tree:
    """A defined tree. Raises NotFound that names those there are."""
    for tree in gateway.workspace.trees:
        if tree.name == name:
            return tree
    known = ", ".join((REPORTING, *(tree.name for tree in gateway.workspace.trees)))
    mend = f"Ask for one of {known}, or define it: PUT /v1/forecast/trees"
    raise NotFound("there is no such tree", field="tree", value=name[:60], mend=mend)


async def define_trees(gateway: Gateway, given: Any) -> dict[str, Any]:
    """Put these trees in the place of those there are; open deals are published anew. Raises InvalidInput."""
    trees = read_trees(given, await gateway.store.list_fields())
    await _check_leaves(gateway, trees)
    await gateway.workspace.set_trees(trees)
    return trees_json(trees)


def read_trees(given: Any, fields: Sequence[FieldDefinition]) -> tuple[Tree, ...]:
    """Raises InvalidInput naming what is wrong."""
    if not isinstance(given, list) or len(given) > MOST_TREES:
        raise InvalidInput(f"these are not 0 to {MOST_TREES} trees", field="trees", value=str(given)[:60], mend=EXAMPLE)
    trees: list[Tree] = []
    for place, one in enumerate(given):
        path = f"trees[{place}]"
        if not isinstance(one, Mapping) or set(one) != {"name", "levels"}:
            raise InvalidInput("this is no tree", field=path, value=str(one)[:60], mend=EXAMPLE)
        name, levels = one["name"], one["levels"]
        if not isinstance(name, str) or not NAME.fullmatch(name) or name in TAKEN or name in {t.name for t in trees}:
            mend = "Give each another name of small letters, digits and _, none of " + ", ".join(TAKEN)
            raise InvalidInput("no tree can have this name", field=f"{path}.name", value=str(name)[:60], mend=mend)
        if (
            not isinstance(levels, list)
            or not 1 <= len(levels) <= MOST_LEVELS
            or len(set(map(str, levels))) < len(levels)
        ):
            mend = f"Give 1 to {MOST_LEVELS} different levels from the top down"
            raise InvalidInput("these are no levels", field=f"{path}.levels", value=str(levels)[:60], mend=mend)
        for depth, level in enumerate(levels):
            _check_level(f"{path}.levels[{depth}]", level, fields)
        trees.append(Tree(name, tuple(levels)))
    return tuple(trees)


def _check_level(path: str, level: Any, fields: Sequence[FieldDefinition]) -> None:
    prefixes = {"deal": FIELD, "account": ACCOUNT_FIELD}
    known = {prefixes[one.entity] + one.name: one.type for one in fields if one.entity in prefixes}
    if level in BUILT_IN or (isinstance(level, str) and known.get(level) in WORDS):
        return
    if isinstance(level, str) and level in known:
        raise InvalidInput(f"the field holds a {known[level]}", field=path, value=level[:60],
                           mend="Name a field of text, choices or yes and no")  # fmt: skip
    words = sorted(name for name, kind in known.items() if kind in WORDS)
    mend = "Use one of " + ", ".join([*BUILT_IN, *words[:20]])
    raise InvalidInput("there is no such field", field=path, value=str(level)[:60], mend=mend)


async def _check_leaves(gateway: Gateway, trees: Sequence[Tree]) -> None:
    """A tree of thousands of leaves says nothing to anybody and holds scenarios for each. Raises InvalidInput."""
    placed = await gateway.store.placed_deals(LOCAL, Outcome.OPEN, trees=trees)
    for place, tree in enumerate(trees):
        leaves = {each.path[-1].id for deal in placed for each in deal.placements if each.tree == tree.name}
        if len(leaves) > MOST_LEAVES:
            raise InvalidInput(f"the open deals stand in more than {MOST_LEAVES:,} places of this tree",
                               field=f"trees[{place}].levels", value=f"{len(leaves):,}",
                               mend="Leave the lowest level out, or name a field with fewer values")  # fmt: skip


class PipelineWatch:
    """Defines the tree `pipeline` as soon as there are deals of two pipelines, unless trees were ever defined."""

    name = "pipeline-watch"
    ready = True

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._seen = -1

    async def run(self, stop: asyncio.Event) -> None:
        """Until stopped, or until trees are defined."""
        while not stop.is_set() and not self._gateway.workspace.trees_edition:
            try:
                await self.look()
            except DealcastError as error:
                log.warning("pipelines_not_read", error=error.problem)
            await wait_either(stop, stop, LOOK_SECONDS)
        await stop.wait()

    async def look(self) -> None:
        """Where something changed since it last looked."""
        event = await self._gateway.store.last_event_id()
        if event == self._seen or self._gateway.workspace.trees_edition:
            return
        self._seen = event
        if len(await self._gateway.store.list_pipelines(LOCAL)) > 1:
            await self._gateway.workspace.set_trees((Tree(PIPELINE, (PIPELINE,)),))
