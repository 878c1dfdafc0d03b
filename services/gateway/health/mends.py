"""The five mends that help most: those that the verdict asks for, then by how much of what models learn from and of the
open pipeline they touch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from services.gateway.health.checks import largest_believable, usual_amount
from services.gateway.health.deals import STRONG
from services.gateway.health.findings import Finding
from services.gateway.health.records import Records

MOST = 5
ASKED = {  # by a reason of the verdict
    "missing_amounts": ("missing_amount",), "lying": ("stale_open", "past_close_date"),
    "flawed": ("duplicate_deals", "junk_deals"),
}  # fmt: skip
NEARLY_ALL, TIMES = 0.9, 10  # no deal counts for more than so many times what nearly all amounts stay below


def mends(records: Records, found: Sequence[Finding], reasons: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The mends: of the verdict's `reasons` in their order, then of the others, that with the greatest effect first.

    The effect is the larger of two shares: of the open amount, and of the closed deals that models learn from, that
    the finding concerns. Where an amount is missing, negative or unbelievable, the deal counts with what one is
    typically worth, and none counts for more than a bound: one wrong amount must not decide the order. What it adds to
    the open amount is the effect of the impossible values alone. An account or a contact concerns the deals it is on.
    """
    closed = sum(not deal.open for deal in records.deals)
    counted, touched = _counted(records), _touched(records, found)
    whole = sum(counted.values())
    told = []
    for name, deals in touched.items():
        here = [deal for deal in records.deals if deal.id in deals]
        amount = sum(counted.get(deal.id, 0) for deal in here)
        learned = sum(not deal.open for deal in here)
        effect = max(amount / whole if whole else 0.0, learned / closed if closed else 0.0)
        if name == "impossible_deals":
            extra = sum(max(0, records.worth(deal) - counted.get(deal.id, 0)) for deal in here)
            effect = max(effect, extra / (whole + extra) if extra else 0.0)
        count = sum(one.finding == name for one in found)
        told.append({
            "finding": name, "count": count, "deals": len(here), "open_deals": sum(deal.open for deal in here),
            "leads": sum(deal.open and not deal.opportunity for deal in here),
            "closed_deals": learned, "open_amount": amount, "effect": round(effect, 4),
        })  # fmt: skip
    order = {name: place for place, reason in enumerate(reasons) for name in ASKED.get(reason, ())}
    told.sort(key=lambda one: (
        order.get(str(one["finding"]), len(reasons)), -float(str(one["effect"])), -int(str(one["count"])),
        str(one["finding"]),
    ))  # fmt: skip
    return told[:MOST]


def _counted(records: Records) -> dict[str, int]:
    """What each open deal counts for, in minor units of the company's currency."""
    usual, most = usual_amount(records), largest_believable(records.deals)
    amounts = sorted(worth for deal in records.deals if 0 < (worth := records.worth(deal)) <= most)
    bound = TIMES * amounts[int(NEARLY_ALL * (len(amounts) - 1))] if amounts else 0
    found = {}
    for deal in records.deals:
        worth = records.worth(deal)
        if 0 < worth <= most:
            found[deal.id] = min(worth, bound)
        elif deal.open and deal.opportunity:
            found[deal.id] = usual
    return found


def _touched(records: Records, found: Sequence[Finding]) -> dict[str, set[str]]:
    """Deals that each finding concerns."""
    by_account, by_contact = records.deals_of("account"), defaultdict[str, list[str]](list)
    for deal in records.deals:
        for contact in deal.contacts:
            by_contact[contact].append(deal.id)
    touched: dict[str, set[str]] = defaultdict(set)
    for one in found:
        if one.finding == "empty_field":
            continue
        if one.finding.endswith("_accounts"):
            touched[one.finding] |= {deal.id for deal in by_account.get(one.id, ())}
        elif one.finding.endswith("_contacts"):
            touched[one.finding] |= set(by_contact[one.id])
        elif one.finding != "duplicate_deals" or one.score >= STRONG:
            touched[one.finding].add(one.id)
    return touched
