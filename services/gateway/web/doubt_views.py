"""What the forecast call shows of single deals: disagreements, what closes the gap, and what would be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from services.gateway.disagreements import Disagreements, Judged
from services.gateway.web.call_views import money, signed
from services.gateway.web.member_names import NOBODY, People, person
from services.gateway.web.words import Words

Json = Mapping[str, Any]
MOST = 8  # deals each way


@dataclass(frozen=True, slots=True)
class DoubtView:
    """A deal with what is said of it; `tick` is what ticking it supposes."""

    id: str
    href: str
    name: str
    owner: str
    stage: str
    amount: str
    close: str
    chance: str
    width: float
    tick: str
    told: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class DoubtsView:
    """Both ways; `more` deals of either are not shown."""

    doubtful: tuple[DoubtView, ...]
    likely: tuple[DoubtView, ...]
    doubtful_sum: str
    likely_sum: str
    more: int
    by_category: bool


@dataclass(frozen=True, slots=True)
class GapView:
    """The fewest deals that close the gap, or those that come nearest."""

    deals: tuple[DoubtView, ...]
    told: str
    note: str


@dataclass(frozen=True, slots=True)
class WhatIfView:
    """A node's number before and after."""

    middle: tuple[str, str]
    span: tuple[str, str]
    chance: tuple[str, str]
    change: str
    assumed: str


def _href(deal_id: str) -> str:
    return f"/deals/{quote(deal_id, safe='')}"


def doubt_views(found: Disagreements, words: Words, people: People = NOBODY) -> DoubtsView:
    """The largest of each way, with the sums of all."""
    more = max(0, len(found.doubtful) - MOST) + max(0, len(found.likely) - MOST)
    return DoubtsView(
        tuple(_doubt(one, "slipped", people, words) for one in found.doubtful[:MOST]),
        tuple(_doubt(one, "won", people, words) for one in found.likely[:MOST]),
        _sum(found.doubtful, words), _sum(found.likely, words), more, found.by_category,
    )  # fmt: skip


def _sum(found: Sequence[Judged], words: Words) -> str:
    if not found:
        return "–"
    currency = found[0].amount.currency
    return money(sum((Decimal(one.amount.value) for one in found), Decimal(0)), currency, words)


def _doubt(one: Judged, tick: str, people: People, words: Words) -> DoubtView:
    deal, amount, account = one.deal, one.amount, one.record.history.account
    return DoubtView(
        deal.id, _href(deal.id), deal.name or deal.id,
        str(person(people, deal.owner_id, one.record.owner_name, words)), deal.stage,
        money(Decimal(amount.value), amount.currency, words), words.day(deal.close_date),
        words.chance(one.probability), round(100 * one.probability, 1), tick,
        account=account.name if account else "",
    )  # fmt: skip


def gap_view(gap: Json, words: Words, people: People = NOBODY) -> GapView:
    """Of services.gateway.gap.close_gap."""
    currency, deals = gap["currency"], gap["deals"]
    shown = tuple(
        DoubtView(
            one["id"], _href(one["id"]), one["name"] or one["id"],
            _owner(one["owner"] or {}, people, words), one["stage"],
            words.money(one["amount"], compact=True), words.day(one["close_date"]),
            words.chance(one["probability"]), round(100 * one["probability"], 1), "won",
            words("call.lifts" if one["effect"] else "call.lifts_with", points=words.points(one["effect"]),
                  chance=words.chance(one["quota_probability"])),
            one["account"],
        )
        for one in deals
    )  # fmt: skip
    reached = deals[-1]["quota_probability"] if deals else gap["quota_probability"]
    quota = words.money({"currency": currency, "value": gap["quota"]}, compact=True)
    count, together = words.number(gap["tried"]), words.chance(gap["quota_probability_all"])
    note = words(f"call.close_{gap['note']['code']}", count=count, quota=quota, all=together) if gap["note"] else ""
    chances = {"chance": words.chance(gap["quota_probability"]), "reached": words.chance(reached)}
    key = "call.close_partly" if note else "call.close_told"  # where they are not enough, none are the fewest
    if deals and not any(one["effect"] for one in deals):
        key = "call.close_together"
    if deals and chances["chance"] == chances["reached"]:  # as they read
        key = "call.close_hardly"
    return GapView(shown, words(key, quota=quota, **chances), note)


def _owner(owner: Json, people: People, words: Words) -> str:
    return str(person(people, owner.get("id", ""), owner.get("name", ""), words))


def what_if_view(found: Json, node: str, currency: str, words: Words) -> WhatIfView | None:
    """Of services.gateway.simulation.simulate, for one node; None where it is not concerned."""
    rows = [one for one in found["nodes"] if one["node"] == node and currency in ("", one["currency"])]
    if not rows:
        return None
    before, after = rows[0]["before"], rows[0]["after"]
    code = rows[0]["currency"]

    def each(name: str) -> tuple[str, str]:
        return money(Decimal(before[name]), code, words), money(Decimal(after[name]), code, words)

    spans = [
        words("forecast.span", **{slot: money(Decimal(one[name]), code, words) for slot, name in _ENDS})
        for one in (before, after)
    ]
    chances = (words.chance(before["quota_probability"]), words.chance(after["quota_probability"]))
    change = signed(Decimal(after["mean"]) - Decimal(before["mean"]), code, words)
    assumed = words("call.would_assumed", count=words.number(len(found["assumed"]))) if found["assumed"] else ""
    return WhatIfView(each("mean"), (spans[0], spans[1]), chances, change, assumed)


_ENDS = (("low", "p10"), ("high", "p90"))
