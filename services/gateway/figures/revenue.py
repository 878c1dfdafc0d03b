"""Figures of money: pipeline created, the average deal, net new revenue, retention."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from learning.incidence import Range, mean_of, wilson
from learning.records import Motion, Outcome
from services.gateway.figures.counting import (
    Asked,
    Group,
    Line,
    Sums,
    Unit,
    closed_in,
    created_in,
    in_order,
    told,
    untold,
)
from services.gateway.figures.facts import Facts, end_of
from services.gateway.figures.spans import Span

DRAWS, LEVEL = 1_000, 0.95


def pipeline_created(group: Group, span: Span, asked: Asked) -> list[Line]:
    """What became an opportunity in the period: how many, and their amounts as they stood at its end, at the rates of
    the days they were created."""
    created, moment, sums = created_in(group.deals, span), end_of(min(span.end, asked.today)), Sums(asked)
    for deal in created_in(group.shared, span):
        money = deal.amount_at(moment)
        if money is not None:
            sums.add(group, deal, money, deal.created)
    mine: Counter[str] = Counter()  # deals by the currency they count in; those without an amount in the company's
    for deal in created:
        money = deal.amount_at(moment)
        mine["" if money is None else asked.counted(money, deal.created).currency] += 1
    lines = []
    for currency in in_order(sums.currencies | (mine.keys() - {""}), asked.currency):
        own = currency == asked.currency
        counts = {"created": len(created), "without_amount": mine[""]} if own else {}
        count = mine[currency] + (mine[""] if own else 0)
        value = sums[currency][0]
        lines.append(Line("pipeline_created", Unit.MONEY, value, count, currency=currency, counts=counts))
    return lines


def average_deal(group: Group, span: Span, asked: Asked) -> list[Line]:
    """The mean amount of the deals won in the period, at the rates of the days they were won."""
    won = [deal for deal in closed_in(group.deals, span) if deal.outcome == Outcome.WON]
    amounts: dict[str, list[int]] = defaultdict(list)
    for deal in won:
        if deal.money is not None:
            money = asked.counted(deal.money, deal.closed)
            amounts[money.currency].append(money.minor)
    counts = {"won": len(won), "without_amount": sum(deal.money is None for deal in won)}
    lines = []
    for currency in in_order(amounts, asked.currency):
        found = amounts.get(currency, [])
        if found:
            mean = _whole(mean_of(np.array(found, np.float64)))
            lines.append(told("average_deal", Unit.MONEY, mean, len(found), currency=currency, counts=counts))
    note = "no_amounts" if won else "none_won"
    return lines or [untold("average_deal", Unit.MONEY, note, len(won), currency=asked.currency, counts=counts)]


def net_new_revenue(group: Group, span: Span, asked: Asked) -> list[Line]:
    """New business and expansions won in the period, and what contracts that ended in it brought more or less when they
    were renewed, or took away when they were not."""
    parts = {name: Sums(asked) for name in ("new", "expansion", "renewals", "lost")}
    counts: Counter[str] = Counter()
    for deal in closed_in(group.shared, span):
        if deal.outcome == Outcome.WON and deal.money is not None and deal.motion != Motion.RENEWAL:
            name = "new" if deal.motion == Motion.NEW else "expansion"
            parts[name].add(group, deal, deal.money, deal.closed)
            counts[name] += 1
        elif deal.outcome == Outcome.WON and deal.motion == Motion.RENEWAL and not deal.renews:
            counts["renewals_of_unknown"] += 1
    for ended in _ended(group.shared, span, asked):
        counts[ended.fate] += 1
        name = "renewals" if ended.fate == "renewed" else "lost"
        if ended.fate != "pending":
            for deal in ended.by:
                if deal.money is not None:
                    parts[name].add(group, deal, deal.money, deal.closed)
            if ended.deal.money is not None:
                parts[name].add(group, ended.deal, ended.deal.money, ended.day, sign=-1)
    total = sum(counts[name] for name in ("new", "expansion", "renewed", "lost"))
    note = "" if asked.contracts else "no_contracts"
    lines = []
    for currency in in_order({one for each in parts.values() for one in each.currencies}, asked.currency):
        values = {name: sums[currency] for name, sums in parts.items()}
        shared: dict[str, Any] = {"currency": currency, "counts": dict(counts), "note": note}
        whole = sum(minor for minor, _ in values.values())
        lines.append(Line("net_new_revenue", Unit.MONEY, whole, total, part="total", **shared))
        lines += [Line("net_new_revenue", Unit.MONEY, minor, cases, part=name, **shared)
                  for name, (minor, cases) in values.items()]  # fmt: skip
    return lines


def retention(group: Group, span: Span, asked: Asked) -> list[Line]:
    """Of contracts that ended in the period what was kept; without any contract, of the accounts that bought a year
    before what they bought in the year that ends with the period."""
    if asked.contracts:
        return _of_contracts(group, span, asked)
    return _of_accounts(group, replace(span, end=min(span.end, asked.today)), asked)


def _of_contracts(group: Group, span: Span, asked: Asked) -> list[Line]:
    found = _ended(group.deals, span, asked)
    fates = Counter(one.fate for one in found)
    counts = {name: fates[name] for name in ("renewed", "lost", "pending")}
    decided = [one for one in found if one.fate != "pending"]
    if not decided:
        note = "none_decided" if found else "no_contracts_ended"
        return [untold("retention", Unit.SHARE, note, len(found), part=part, counts=counts) for part in KEPT]
    pairs = [(_worth(one.deal, one.day, asked), [_worth(deal, deal.closed, asked) for deal in one.by])
             for one in decided]  # fmt: skip
    kept = wilson(fates["renewed"], len(decided))
    return [told("retention", Unit.SHARE, kept, len(decided), part="contracts", counts=counts),
            *_ratios(pairs, asked, len(decided), counts)]  # fmt: skip


def _of_accounts(group: Group, span: Span, asked: Asked) -> list[Line]:
    begin = _year_before(span.end)
    before = _year_before(begin)
    if not asked.first_won or asked.first_won > before + GRACE:
        return [untold("retention", Unit.SHARE, "history_too_short", part=part) for part in KEPT]
    then: dict[str, list[tuple[str, int]]] = defaultdict(list)
    now: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for deal in group.deals:
        if deal.outcome == Outcome.WON and deal.account and before < deal.closed <= span.end:
            book = then if deal.closed <= begin else now
            book[deal.account].append(_worth(deal, deal.closed, asked))
    if not then:
        return [untold("retention", Unit.SHARE, "no_repeat", part=part) for part in KEPT]
    again = sum(one in now for one in then)
    counts = {"accounts": len(then), "bought_again": again}
    pairs = [(worth, list(now.get(one, ())) if not at else [])
             for one, bought in then.items() for at, worth in enumerate(_summed(bought))]  # fmt: skip
    kept = wilson(again, len(then))
    return [told("retention", Unit.SHARE, kept, len(then), part="accounts", counts=counts, note="repeat_purchases"),
            *_ratios(pairs, asked, len(then), counts, "repeat_purchases")]  # fmt: skip


KEPT = ("contracts", "gross", "net")
GRACE = 31  # days by which the first win may come after the year that is compared with began
Worth = tuple[str, int]


def _summed(bought: Iterable[Worth]) -> list[Worth]:
    sums: Counter[str] = Counter()
    for currency, minor in bought:
        sums[currency] += minor
    return sorted(sums.items())


def _ratios(
    pairs: Sequence[tuple[Worth, Sequence[Worth]]], asked: Asked, count: int, counts: dict[str, int], note: str = ""
) -> list[Line]:
    """Gross and net: what is left of the amounts, without and with growth, currency by currency."""
    lines = []
    for currency in in_order({worth[0] for worth, _ in pairs}, asked.currency):
        mine = [(worth[1], sum(minor for code, minor in after if code == currency))
                for worth, after in pairs if worth[0] == currency]  # fmt: skip
        if not sum(base for base, _ in mine):
            continue
        base, after = np.array([one[0] for one in mine], float), np.array([one[1] for one in mine], float)
        for part, kept in (("gross", np.minimum(base, after)), ("net", after)):
            lines.append(told("retention", Unit.SHARE, _ratio(kept, base), len(mine), part=part, currency=currency,
                              counts=counts, note=note))  # fmt: skip
    return lines or [untold("retention", Unit.SHARE, "no_amounts", count, part=part) for part in KEPT[1:]]


def _ratio(kept: np.ndarray, base: np.ndarray) -> Range:
    """Σ kept / Σ base, with the interval of cases drawn anew."""
    value, count = float(kept.sum() / base.sum()), len(base)
    if count < 2:
        return Range(value, None, None)
    most = max(1, min(DRAWS, 2_000_000 // count))
    rows = np.random.default_rng(0).integers(0, count, (most, count))
    below = base[rows].sum(axis=1)
    drawn = kept[rows].sum(axis=1)[below > 0] / below[below > 0]
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Range(value, float(low), float(high))


@dataclass(frozen=True, slots=True)
class Ended:
    """A contract that ended: renewed, lost, or pending while a deal that renews it is open; by which won deals."""

    deal: Facts
    day: int
    fate: str
    by: Sequence[Facts]


def _ended(deals: Iterable[Facts], span: Span, asked: Asked) -> list[Ended]:
    found = []
    for deal in deals:
        if deal.contract is None or not span.start <= (day := deal.contract.end.toordinal()) <= min(
            span.end, asked.today
        ):
            continue
        after = asked.renewed_by.get(deal.id, ())
        won = [one for one in after if one.outcome == Outcome.WON]
        waits = any(one.outcome == Outcome.OPEN for one in after) and deal.contract.cancelled is None
        found.append(Ended(deal, day, "renewed" if won else "pending" if waits else "lost", won))
    return found


def _worth(deal: Facts, day: int, asked: Asked) -> Worth:
    if deal.money is None:
        return asked.currency, 0
    money = asked.counted(deal.money, day)
    return money.currency, money.minor


def _whole(found: Range) -> Range:
    """In whole minor units."""
    return Range(*[None if one is None else round(one) for one in (found.value, found.low, found.high)])


def _year_before(day: int) -> int:
    one = date.fromordinal(day)
    return (
        one.replace(year=one.year - 1) if (one.month, one.day) != (2, 29) else date(one.year - 1, 2, 28)
    ).toordinal()
