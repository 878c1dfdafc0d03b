"""Closing the gap: the fewest deals whose winning in a period raises P(quota met) most, each with its effect.

Every candidate is tried on the forecast service's own scenarios: the deal is taken out of what is open, its amount is
booked, and what is left must reach the rest of the quota. The best is kept and the others are tried again beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from kit.errors import Forbidden, InvalidInput
from kit.money import Money, format_minor
from learning.fiscal import FiscalPeriod, Grain
from learning.placements import cut_at, holders
from learning.records import Node, Outcome
from services.gateway.amount_types import AmountType, amount_of
from services.gateway.domain import InsightKind, Principal, Record
from services.gateway.forecast_client import Simulator
from services.gateway.forecast_days import to_minor
from services.gateway.quarter_totals import View
from services.gateway.rollup import COMPANY, chance
from services.gateway.service import Gateway
from services.gateway.store.interface import Query

LOOKED_AT = 400  # of the largest open deals
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

    def brings(self, below: frozenset[str]) -> int:
        """What of its amount is booked for these owners."""
        shared = holders(self.record.history.deal)
        minors = cut_at(self.amount.minor, [share for _, share in shared])
        return sum(minor for (owner, _), minor in zip(shared, minors, strict=True) if owner in below)


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
    whole = await gateway.forecast(principal, str(period), node or COMPANY, currency, kind=kind)
    [row], money = whole["nodes"], whole["currency"]
    if row["booked"] is None:
        raise Forbidden("you do not see all of this node", field="node", value=row["node"], mend="Name one below you")
    quota, booked = to_minor(row["quota"], money), to_minor(row["booked"], money) or 0
    if quota is None:
        mend = "PUT /v1/quotas, or name a node that has one"
        raise InvalidInput("this node has no quota", field="node", value=row["node"], mend=mend)
    below = owners_below(await gateway.store.tree(principal, gateway.workspace.business_day), row["node"])
    aim = Aim(row["node"], view, money, quota - booked, gateway.workspace.business_day, below, kind)
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
    needed = (aim.needed, aim.needed - sum(one.brings(aim.below) for one in won))
    found = []
    for totals, rest in zip((current, simulated), needed, strict=True):
        mine = [one for one in totals if (one.node, one.currency) == (aim.node, aim.currency)]
        found.append(chance(mine[0].body["quantiles"], rest) if mine else None)
    return found[0], found[1]


async def _candidates(gateway: Gateway, principal: Principal, aim: Aim) -> list[Candidate]:
    """Open deals below the node that have a score and a forecast: those that would bring most beyond expectation."""
    today = gateway.workspace.business_day
    page = await gateway.store.list_records(
        principal, Query(outcome="OPEN", kind="OPPORTUNITY", sort="-amount"), "", LOOKED_AT
    )
    found, rates = [], await gateway.store.rates()
    for record in page.records:
        deal = record.history.deal
        money = amount_of(deal, aim.kind, gateway.workspace.currency)
        amount = None if money is None else rates.counted(money, today)
        known = record.insights.keys() >= {InsightKind.LEAD_SCORE, InsightKind.FORECAST}
        share = sum(share for owner, share in holders(deal) if owner in aim.below)
        if amount is None or amount.currency != aim.currency or not share or not known:
            continue
        probability = probability_in(aim.view, record.insights[InsightKind.FORECAST].body)
        if probability is not None:
            found.append((record, amount, probability))
    found.sort(key=lambda one: -one[1].minor * (1 - one[2]))
    whole = {
        record.history.deal.id: record
        for record in await gateway.store.get_records(principal, [one[0].history.deal.id for one in found[:TRIED]])
    }
    return [
        Candidate(record, amount, probability, won_on(whole[record.history.deal.id], today))
        for record, amount, probability in found[:TRIED]
        if record.history.deal.id in whole
    ]


def probability_in(view: View, forecast: Mapping[str, Any]) -> float | None:
    """P(won on the days that a view is of), from a deal's forecast; None where it tells nothing of them."""
    parts = forecast.get("months" if view.period.grain is Grain.MONTH else "periods", ())
    first, last = view.start.isoformat(), view.period.end.isoformat()
    found = [float(each["probability"]) for each in parts if first <= each["start_date"] and each["end_date"] <= last]
    return sum(found) if found else None


def owners_below(tree: Sequence[Node], node: str) -> frozenset[str]:
    """The owners at or below a node; below the company also those who stand nowhere."""
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
