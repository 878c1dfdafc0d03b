"""What a number is made of, in words: its parts, and the deals of each with what they bring. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import Any
from urllib.parse import quote

from kit.money import decimals
from services.gateway.forecast_parts import Brought, Part
from services.gateway.web.bridge_view import DOWN, LEVEL, UP, StepView
from services.gateway.web.call_views import titled
from services.gateway.web.words import Words

Json = Mapping[str, Any]
LARGE = 1000  # from here on amounts are told without their decimals
NUMBERS = ("booked", "deals", "not_yet_created", "correction")  # of a node's totals: together the expected number


@dataclass(frozen=True, slots=True)
class BroughtView:
    """A deal of a part, or all others of it."""

    href: str
    name: str
    owner: str
    day: str
    amount: str
    chance: str
    brings: str


@dataclass(frozen=True, slots=True)
class PartView:
    """The deals of a part, whose amounts make its total."""

    id: str
    title: str
    total: str
    deals: tuple[BroughtView, ...]


Named = Callable[[Brought], str]


def whole_parts(parts: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Parts rounded so that they make the rounded total."""
    total = sum(parts, Decimal(0))
    places = Decimal(1) if abs(total) >= LARGE else Decimal(1).scaleb(-decimals(currency)[0])
    ends = [end.quantize(places) for end in accumulate(parts, initial=Decimal(0))]
    return [after - before for before, after in pairwise(ends)]


def composition(row: Json, currency: str, period: str, words: Words) -> tuple[StepView, ...]:
    """The parts of a node's expected number as a waterfall, in full; what is nothing is left out."""
    words = replace(words, unit="")
    amounts = whole_parts([Decimal(row[name] or 0) for name in NUMBERS], currency)
    ends = list(accumulate(amounts, initial=Decimal(0)))
    low = min(ends)
    width = max([*ends, low + 1]) - low

    def placed(first: Decimal, last: Decimal) -> tuple[float, float]:
        left, right = sorted((first, last))
        return round(float(100 * (left - low) / width), 2), max(0.4, round(float(100 * (right - left) / width), 2))

    def steps() -> Iterator[StepView]:
        for name, amount, between in zip(NUMBERS, amounts, pairwise(ends), strict=True):
            if amount or name == "booked":
                kind = LEVEL if name == "booked" else UP if amount >= 0 else DOWN
                to = f"#parts-{name}" if name in ("booked", "deals") else ""
                label, told = words(f"parts.{name}", period=period), words(f"parts.{name}_told")
                yield StepView(label, _signed(amount, currency, words), told, kind, *placed(*between), to)
        yield StepView(
            words("parts.total"), _money(ends[-1], currency, words), "", LEVEL, *placed(Decimal(0), ends[-1])
        )

    return tuple(steps())


def part_view(
    name: str, part: Part, currency: str, period: str, said: tuple[Named, str], words: Words
) -> PartView:  # fmt: skip
    """The deals of a part; what all others bring stands below them. said: who owns a deal, and where the others are."""
    named, others = said
    words = replace(words, unit="")
    values = [one.brings for one in part.deals]
    amounts = whole_parts([*values, part.rest], currency)
    rows = [_deal(one, amount, currency, named, words) for one, amount in zip(part.deals, amounts[:-1], strict=True)]
    if amounts[-1] or part.more:
        rest = words("parts.others") if not part.more else words("parts.more", count=words.number(part.more))
        rows.append(BroughtView(others, rest, "", "", "", "", _money(amounts[-1], currency, words)))
    total = _money(sum(amounts, Decimal(0)), currency, words)
    return PartView(f"parts-{name}", words(f"parts.{name}", period=period), total, tuple(rows))


def _deal(one: Brought, amount: Decimal, currency: str, named: Named, words: Words) -> BroughtView:
    deal, account = one.record.history.deal, one.record.history.account
    whole = {"currency": one.amount.currency, "value": one.amount.value} if one.amount else None
    return BroughtView(
        f"/deals/{quote(deal.id, safe='')}", titled(deal.name or deal.id, account.name if account else ""), named(one),
        words.day(deal.closed_date or deal.close_date), words.money(whole),
        "" if one.chance is None else words.chance(one.chance), _money(amount, currency, words),
    )  # fmt: skip


def _money(amount: Decimal, currency: str, words: Words) -> str:
    return words.money({"currency": currency, "value": str(amount)})


def _signed(amount: Decimal, currency: str, words: Words) -> str:
    return ("−" if amount < 0 else "+") + _money(abs(amount), currency, words)
