"""Pipeline that is not there yet: so many deals of an amount, a stage, an owner and a promised day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kit.errors import NotFound
from kit.money import Money
from learning.records import Deal, DealHistory, Node
from services.gateway.domain import Principal
from services.gateway.json_checks import Problems, Reader, check_day, check_money, check_number
from services.gateway.service import Gateway

KEYS = ("count", "amount", "stage", "pipeline", "owner_id", "close_date", "probability")
MOST_KINDS, MOST_ADDED = 50, 1_000


@dataclass(frozen=True, slots=True)
class Added:
    """`count` new deals alike. probability: of being won; None: as past deals were."""

    count: int
    amount: Money | None
    stage: str
    pipeline: str
    owner_id: str
    close_date: date | None
    probability: float | None


@dataclass(frozen=True, slots=True)
class NewDeals:
    """The deals as the forecast service takes them."""

    history: DealHistory
    count: int
    probability: float | None


def added_of(reader: Reader, problems: Problems) -> list[Added]:
    """What a document adds. Everything that is wrong is noted in the problems."""
    found = []
    for path, element in reader.items("added", MOST_KINDS):
        one = Reader(element, problems, KEYS, path=path)
        count = one.take("count", check_number, default=1.0)
        if count != int(count) or not 1 <= count <= MOST_ADDED:
            problems.add(one.name("count"), count, "this is no number of deals", f"give 1 to {MOST_ADDED}")
        chance = one.take("probability", check_number, default=None)
        if chance is not None and not 0 <= chance <= 1:
            problems.add(one.name("probability"), chance, "this is no probability", "give a number from 0 to 1")
        amount = one.take("amount", check_money, default=None)
        day = one.take("close_date", check_day, default=None)
        texts = {name: str(one.text(name) or "") for name in ("stage", "pipeline", "owner_id")}
        found.append(Added(int(count), amount, **texts, close_date=day, probability=chance))
    if sum(one.count for one in found) > MOST_ADDED:
        problems.add("added", len(found), f"more than {MOST_ADDED} deals in all", "add fewer")
    return found


async def new_deals(gateway: Gateway, principal: Principal, added: Sequence[Added]) -> list[NewDeals]:
    """The deals as they would stand today. Raises NotFound for an owner who is none, or not seen."""
    tree = {node.id: node for node in await gateway.store.tree(principal, gateway.workspace.business_day)}
    return [
        NewDeals(_history(gateway, each, _path(tree, each.owner_id), place), each.count, each.probability)
        for place, each in enumerate(added)
    ]


def _path(tree: Mapping[str, Node], owner_id: str) -> tuple[Node, ...]:
    if not owner_id:
        return ()
    path: list[Node] = []
    node = tree.get(f"owner:{owner_id}")
    if node is None:
        mend = "Name an owner in GET /v1/forecast, or leave owner_id out"
        raise NotFound("there is no such owner", field="owner_id", value=owner_id, mend=mend)
    while node is not None:
        path.append(node)
        node = tree.get(node.parent)
    return tuple(reversed(path))


def _history(gateway: Gateway, each: Added, path: tuple[Node, ...], place: int) -> DealHistory:
    values: dict[str, Any] = {"pipeline": each.pipeline} if each.pipeline else {}
    deal = Deal(
        f"added-{place}", 1, stage=each.stage, owner_id=each.owner_id, amount=each.amount,
        created_time=gateway.workspace.now(), close_date=each.close_date, **values,
    )  # fmt: skip
    return DealHistory(deal, owner_path=path)
