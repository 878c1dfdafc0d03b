"""What the page of past quarters shows: a chart a quarter, a table, and plain sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from learning.fiscal import FiscalPeriod
from services.gateway.hindsight.quarters import AI, Look, PastQuarter, Verdict
from services.gateway.web.call_views import money
from services.gateway.web.words import Words

WIDTH, HEIGHT = 300, 150  # of a chart, in its own units
MARGIN = 1.06
LINES = ("stage_weighted", "pace", "commit", "submitted")  # beside AI's
TOLD = (AI, *LINES)


@dataclass(frozen=True, slots=True)
class LineView:
    """A line of the chart by its class, with its points and a text for each."""

    name: str
    points: str
    dots: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True, slots=True)
class ChartView:
    """A quarter as a picture. band: AI's range as a polygon; came_at: how high what came lies, None where it is not
    over."""

    period: str
    came: str
    label: str
    band: str
    lines: tuple[LineView, ...]
    came_at: float | None


@dataclass(frozen=True, slots=True)
class RowView:
    """A row of the table."""

    period: str
    day: str
    days: str
    ai: str
    median: bool  # what AI said is its median
    span: str
    held: str
    miss: str
    others: tuple[str, ...]
    came: str
    served: bool


def chart_view(
    period: FiscalPeriod, looks: Sequence[Look], came: Decimal | None, currency: str, words: Words
) -> ChartView:  # fmt: skip
    """Days from left to right, amounts from the bottom up; lines of what is over end at what came."""
    length = (period.end - period.start).days + 1
    names = ("p10", "p90", *TOLD)
    most = max([float(came or 0), *(float(look.said[name]) for look in looks for name in names if name in look.said)])
    most = (most or 1.0) * MARGIN

    def at(days: int, amount: Decimal) -> tuple[float, float]:
        share = min(max(days / length, 0.0), 1.0)
        return round(WIDTH * share, 1), round(HEIGHT * (1 - max(0.0, float(amount)) / most), 1)

    ranged = [look for look in looks if "p10" in look.said and "p90" in look.said]
    end = [] if came is None else [at(length, came)]
    edges = [at(look.days, look.said["p90"]) for look in ranged] + end
    edges += [at(look.days, look.said["p10"]) for look in reversed(ranged)]
    lines = []
    for name in TOLD:
        said = [(look, at(look.days, look.said[name])) for look in looks if name in look.said]
        dots = tuple((x, y, _dot(name, look, currency, words)) for look, (x, y) in said)
        if said:
            lines.append(LineView(name, _points([place for _, place in said] + end), dots))
    return ChartView(
        str(period), money(came, currency, words), words("history.chart", period=str(period)),
        _points(edges) if len(ranged) + len(end) > 1 and ranged else "", tuple(lines), end[0][1] if end else None,
    )  # fmt: skip


def _dot(name: str, look: Look, currency: str, words: Words) -> str:
    return words("history.dot", name=words(f"history.{name}"), day=words.day(look.day),
                 amount=money(look.said[name], currency, words))  # fmt: skip


def _points(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in places)


def row_views(
    quarters: Sequence[PastQuarter], currency: str, words: Words, lines: Sequence[str] = LINES
) -> tuple[RowView, ...]:  # fmt: skip
    """The newest quarter first, its days in order; beside AI those of these lines."""
    return tuple(_row(one, look, currency, words, lines) for one in reversed(quarters) for look in one.looks)


def _row(one: PastQuarter, look: Look, currency: str, words: Words, lines: Sequence[str]) -> RowView:
    said, held = look.said, look.held(one.came)
    low, high = (money(said.get(name), currency, words) for name in ("p10", "p90"))
    miss = (said[AI] - one.came) / abs(one.came) if AI in said and one.came else None
    return RowView(
        str(one.period), words.day(look.day), words("history.days", count=look.days),
        money(said.get(AI), currency, words), look.median,
        "–" if held is None else words("forecast.span", low=low, high=high),
        "–" if held is None else words("history.held" if held else "history.missed"),
        "–" if miss is None else words.change(float(miss)),
        tuple(money(said.get(name), currency, words) for name in lines), money(one.came, currency, words), look.served,
    )  # fmt: skip


def sentences(found: Verdict, words: Words) -> list[str]:
    """How often what came lay in the range, and who was off by how much, of the first look at each quarter."""
    told = []
    if found.of:
        share = words.percent(found.held / found.of)
        span = {"low": words.percent(found.low), "high": words.percent(found.high)}
        told.append(words("history.verdict", held=found.held, of=found.of))
        told.append(words("history.share", share=share, **span))
    if AI in found.miss:
        parts = [
            words("history.off", name=words(f"history.{name}"), share=words.percent(found.miss[name]),
                  count=found.quarters[name])
            for name in TOLD if name in found.miss
        ]  # fmt: skip
        told.append(words("history.offs", parts=", ".join(parts)))
    return told


def withheld_said(hidden: frozenset[str], words: Words) -> str:
    """Why what people said is left out beside what came; empty where it is not."""
    if not hidden:
        return ""
    together = "" if "commit" in hidden else f" {words('history.together')}"
    return words("call.people_withheld") + together


def reached_said(found: Verdict | None, words: Words) -> str:
    """How often such a range has held; nothing where too few quarters tell of it."""
    if found is None:
        return ""
    share = words.percent(found.held / found.of)
    return words("call.reached", held=words.number(found.held), of=words.number(found.of), share=share)


def sources(quarters: Sequence[PastQuarter], currency: str) -> list[dict[str, Any]]:
    """Rows for a workbook, exact."""
    return [
        {"period": str(one.period), "day": look.day.isoformat(), "days": look.days, "currency": currency,
         "came": str(one.came), "held": look.held(one.came), "served": look.served, **_texts(look.said)}
        for one in quarters for look in one.looks
    ]  # fmt: skip


def _texts(said: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: str(value) for name, value in said.items()}
