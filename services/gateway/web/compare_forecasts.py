"""Two versions of the forecast side by side: past quarters as each would have forecast them on their eves. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from math import comb

from learning.fiscal import FiscalCalendar
from services.gateway.hindsight.quarters import AI, Look, PastQuarter, from_backtests
from services.gateway.rollup import COMPANY
from services.gateway.web.call_views import money
from services.gateway.web.compare_parts import (
    NOTHING,
    SIDES,
    Cell,
    Curve,
    Dot,
    Json,
    Plot,
    Scale,
    Section,
    Side,
    heads,
    lacking,
    number,
    steps,
)
from services.gateway.web.words import Words

LEVELS = ("company", "region", "manager", "owner")
APART = 0.16  # of a quarter's room, how far both versions stand from its middle
CHANCE = 0.1  # a sign test's, from which on being closer more often is no luck

Quarters = Mapping[str, PastQuarter]


def sections(sides: Sequence[Side], calendar: FiscalCalendar, currency: str, words: Words) -> Iterator[Section]:
    """The quarters one by one, and the errors at every level."""
    past = [{str(one.period): one for one in from_backtests([side.evaluation], COMPANY, calendar)} for side in sides]
    yield _quarters(sides, past, currency, words)
    yield _errors(sides, words)


def _quarters(sides: Sequence[Side], past: Sequence[Quarters], currency: str, words: Words) -> Section:
    came = _came(sides, past)
    rows = [
        (name, (*(_said(each.get(name), currency, words) for each in past), Cell(money(result, currency, words))))
        for name, result in came.items()
    ]
    told = list(lacking(sides, past, words))
    if rows:
        told.append(words("compare.quarters_told"))
    if any(one.looks[0].median for each in past for one in each.values()):
        told.append(words("history.medians"))
    if any(past[0][name].came != past[1][name].came for name in past[0] if name in past[1]):
        told.append(words("compare.moved"))
    told += _closer(sides, past, words)
    plot = _plot(sides, past, came, currency, words) if rows else None
    return Section("quarters", words("compare.quarters"), tuple(told), heads(sides, words, words("history.result")),
                   tuple(rows), plot)  # fmt: skip


def _came(sides: Sequence[Side], past: Sequence[Quarters]) -> dict[str, Decimal]:
    """What came of each quarter, oldest first, as the version knows it that was trained last: records change also
    afterwards."""
    order = sorted(zip(sides, past, strict=True), key=lambda pair: str(pair[0].row["created_time"]))
    found = {name: one for _, each in order for name, one in each.items()}
    return {name: one.came for name, one in sorted(found.items(), key=lambda pair: pair[1].period.start)}


def _said(one: PastQuarter | None, currency: str, words: Words) -> Cell:
    """What was expected on the eve, its range and by how much it was off."""
    if one is None or AI not in one.looks[0].said:
        return NOTHING
    look = one.looks[0]
    small = []
    held = look.held(one.came)
    if held is not None:
        low, high = (money(look.said[end], currency, words) for end in ("p10", "p90"))
        small.append(words("forecast.span", low=low, high=high))
        small.append(words("compare.held" if held else "compare.not_held"))
    if (miss := _miss(one)) is not None:
        small.append(words("compare.missed_by", share=words.change(miss)))
    return Cell(money(look.said[AI], currency, words), " · ".join(small))


def _miss(one: PastQuarter) -> float | None:
    said = one.looks[0].said.get(AI)
    return None if said is None or not one.came else float((said - one.came) / abs(one.came))


def _closer(sides: Sequence[Side], past: Sequence[Quarters], words: Words) -> list[str]:
    """How often which was closer, of the quarters that both replayed, and whether that is more than luck."""
    pairs = [(_miss(past[0][name]), _miss(past[1][name])) for name in past[0] if name in past[1]]
    known = [(abs(one), abs(other)) for one, other in pairs if one is not None and other is not None]
    apart = [one - other for one, other in known if one != other]
    if not known:
        return [words("compare.no_shared")] if all(past) else []
    wins = sum(one > 0 for one in apart)
    if wins * 2 == len(apart):
        return [words("compare.closer_even", of=len(known))]
    most = max(wins, len(apart) - wins)
    sure = _sign_test(most, len(apart)) < CHANCE
    said = words("compare.closer", version=sides[wins == most].version, count=most, of=len(known))
    return [said + " " + words("compare.closer_sure" if sure else "compare.closer_luck")]


def _sign_test(wins: int, of: int) -> float:
    """How often chance alone lets either win as often as that, or more."""
    return min(1.0, 2.0 * sum(comb(of, each) for each in range(wins, of + 1)) / float(2**of))


def _plot(
    sides: Sequence[Side], past: Sequence[Quarters], results: Mapping[str, Decimal], currency: str, words: Words
) -> Plot:
    """A stretch across for each quarter: both ranges beside each other, and what came as a stroke."""
    names, amounts = list(results), [float(one) for one in results.values()]
    amounts += [float(value) for each in past for one in each.values() for value in _shown(one.looks[0])]
    marks = steps(max(0.0, *amounts))
    scale = Scale((0.0, float(len(names))), (0.0, marks[-1]))
    curves = []
    for each, side, name, way in zip(past, sides, SIDES, (-APART, APART), strict=True):
        dots = [_dot(scale, names.index(key) + 0.5 + way, key, one, side.name(words), currency, words)
                for key, one in each.items() if AI in one.looks[0].said]  # fmt: skip
        curves.append(Curve(name, tuple(dots)))
    came = []
    for place, (name, result) in enumerate(results.items()):
        (start, height), (end, _) = (scale.at(place + edge, float(result)) for edge in (0.12, 0.88))
        came.append((start, end, height, f"{name}: {words('history.came', amount=money(result, currency, words))}"))
    texts = [(scale.at(0, each)[1], words.money({"currency": currency, "value": f"{each:.0f}"}, compact=True))
             for each in marks]  # fmt: skip
    return Plot(
        words("compare.quarters"), words("compare.quarters_plot"),
        tuple((scale.at(place + 0.5, 0)[0], name) for place, name in enumerate(names)), tuple(texts), tuple(curves),
        came=tuple(came),
    )  # fmt: skip


def _shown(look: Look) -> list[Decimal]:
    return [look.said[name] for name in (AI, "p90") if name in look.said]


def _dot(scale: Scale, x: float, name: str, one: PastQuarter, who: str, currency: str, words: Words) -> Dot:
    said = one.looks[0].said
    ends = [float(said.get(end, said[AI])) for end in ("p10", "p90")]
    told = f"{who}, {name}: {_said(one, currency, words).text} ({_said(one, currency, words).small})"
    return scale.dot(x, float(said[AI]), (ends[0], ends[1]), told)


def _errors(sides: Sequence[Side], words: Words) -> Section:
    """Off by how much on average, how often the range held, and the error of the whole range, level by level."""
    reports = [side.evaluation.get("backtest") or {} for side in sides]
    levels = [name for name in LEVELS if any(isinstance(one.get(name), Mapping) for one in reports)]
    rows = []
    for level in levels:
        called = words(f"models.level_{level}")
        found: list[Json] = [one.get(level) or {} for one in reports]
        off = [(one.get("dealcast") or {}).get("wape") for one in found]
        held = [(one.get("coverage") or {}).get("p10_p90") for one in found]
        shares = tuple(NOTHING if one is None else Cell(words.percent(one), _held(share, words))
                       for one, share in zip(off, held, strict=True))  # fmt: skip
        rows.append((words("compare.off", level=called), (*shares, _apart(off, words, points=True))))
        crps = [one.get("crps") for one in found]
        if any(one is not None for one in crps):
            cells = (*(Cell(number(one)) for one in crps), _apart(crps, words))
            rows.append((words("compare.crps", level=called), cells))
    same = len({tuple(one.get("quarters") or ()) for one in reports}) == 1
    told = [words("compare.errors_same" if same else "compare.errors_other")] if rows else []
    have = [any(isinstance(one.get(name), Mapping) for name in LEVELS) for one in reports]
    head = heads(sides, words, words("compare.difference"))
    return Section("errors", words("compare.errors"), (*told, *lacking(sides, have, words)), head, tuple(rows))


def _held(share: float | None, words: Words) -> str:
    return "" if share is None else words("models.covered", share=words.percent(share))


def _apart(values: Sequence[float | None], words: Words, *, points: bool = False) -> Cell:
    """The difference alone: no interval of it is kept."""
    one, other = values
    if one is None or other is None:
        return NOTHING
    apart = words("compare.points", value=words.points(other - one)) if points else number(other - one, sign=True)
    return Cell(apart, words("compare.no_interval"))
