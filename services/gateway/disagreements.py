"""Deals of a period on which the person who committed them and the forecast disagree, both ways.

Promised in the period are deals whose close date lies in it, as in the totals. Committed are those of them in category
commit, and the others are not; where a company sets no categories, all are, and deals promised elsewhere are not.
Doubtful is a committed deal that the forecast gives less than an even chance in the period, quietly likely one that is
not committed and has at least an even chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from kit.money import Money
from learning.exchange import Rates
from learning.placements import holders
from learning.records import Deal
from services.gateway.domain import InsightKind, Principal, Record
from services.gateway.gap import probability_in
from services.gateway.quarter_totals import View
from services.gateway.service import Gateway
from services.gateway.store.interface import Query

LOOKED_AT = 400  # of the largest open deals of a node
EVEN = 0.5
COMMIT = "commit"


@dataclass(frozen=True, slots=True)
class Judged:
    """An open deal with its chance in the period and its amount as it counts."""

    record: Record
    amount: Money
    probability: float
    promised: bool

    @property
    def deal(self) -> Deal:
        """The deal's own members."""
        return self.record.history.deal

    @property
    def at_odds(self) -> float:
        """The amount, minor units, that one of the two is wrong about."""
        return self.amount.minor * (1 - self.probability if self.promised else self.probability)


@dataclass(frozen=True, slots=True)
class Disagreements:
    """Largest first; `by_category` tells whether promises are categories or close dates."""

    doubtful: Sequence[Judged]
    likely: Sequence[Judged]
    by_category: bool


async def judged_deals(gateway: Gateway, principal: Principal, node: str) -> list[Record]:
    """The largest open opportunities that a node's owners have a part in and that have a forecast: what disagreements
    are looked for among."""
    query = Query.of_node(node, outcome="OPEN", kind="OPPORTUNITY", sort="-amount", shared=True)
    page = await gateway.store.list_records(principal, query, "", LOOKED_AT)
    return [record for record in page.records if InsightKind.FORECAST in record.insights]


def disagreements(
    records: Iterable[Record], view: View, owners: frozenset[str], rates: Rates, currency: str, today: date
) -> Disagreements:
    """Among these records those that an owner has a part in, in one currency."""
    known = []
    for record in records:
        deal = record.history.deal
        probability = probability_in(view, record.insights[InsightKind.FORECAST].body)
        amount = None if deal.amount is None else rates.counted(deal.amount, today)
        mine = any(owner in owners for owner, _ in holders(deal))
        if mine and probability is not None and amount is not None and amount.currency == currency:
            known.append((record, amount, probability))
    by_category = any(record.history.deal.category == COMMIT for record, _, _ in known)
    judged = [
        Judged(record, amount, probability, record.history.deal.category == COMMIT if by_category else inside)
        for record, amount, probability in known
        if (inside := _promised_in(record.history.deal, view)) or not by_category
    ]
    doubtful = [one for one in judged if one.promised and one.probability < EVEN]
    likely = [one for one in judged if not one.promised and one.probability >= EVEN]
    for found in (doubtful, likely):
        found.sort(key=lambda one: -one.at_odds)
    return Disagreements(doubtful, likely, by_category)


def _promised_in(deal: Deal, view: View) -> bool:
    return deal.close_date is not None and view.period.start <= deal.close_date <= view.period.end
