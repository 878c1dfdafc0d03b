"""Totals of another amount: of a number that deals carry in a custom field, such as the revenue of a year.

Nothing is drawn of such an amount beside the deal: where a scenario wins the deal, it brings the field's number times
what that scenario books of what is asked. So wins, months, shocks and discounts are those of the totals of amounts.
What no deal brings is that of the amounts, in the proportion that past wins tell (beside_field.py). Totals of a field
are made when somebody first asks for them, and brought up to date when somebody asks again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import log

from kit.errors import InvalidInput
from kit.money import decimals
from services.forecast.beside_field import Ratio, Wins, beside_field
from services.forecast.domain import Parameters, RollupRow
from services.forecast.draws import Drawer
from services.forecast.exchange import BesideDeals, Exchange
from services.forecast.leaves import Update
from services.forecast.rollup import Rollup

CHUNK = 256  # deals between two turns of the event loop
MOST_BYTES = 16 * 2**20
LARGEST_LOG = 39.0
MOST_NAMED = 20


class FieldTotals:
    """One field's totals, of the deals whose field is above zero."""

    def __init__(self, field: str, rollup: Rollup) -> None:
        self._field = field
        self._wins = Wins(field)
        self._beside: tuple[BesideDeals, dict[str, Ratio]] | None = None
        self._rollup = rollup
        self._taken: dict[str, Update] = {}
        self._alone = asyncio.Lock()

    async def rows(
        self, held: Mapping[str, Update], node: str, beside: BesideDeals | None = None, exchange: Exchange | None = None
    ) -> list[RollupRow]:  # fmt: skip
        """Of the deals as they are held now, and what stands beside them of amounts, as it counts."""
        async with self._alone:
            changed = [update for deal_id, update in held.items() if self._taken.get(deal_id) is not update]
            for start in range(0, len(changed), CHUNK):
                some = changed[start : start + CHUNK]
                names = {update.deal_id for update in some}
                self._rollup.apply([of_field(update, self._field) for update in some], anew=names)
                self._taken |= {update.deal_id: update for update in some}
                for update in some:
                    self._wins.take(update)
                await asyncio.sleep(0)
            if beside is not None and self._rollup.business_day is not None:
                self._put_beside(beside, self._wins.ratios(self._rollup.business_day, exchange or Exchange()))
            return self._rollup.rows(node)

    def _put_beside(self, beside: BesideDeals, ratios: dict[str, Ratio]) -> None:
        if self._beside is not None and self._beside[0] is beside and self._beside[1] == ratios:
            return
        self._beside = beside, ratios
        mine = beside_field(self._field, beside, ratios)
        self._rollup.set_extras(mine.new, mine.correction, mine.allotted)

    def simulate(self, updates: Sequence[Update]) -> tuple[list[RollupRow], list[RollupRow]]:
        """As `Rollup.simulate`, of the field's numbers."""
        return self._rollup.simulate([of_field(update, self._field) for update in updates])


def check_field(held: Mapping[str, Update], field: str) -> None:
    """Raises InvalidInput, with the fields there are, where no open deal has a number above zero in this one."""
    known: set[str] = set()
    for update in held.values():
        if update.parameters is not None and update.numbers is not None:
            if field in update.numbers.fields:
                return
            known |= update.numbers.fields.keys()
    mend = f"Ask for one of {', '.join(sorted(known)[:MOST_NAMED])}" if known else "Ask for the totals of amounts"
    raise InvalidInput("no open deal has a number in this field", field="amount_field", value=field[:60], mend=mend)


def of_field(update: Update, field: str) -> Update:
    """The deal with the field's number in the place of its amount; it brings nothing where it has none."""
    parameters, numbers = update.parameters, update.numbers
    value = numbers.fields.get(field) if numbers is not None else None
    if parameters is None or numbers is None or value is None:
        return replace(update, parameters=None)
    return replace(update, parameters=_scaled(parameters, value, numbers.asked))


def _scaled(parameters: Parameters, value: float, asked: float) -> Parameters:
    """With the logarithm of the number; where nothing is asked, nobody knows what is booked of it: all of it."""
    if asked > 0:
        mean, sd = parameters.log_amount_mean + log(value / asked), parameters.log_amount_sd
    else:
        mean, sd = log(value) + log(10.0) * decimals(parameters.currency)[0], 0.0
    return replace(parameters, log_amount_mean=min(mean, LARGEST_LOG), log_amount_sd=sd)


def empty_totals(field: str, drawer: Drawer) -> FieldTotals:
    """Before anything is added up."""
    return FieldTotals(field, Rollup(drawer))
