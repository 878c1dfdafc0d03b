"""Closing the gap: the fewest deals whose winning in a period raises P(quota met) most, each with its effect.

Every candidate is tried on the forecast service's own scenarios: the deal is taken out of what is open, its amount is
booked, and what is left must reach the rest of the quota. The best is kept and the others are tried again beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from kit.errors import Forbidden, InvalidInput
from kit.money import Money, format_minor
from learning.fiscal import FiscalPeriod, Grain
from learning.placements import Tree, cut_at, holders, tree_of
from learning.records import Node, Outcome, Placement
from services.gateway.amount_types import AmountType
from services.gateway.domain import InsightKind, Principal, Record
from services.gateway.forecast_client import Simulator
from services.gateway.forecast_days import to_minor
from services.gateway.quarter_totals import View
from services.gateway.rollup import COMPANY, chance
from services.gateway.service import Gateway
from services.gateway.store.interface import Store

LOOKED_AT = 100  # of the open deals below the node, those with the largest amounts
TRIED = 24  # alone
TRIED_AGAIN = 8  # beside those that are chosen already
LEAST_GAIN = 0.005
ENOUGH = 0.995


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open deal with what its winning would bring; `amount` as it counts."""

    record: Record
    amount: Money
    probability: float  # of being won in the period
    won: Record  # the deal as it would be, won

    def brings(self, aim: Aim) -> int:
        """What of its amount is booked at the node."""
        history = self.record.history
        parts = aim.placed(history.placements) if aim.tree else aim.held(holders(history.deal))
        minors = cut_at(self.amount.minor, [share for _, share in parts])
        return sum(minor for (inside, _), minor in zip(parts, minors, strict=True) if inside)


@dataclass(frozen=True, slots=True)
class Aim:
    """What is to be reached, in minor units without what is booked."""

    node: str
    view: View
    currency: str
    needed: int
    day: date
    below: frozenset[str]  # the owners at or below the node
    kind: AmountType | None  # None: of amounts
    tree: Tree | None  # of the node; None: the reporting line

    def held(self, shared: Iterable[tuple[str, int]]) -> list[tuple[bool, int]]:
        """Of a deal's parts by owner, whether each counts at the node, and its share. At the company also those of
        owners who stand nowhere, or of nobody."""
        return [(self.node == COMPANY or owner in self.below, share) for owner, share in shared]

    def placed(self, placements: Iterable[Placement]) -> list[tuple[bool, int]]:
        """The same of a deal's parts by place in the node's tree."""
        mine = [each for each in placements if self.tree and each.tree == self.tree.name]
        return [(self.node in {node.id for node in each.path}, each.share) for each in mine]

    @property
    def field(self) -> str:
        """The custom field whose numbers count, empty for amounts."""
        return self.kind.field if self.kind else ""


async def close_gap(
    gateway: Gateway, simulator: Simulator, principal: Principal, period: FiscalPeriod, node: str, currency: str,
    most: int, kind: AmountType | None = None,
) -> dict[str, Any]:  # fmt: skip
    """At most `most` deals, best first. Raises InvalidInput without a quota, NotFound, Forbidden, Unavailable."""
    if period.end <= gateway.workspace.business_day:
        raise InvalidInput("the period is over", field="period", value=str(period), mend="Name one that is not")
    view = View.of(period, gateway.workspace)
    if not view.quarters:
        mend = "Name one that ends within four quarters"
        raise InvalidInput("the forecast tells nothing of this period", field="period", value=str(period), mend=mend)
    tree = next((one for one in gateway.workspace.trees if one.name == tree_of(node)), None)
    whole = await gateway.forecast(principal, str(period), node or COMPANY, currency, tree, kind)
    [row], money = whole["nodes"], whole["currency"]
    if row["booked"] is None:
        raise Forbidden("you do not see all of this node", field="node", value=row["node"], mend="Name one below you")
    quota, booked = to_minor(row["quota"], money), to_minor(row["booked"], money) or 0
    if quota is None:
        mend = "PUT /v1/quotas, or name a node that has one"
        raise InvalidInput("this node has no quota", field="node", value=row["node"], mend=mend)
    below = owners_below(await gateway.store.tree(principal, gateway.workspace.business_day), row["node"])
    aim = Aim(row["node"], view, money, quota - booked, gateway.workspace.business_day, below, kind, tree)
    candidates = await _candidates(gateway, principal, aim)
    base, steps = await _search(simulator, aim, candidates, most)
    return {
        "period": str(period),
        "type": whole["type"],
        "node": aim.node,
        "currency": money,
        "quota": row["quota"],
        "booked": row["booked"],
        "quota_probability": row["quota_probability"] if base is None else base,
        "tried": len(candidates),
        "deals": [_step_json(*step) for step in steps],
    }


def _step_json(candidate: Candidate, alone: float, base: float, after: float) -> dict[str, Any]:
    deal = candidate.record.history.deal
    return {
        "id": deal.id,
        "name": deal.name,
        "stage": deal.stage,
        "owner": {"id": deal.owner_id, "name": candidate.record.owner_name} if deal.owner_id else None,
        "amount": {"currency": candidate.amount.currency, "value": candidate.amount.value},
        "close_date": deal.close_date.isoformat() if deal.close_date else None,
        "probability": candidate.probability,
        "expected": format_minor(candidate.amount.currency, round(candidate.amount.minor * candidate.probability)),
        "effect": round(alone - base, 6),
        "quota_probability": after,
    }


Step = tuple[Candidate, float, float, float]  # with P(quota met): of it alone, as it is, and with all up to it


async def _search(
    simulator: Simulator, aim: Aim, candidates: Sequence[Candidate], most: int
) -> tuple[float | None, list[Step]]:
    """Step by step the best of those that are left, until the quota is as good as met or nothing helps."""
    base: float | None = None
    tried: list[tuple[float, Candidate]] = []
    for one in candidates:
        now, after = await _chances(simulator, aim, [one])
        if now is not None and after is not None:
            base = now
            tried.append((after, one))
    if base is None:
        return None, []
    tried.sort(key=_rank, reverse=True)
    alone = {id(one): after for after, one in tried}
    chosen: list[Candidate] = []
    steps: list[Step] = []
    reached, left = base, tried
    while left and len(chosen) < most and reached < ENOUGH:
        after, best = left[0]
        if after - reached < LEAST_GAIN:
            break
        chosen.append(best)
        steps.append((best, alone[id(best)], base, after))
        reached = after
        again = [one for _, one in left[1 : 1 + TRIED_AGAIN]] if len(chosen) < most and reached < ENOUGH else []
        found = [((await _chances(simulator, aim, [*chosen, one]))[1], one) for one in again]
        left = sorted(((value, one) for value, one in found if value is not None), key=_rank, reverse=True)
    return base, steps


def _rank(one: tuple[float, Candidate]) -> tuple[float, float]:
    """The higher chance; of equal ones the deal that is likelier to be won."""
    return one[0], one[1].probability


async def _chances(simulator: Simulator, aim: Aim, won: Sequence[Candidate]) -> tuple[float | None, float | None]:
    """P(quota met) as it is, and with these deals won; None where the node knows nothing of them."""
    current, simulated = await simulator.simulate(aim.view.asked, aim.day, [one.won for one in won], field=aim.field)
    needed = (aim.needed, aim.needed - sum(one.brings(aim) for one in won))
    found = []
    for totals, rest in zip((current, simulated), needed, strict=True):
        mine = [one for one in totals if (one.node, one.currency) == (aim.node, aim.currency)]
        found.append(chance(mine[0].body["quantiles"], rest) if mine else None)
    return found[0], found[1]


async def _candidates(gateway: Gateway, principal: Principal, aim: Aim) -> list[Candidate]:
    """Open deals below the node that have a score and a forecast: those that would bring most beyond expectation."""
    inside = [one for one in await _open(gateway.store, principal, aim) if one[0] and one[2].currency == aim.currency]
    inside.sort(key=lambda one: (-one[0], one[1]))
    amounts = {deal_id: amount for _, deal_id, amount in inside[:LOOKED_AT]}
    found = []
    for record in await gateway.store.get_records(principal, list(amounts)):
        if record.insights.keys() >= {InsightKind.LEAD_SCORE, InsightKind.FORECAST}:
            probability = probability_in(aim.view, record.insights[InsightKind.FORECAST].body)
            if probability is not None:
                amount = amounts[record.history.deal.id]
                found.append(Candidate(record, amount, probability, won_on(record, aim.day)))
    found.sort(key=lambda each: -each.amount.minor * (1 - each.probability))
    return found[:TRIED]


async def _open(store: Store, principal: Principal, aim: Aim) -> list[tuple[int, str, Money]]:
    """Of open deals what each counts for at the node, in ten-thousandths of minor units, its id and whole amount."""
    if aim.tree is None:
        amounts = await store.open_amounts(principal, aim.field)
        found = [(aim.held(one.holders), one.deal_id, Money(one.currency, one.minor)) for one in amounts]
    else:
        placed = await store.placed_deals(principal, Outcome.OPEN, field=aim.field)
        found = [(aim.placed(one.placements), one.deal_id, Money(one.currency, one.minor)) for one in placed]
    return [
        (money.minor * sum(share for inside, share in parts if inside), deal_id, money)
        for parts, deal_id, money in found
    ]


def probability_in(view: View, forecast: Mapping[str, Any]) -> float | None:
    """P(won on the days that a view is of), from a deal's forecast; None where it tells nothing of them."""
    parts = forecast.get("months" if view.period.grain is Grain.MONTH else "periods", ())
    first, last = view.start.isoformat(), view.period.end.isoformat()
    found = [float(each["probability"]) for each in parts if first <= each["start_date"] and each["end_date"] <= last]
    return sum(found) if found else None


def owners_below(tree: Sequence[Node], node: str) -> frozenset[str]:
    """The owners at or below a node."""
    inside = {node}
    for each in tree:  # parents before children
        if each.parent in inside:
            inside.add(each.id)
    return frozenset(one.removeprefix("owner:") for one in inside if one.startswith("owner:"))


def won_on(record: Record, day: date) -> Record:
    """The deal as it would be, won on a day."""
    deal = replace(record.history.deal, outcome=Outcome.WON, closed_date=day)
    history = replace(record.history, deal=deal, activities=(), contacts=(), changes=(), counters=())
    return replace(record, history=history)
