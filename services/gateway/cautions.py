"""What a period's totals leave out, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from learning.exchange import Rates
from services.gateway.rollup import currencies
from services.gateway.store.interface import CategorySum, StoredRollup, Won
from services.gateway.workspace import UNTRAINED

NO_MODEL, NO_RATE = "no_model", "no_rate"
_UNTRAINED = (
    "No forecast model is trained yet: open deals count by a general prior, and business not yet created is neither in"
    " the numbers nor in the range. A chance to reach the quota is not told."
)


def no_model(version: str | None) -> list[dict[str, str]]:
    """That the built-in prior is what tells of a period, where it does."""
    return [{"code": NO_MODEL, "currency": "", "text": _UNTRAINED}] if version == UNTRAINED else []


def apart(
    rates: Rates, day: date, won: Sequence[Won], categories: Sequence[CategorySum], rollups: Sequence[StoredRollup]
) -> list[dict[str, str]]:
    """What stands apart from the company's currency although there are exchange rates, and why.

    Totals of open deals in a currency that has a rate on the day are out of date, and so not apart for long.
    """
    if not rates:
        return []
    held = rates.as_of(day)
    found = []
    for code in currencies(won, categories, [one for one in rollups if one.currency not in held]):
        if code == rates.currency:
            continue
        since = f"before {rates.days[code][0]}" if code in rates.days else "yet"
        text = (
            f"What is made in {code} stands apart, in totals of its own: there is no exchange rate of {code} to"
            f" {rates.currency} {since}. PUT /v1/exchange-rates"
        )
        found.append({"code": NO_RATE, "currency": code, "text": text})
    return found
