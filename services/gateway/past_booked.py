"""What was booked of a node in periods that are over, without the rest of their totals."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from learning.fiscal import FiscalPeriod
from services.gateway.amount_types import AmountType
from services.gateway.domain import Principal
from services.gateway.rollup import Parts, nodes_json
from services.gateway.service import Gateway


async def booked_in(
    gateway: Gateway, principal: Principal, periods: Iterable[FiscalPeriod], node: str, currency: str,
    kind: AmountType | None = None,
) -> dict[FiscalPeriod, Decimal]:  # fmt: skip
    """By period, in the tree as it stood at its end; those are left out in which the node was none, or whose total the
    principal does not see."""
    store, found = gateway.store, {}
    for period in periods:
        source = await gateway.source(kind, period)
        won = await source.won(store, principal, period.start, period.end)
        tree, seen = await store.tree(principal, period.end), await store.nodes_within(principal, period.end)
        rows = nodes_json(Parts(currency, tree, won, (), (), {}, past=True, seen=seen), only=node)
        if rows and rows[0]["booked"] is not None:
            found[period] = Decimal(rows[0]["booked"])
    return found
