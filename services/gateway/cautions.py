"""What a period's totals leave out, in plain words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from learning.exchange import Rates
from learning.records import Quota
from services.gateway.domain import NodeQuota
from services.gateway.quotas import parts_of
from services.gateway.record_cautions import MOSTLY_NEW
from services.gateway.rollup import currencies
from services.gateway.store.interface import CategorySum, StoredRollup, Won
from services.gateway.workspace import UNTRAINED

NO_MODEL, NO_RATE, NO_NEW = "no_model", "no_rate", "no_new_business"
QUOTA_APART = "quota_apart"
PART_QUOTA, NOT_TOLD = "part_quota", "not_told"
_UNTRAINED = (
    "No forecast model is trained yet: open deals count by a general prior, and business not yet created is neither in"
    " the numbers nor in the range. A chance to reach the quota is not told."
)


def no_model(version: str | None) -> list[dict[str, str]]:
    """That the built-in prior is what tells of a period, where it does."""
    return [{"code": NO_MODEL, "currency": "", "text": _UNTRAINED}] if version == UNTRAINED else []


def no_new_business(company: Sequence[StoredRollup]) -> list[dict[str, str]]:
    """That a type's totals are of open deals alone, where they are. company: its totals of the period."""
    if not company or any(one.body["not_yet_created_sum"] or one.body["model_version"] == UNTRAINED for one in company):
        return []
    text = (
        "Business not yet created is not in these totals: none is expected in the period, or fewer than 10 deals won in"
        " the last year have this number, which tells too little of what new business brings of it."
    )
    return [{"code": NO_NEW, "currency": "", "text": text}]


def quotas_apart(quotas: Iterable[Quota | NodeQuota], traded: Collection[str], money: str) -> list[dict[str, str]]:
    """Quotas, as they count, in currencies in which nothing is: no totals show them. money: that of the totals."""
    found = sorted({each.amount.currency for each in quotas} - {*traded, money})
    return [
        {
            "code": QUOTA_APART,
            "currency": code,
            "text": (
                f"A quota is set in {code}, in which there is no business in the period, and there is no exchange rate:"
                f" it is in no total of {money}. Set it in {money}, or PUT /v1/exchange-rates"
            ),
        }
        for code in found
    ]


def no_chance(totals: Mapping[str, Any], node: Mapping[str, Any]) -> dict[str, str] | None:
    """Why no P(quota met) is told of a node that has a quota; None where it is. totals: what the node's row is of."""
    if node["quota"] is None or node["quota_probability"] is not None:
        return None
    if totals["model_version"] == UNTRAINED:
        return {"code": NO_MODEL, "text": _UNTRAINED}
    of = node["quota_of"]
    owners, months = (False, False) if of is None or node["mean"] is None else parts_of(of)
    if owners or months:
        said = [f"that of {of['owners']} of {of['of']} owners with business"] * owners
        said += [f"of {of['months']} of {of['of_months']} months"] * months
        text = f"The quota is {' and '.join(said)}: a chance to reach it would say nothing of the whole."
        return {"code": PART_QUOTA, "text": text}
    for one in node.get("cautions", ()):
        if one["code"] == MOSTLY_NEW:
            return {"code": MOSTLY_NEW, "text": one["text"]}
    return {"code": NOT_TOLD, "text": "The forecast service has not told of this node yet: ask again in a moment."}


def apart(
    rates: Rates, day: date, won: Sequence[Won], categories: Sequence[CategorySum], rollups: Sequence[StoredRollup],
    shown: str, company: str,
) -> list[dict[str, str]]:  # fmt: skip
    """What business of the period stands apart from the totals in the shown currency, and why.

    Totals of open deals in a currency that has a rate on the day are out of date, and so not apart for long.
    """
    held = rates.as_of(day)
    found = []
    for code in currencies(won, categories, [one for one in rollups if one.currency not in held]):
        if code == shown:
            continue
        lacks = shown if code == company else code
        since = f"before {rates.days[lacks][0]}" if lacks in rates.days else "yet"
        text = (
            f"What is made in {code} stands apart, in totals of its own: there is no exchange rate of {lacks} to"
            f" {company} {since}. PUT /v1/exchange-rates"
        )
        found.append({"code": NO_RATE, "currency": code, "text": text})
    return found
