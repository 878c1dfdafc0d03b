"""The bridge between two moments as a waterfall: a row a cause, its bar where the sum stood and came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any
from urllib.parse import quote

from services.gateway.bridge import CAUSES
from services.gateway.web.call_views import money, signed, titled
from services.gateway.web.words import Words

Json = Mapping[str, Any]
MOST_DEALS = 100
UP, DOWN, LEVEL = "for", "against", "booked"
FIRST_SEEN = "first_seen"


@dataclass(frozen=True, slots=True)
class StepView:
    """A bar from `left`, `width` wide, in percent of the chart."""

    label: str
    amount: str
    deals: str
    kind: str
    left: float
    width: float
    to: str = ""  # where its deals stand on the page; empty where none is named


@dataclass(frozen=True, slots=True)
class MovedView:
    """A deal that moved."""

    href: str
    name: str
    owner: str
    amount: str


@dataclass(frozen=True, slots=True)
class CauseView:
    """The deals that moved by one cause, largest first."""

    id: str
    label: str
    deals: tuple[MovedView, ...]


@dataclass(frozen=True, slots=True)
class BridgeView:
    """The whole picture; `still` where nothing moved, `note` where a step needs words."""

    title: str
    since: str
    steps: tuple[StepView, ...]
    causes: tuple[CauseView, ...]
    still: bool
    note: str = ""


def bridge_view(bridge: Json, node: str, names: Mapping[str, str], words: Words, begun: str = "") -> BridgeView | None:
    """Of a node's row of services.gateway.forecast_changes; None where it has none or its totals are not seen.
    `begun`: what it begins at, a submission or a call; else a day."""
    row = next((one for one in bridge["nodes"] if one["node"] == node), None)
    if row is None or row["start"] is None:
        return None
    currency = bridge["currency"]
    parts = [(cause, row["parts"][cause]) for cause in CAUSES]
    told = [(cause, Decimal(part["total"]), part["deals"]) for cause, part in parts if part["deals"]]
    start, end = Decimal(row["start"]["total"]), Decimal(row["end"]["total"])
    stood = [start]
    for _, amount, _ in told:
        stood.append(stood[-1] + amount)
    low = min([Decimal(0), *stood, end])
    width = max([*stood, end, Decimal(1)]) - low

    def place(first: Decimal, last: Decimal) -> tuple[float, float]:
        left, right = sorted((first, last))
        return round(float(100 * (left - low) / width), 2), max(0.4, round(float(100 * (right - left) / width), 2))

    causes = _causes(bridge, names, words)
    named = {one.id for one in causes}
    steps = [StepView(words("bridge.start"), money(start, currency, words), "", LEVEL, *place(Decimal(0), start))]
    for (cause, amount, deals), ends in zip(told, pairwise(stood), strict=True):
        part = row["parts"][cause]
        booked = Decimal(part["booked"])
        count = words("bridge.deals" if deals != 1 else "bridge.deal", count=words.number(deals))
        if booked and amount and booked != amount:
            count = words("bridge.booked", deals=count, amount=signed(booked, currency, words))
        text = _amount(part, currency, words)
        kind = LEVEL if cause == FIRST_SEEN else UP if amount >= 0 else DOWN  # no gain: it was there
        to = f"#moved-{cause}" if f"moved-{cause}" in named else ""
        steps.append(StepView(words(f"bridge.{cause}"), text, count, kind, *place(*ends), to))
    steps.append(StepView(words("bridge.end"), money(end, currency, words), "", LEVEL, *place(Decimal(0), end)))
    since = words.day(bridge["from"])
    note = words("bridge.first_seen_told", day=since) if any(cause == FIRST_SEEN for cause, *_ in told) else ""
    title = words(f"bridge.title_{begun}" if begun else "bridge.title", day=since)
    return BridgeView(title, since, tuple(steps), causes, not told, note)


def _amount(part: Json, currency: str, words: Words) -> str:
    """What a step made of the total; where it made booked of open business, or the other way round, how much."""
    amount, booked = Decimal(part["total"]), Decimal(part["booked"])
    if amount or not booked:
        return signed(amount, currency, words)
    return words("bridge.to_booked" if booked > 0 else "bridge.to_open", amount=money(abs(booked), currency, words))


def _causes(bridge: Json, names: Mapping[str, str], words: Words) -> tuple[CauseView, ...]:
    """The largest moves by what happened, in the order of the steps."""
    found: dict[str, list[MovedView]] = {}
    for one in bridge["deals"][:MOST_DEALS]:
        moved = MovedView(
            f"/deals/{quote(one['id'], safe='')}", titled(one["name"] or one["id"], one["account"]),
            names.get(one["owner_id"], one["owner_id"] or words("list.nobody")),
            _amount(one, bridge["currency"], words),
        )  # fmt: skip
        found.setdefault(one["cause"], []).append(moved)
    return tuple(
        CauseView(f"moved-{cause}", words(f"bridge.{cause}"), tuple(found[cause])) for cause in CAUSES if cause in found
    )
