"""What was booked in periods that are over, without the rest of their totals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from learning.fiscal import FiscalPeriod
from learning.records import Node
from services.gateway.amount_types import AmountType
from services.gateway.domain import Principal, Scope
from services.gateway.rollup import OWNER, with_unplaced
from services.gateway.service import Gateway
from services.gateway.store.interface import Won

Booked = dict[str, dict[str, int]]  # by period and node


async def booked_in(
    gateway: Gateway, principal: Principal, periods: Sequence[FiscalPeriod], node: str, currency: str,
    kind: AmountType | None = None,
) -> dict[FiscalPeriod, int]:  # fmt: skip
    """Of a node by period, in minor units, in the tree as it stood at the period's end; periods are left out in which
    the node was none, or whose total the principal does not see."""
    wanted = tuple(sorted(periods, key=lambda one: (one.end, one.start)))  # whoever asks for the same shares it

    async def make() -> dict[str, Any]:
        return {"found": await _of_all(gateway, principal, wanted, currency, kind)}

    who = "" if principal.scope is Scope.ALL else principal.user_id
    asked = ("booked", principal.scope, who, wanted, currency, kind)
    found: Booked = (await gateway.kept_totals.of(await gateway.edition(), asked, make))["found"]
    return {one: found[str(one)][node] for one in periods if node in found[str(one)]}


async def _of_all(
    gateway: Gateway, principal: Principal, periods: Sequence[FiscalPeriod], currency: str, kind: AmountType | None
) -> Booked:
    store, found = gateway.store, {}
    for period in periods:
        source = await gateway.source(kind, period)
        won = await source.won(store, principal, period.start, period.end)
        tree, seen = await store.tree(principal, period.end), await store.nodes_within(principal, period.end)
        sums = _up(with_unplaced(tree, {one.owner_id for one in won}), [one for one in won if one.currency == currency])
        found[str(period)] = {name: minor for name, minor in sums.items() if seen is None or name in seen}
    return found


def _up(tree: Sequence[Node], won: Iterable[Won]) -> dict[str, int]:
    """What the owners booked, summed towards the company."""
    sums = dict.fromkeys((node.id for node in tree), 0)
    for one in won:
        sums[OWNER + one.owner_id] += one.minor
    for node in reversed(tree):  # parents stand before children
        if node.parent:
            sums[node.parent] += sums[node.id]
    return sums
