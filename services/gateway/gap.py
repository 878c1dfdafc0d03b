"""Closing the gap: the fewest deals whose winning in a period raises P(quota met) most, each with its effect.

Where the forecast tells no P(quota met), none is told here; where all deals that were tried do not reach the quota
together, that is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from kit.errors import Forbidden, InvalidInput
from kit.money import Money, format_minor
from learning.fiscal import FiscalPeriod, Grain
from learning.placements import tree_of
from learning.records import Node, Outcome
from services.gateway.amount_types import AmountType
from services.gateway.cautions import no_chance
from services.gateway.domain import InsightKind, Principal, Record
from services.gateway.forecast_client import Simulator
from services.gateway.forecast_days import to_minor
from services.gateway.gap_search import ENOUGH, LEAST_GAIN, Aim, Candidate, Found, Search, Step
from services.gateway.quarter_totals import View
from services.gateway.rollup import COMPANY
from services.gateway.service import Gateway
from services.gateway.store.interface import Store

LOOKED_AT = 100  # of the open deals below the node, those with the largest amounts
TRIED = 24  # alone


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
    why = no_chance(whole, row)
    candidates = [] if why else await _candidates(gateway, principal, aim)
    found = await Search(simulator, aim, most).run(candidates)
    return {
        "period": str(period),
        "type": whole["type"],
        "node": aim.node,
        "currency": money,
        "quota": row["quota"],
        "booked": row["booked"],
        "quota_probability": row["quota_probability"] if found.base is None else found.base,
        "quota_probability_all": found.together,
        "tried": len(candidates),
        "note": why or _note(found, len(candidates), row["quota_probability"]),
        "cautions": whole["cautions"],
        "stale": whole["stale"],
        "deals": [_step_json(step, found) for step in found.steps],
    }


def _note(found: Found, tried: int, known: float | None) -> dict[str, str] | None:
    """What else there is to know: why no deals are named, or that they are not enough."""
    base, together = found.base if found.base is not None else known or 0.0, found.together
    chance = "" if together is None else f"the chance to reach the quota would be {100 * together:.1f} %"
    every = f"all {tried} open deals that were tried won in the period"
    if base >= ENOUGH:
        code, text = "met", "The quota is as good as met: no further deal is needed."
    elif together is None:
        code, text = "no_deals", "There is no open deal here whose winning in the period could be tried."
    elif together < base + LEAST_GAIN:
        code, text = "out_of_reach", f"Even with {every}, {chance}. It takes more than these."
    elif found.reached + LEAST_GAIN < min(ENOUGH, together):
        code, text = "more_needed", f"These deals are not enough: it takes more of them. With {every}, {chance}."
    elif together < ENOUGH:
        code, text = "not_sure", f"Even with {every}, {chance}."
    else:
        return None
    return {"code": code, "text": text}


def _step_json(step: Step, found: Found) -> dict[str, Any]:
    alone = step.alone - (found.base or 0.0)
    candidate, deal = step.deal, step.deal.record.history.deal
    return {
        "id": deal.id,
        "name": deal.name,
        "account": account.name if (account := candidate.record.history.account) else "",
        "stage": deal.stage,
        "owner": {"id": deal.owner_id, "name": candidate.record.owner_name} if deal.owner_id else None,
        "amount": {"currency": candidate.amount.currency, "value": candidate.amount.value},
        "close_date": deal.close_date.isoformat() if deal.close_date else None,
        "probability": candidate.probability,
        "expected": format_minor(candidate.amount.currency, round(candidate.amount.minor * candidate.probability)),
        "effect": round(alone, 6) if alone >= found.least else 0.0,
        "adds": round(step.after - step.before, 6),
        "quota_probability": step.after,
    }


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
    found.sort(key=lambda each: -each.lifts(aim))
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
