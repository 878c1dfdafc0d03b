"""The leak guard for rows without a history: what cannot have been known before the outcome, judged by values alone.

`by_outcome` serves snapshots too.

It drops on overwhelming evidence only, because leaving out an honest column costs more than keeping it costs those who
read the warning; everything else that looks odd is a suspicion, told with its figures.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from learning.columns import Floats, Table, Texts
from learning.guard import EMPTY as NEXT_TO_NONE
from learning.guard import ENOUGH, FEW, NARROW, WIDE, Dropped
from learning.guard_single import Labelled, Single, judge, levels

# Shares of the base rate's log loss that one column explains. Honest columns of real sales data stay below .18, those
# of measured nature reach .8; what was copied from the outcome with 1 % of errors has .9.
ALONE_DROPS, ALONE_WARNS = 0.95, 0.2
EACH_CLASS = 20  # outcomes of either kind that are needed to judge a single column
SIDE_EMPTY, SIDE_FULL = 0.005, 0.5  # filled with (almost) none of one outcome, with many of the other: dropped
SIDE_RARE, SIDE_OFTEN = 0.02, 0.15  # the same, as a suspicion
GAP_WARNS = 0.2
APART_WARNS, FEW_LEVELS, APART_BINS = 0.6, 50, 10
PURE, SURPRISE = 0.02, 80.0  # of an outcome's usual share is left, against odds of e^80
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Finding:
    """A column that may give the outcome away: dropped, or suspected only; why, in two languages, and the figures."""

    column: str
    kind: str
    evidence: Mapping[str, float | str]
    text_en: str
    text_ko: str
    drop: bool = False

    def as_dropped(self) -> Dropped:
        """As a data set lists it."""
        return Dropped(self.column, self.text_en, self.text_ko, self.evidence)

    def to_json(self) -> dict[str, object]:
        """As evaluation.json has it."""
        return {"kind": self.kind, **self.as_dropped().to_json()}


def find_in_rows(table: Table, won: Floats, opened: Table | None = None, keep: Collection[str] = ()) -> list[Finding]:
    """Findings by column, the strongest evidence of each, dropped ones first. `table` holds closed rows.

    opened: the same columns of records without an outcome yet. keep: columns that stay whatever the guard sees; they
    are suspected where they would have been dropped.
    """
    found: list[Finding] = []
    labelled = Labelled.by_row(won)
    for name, column in table.columns.items():
        both = (_against_open(name, column, opened), by_outcome(name, column, labelled))
        strongest = sorted(filter(None, both), key=lambda one: not one.drop)[:1]
        found += [replace(one, drop=one.drop and name not in keep) for one in strongest]
    return sorted(found, key=lambda one: (not one.drop, -float(one.evidence.get("explained", 0.0)), one.column))


def _present(column: Floats | Texts) -> Mask:
    return column.codes >= 0 if isinstance(column, Texts) else np.isfinite(column)


def _against_open(name: str, column: Floats | Texts, opened: Table | None) -> Finding | None:
    """What tells open records from closed ones: filled in, or changed, by closing."""
    other = opened.columns.get(name) if opened is not None else None
    if opened is None or other is None or min(opened.rows, len(_present(column))) < FEW:
        return None
    here, there = _present(column), _present(other)
    filled = float(here.mean()), float(there.mean())
    gap = abs(filled[0] - filled[1])
    few = min(len(here), len(there))
    if gap >= GAP_WARNS or (gap >= NARROW and min(filled) <= NEXT_TO_NONE and few >= ENOUGH):
        drop = gap >= WIDE or (min(filled) <= NEXT_TO_NONE and few >= ENOUGH)
        figures = {"fill_rate_closed": round(filled[0], 4), "fill_rate_open": round(filled[1], 4)}
        return Finding(
            name, "open", figures,
            f"filled in on {filled[0]:.0%} of closed records and on {filled[1]:.0%} of open ones: closing fills it",
            f"종결 기록의 {filled[0]:.0%}, 진행 중 기록의 {filled[1]:.0%}에 값이 있음: 종결하면서 입력되는 항목", drop,
        )  # fmt: skip
    apart = _apart(column, other)
    if apart < APART_WARNS:
        return None
    return Finding(
        name, "changed", {"apart": round(apart, 4)},
        f"its values on open records are others than on closed ones ({apart:.0%} apart): closing may change it",
        f"진행 중 기록과 종결 기록의 값이 서로 다름({apart:.0%} 차이): 종결하면서 바뀌는 항목일 수 있음",
    )  # fmt: skip


def _apart(column: Floats | Texts, other: Floats | Texts) -> float:
    """The total variation between two columns' shares of values, of numbers between their shares of common quantiles.

    0 for choices of many values, which drift honestly.
    """
    if not isinstance(column, Texts) and not isinstance(other, Texts):
        return _numbers_apart(column[np.isfinite(column)], other[np.isfinite(other)])
    if not isinstance(column, Texts) or not isinstance(other, Texts):
        return 0.0
    shares: dict[str, list[float]] = {}
    for side, one in enumerate((column, other)):
        codes = one.codes[one.codes >= 0]
        counts = np.bincount(codes, minlength=len(one.dictionary)) / max(len(codes), 1)
        for place in np.flatnonzero(counts).tolist():
            shares.setdefault(one.dictionary[place], [0.0, 0.0])[side] = float(counts[place])
    if len(shares) > FEW_LEVELS:
        return 0.0
    return sum(abs(a - b) for a, b in shares.values()) / 2


def _numbers_apart(here: Floats, there: Floats) -> float:
    if min(len(here), len(there)) < FEW:
        return 0.0
    pooled = np.concatenate([here, there])
    # Both sides weigh the same, or the bins would lie where the larger one's values are.
    order, each = np.argsort(pooled), np.repeat([0.5 / len(here), 0.5 / len(there)], [len(here), len(there)])
    steps = np.searchsorted(np.cumsum(each[order]), np.linspace(0, 1, APART_BINS + 1)[1:-1])
    edges = np.unique(pooled[order][np.minimum(steps, len(pooled) - 1)])
    shares = [
        np.bincount(np.searchsorted(edges, side, side="right"), minlength=len(edges) + 1) / len(side)
        for side in (here, there)
    ]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def by_outcome(name: str, column: Floats | Texts, labelled: Labelled) -> Finding | None:
    """What tells won records from lost ones better than anything that was known before can; None if nothing does."""
    if min(labelled.counts) < EACH_CLASS:
        return None
    alone = judge(column, labelled)
    figures: dict[str, float | str] = {"auc": round(alone.auc, 4), "explained": round(alone.explained, 4)}
    sided = _one_sided(name, column, labelled, figures)
    if alone.explained >= ALONE_DROPS:
        return _too_good(name, alone, figures, drop=True)
    if sided is not None:
        return sided
    if alone.explained >= ALONE_WARNS:
        return _too_good(name, alone, figures, drop=False)
    return _decisive(name, column, labelled, figures)


def _too_good(name: str, alone: Single, figures: Mapping[str, float | str], *, drop: bool) -> Finding:
    share = f"{alone.explained:.0%}"
    en = f"it alone explains {share} of the outcome (AUC {alone.auc:.3f} on rows it was not learned from)"
    ko = f"이 항목 하나로 결과의 {share}가 설명됨(학습하지 않은 행에서 AUC {alone.auc:.3f})"
    more = (
        (": it was set by the outcome", ": 결과가 정해 준 값")
        if drop
        else (": was it known before?", ": 결과 전에 알 수 있었습니까?")
    )
    return Finding(name, "alone", figures, en + more[0], ko + more[1], drop)


def _one_sided(
    name: str, column: Floats | Texts, labelled: Labelled, figures: Mapping[str, float | str]
) -> Finding | None:
    full, won = labelled.weight * _present(column), labelled.won
    filled = float(full @ won) / labelled.counts[0], float(full @ (1 - won)) / labelled.counts[1]
    few = min(labelled.counts)
    if min(filled) > SIDE_RARE or max(filled) < SIDE_OFTEN or few < FEW:
        return None
    drop = min(filled) <= SIDE_EMPTY and max(filled) >= SIDE_FULL and few >= ENOUGH
    evidence = {"fill_rate_won": round(filled[0], 4), "fill_rate_lost": round(filled[1], 4)}
    return Finding(
        name, "missing", {**figures, **evidence},
        f"filled in on {filled[0]:.1%} of won records and on {filled[1]:.1%} of lost ones: being empty tells it",
        f"성공 기록의 {filled[0]:.1%}, 실패 기록의 {filled[1]:.1%}에만 값이 있음: 비어 있는지가 결과를 알려 줌", drop,
    )  # fmt: skip


def _decisive(
    name: str, column: Floats | Texts, labelled: Labelled, figures: Mapping[str, float | str]
) -> Finding | None:
    """A value that goes with one outcome only, more often than chance ever would."""
    place, count = levels(column)
    weight = labelled.weight
    total, good = np.bincount(place, weight, count), np.bincount(place, weight * labelled.won, count)
    rate = labelled.counts[0] / float(weight.sum())
    against_won = np.where(total - good <= PURE * (1 - rate) * total, -total * np.log(rate), 0.0)
    against_lost = np.where(good <= PURE * rate * total, -total * np.log1p(-rate), 0.0)
    surprise = np.maximum(against_won, against_lost)
    best = int(np.argmax(surprise))
    if surprise[best] < SURPRISE:
        return None
    value = _value(column, place, best)
    told = f"{good[best]:,.0f} of {total[best]:,.0f}"
    return Finding(
        name, "value", {**figures, "value": value, "rows": round(float(total[best])), "won": round(float(good[best]))},
        f"of the records with {value}, {told} were won, of all {rate:.0%}: such a value often comes with the outcome",
        f"값이 {value}인 기록 {total[best]:,.0f}건 중 {good[best]:,.0f}건 성공(전체 {rate:.0%}): "
        "결과와 함께 입력된 값일 수 있음",
    )  # fmt: skip


def _value(column: Floats | Texts, place: NDArray[np.int64], level: int) -> str:
    if isinstance(column, Texts):
        return f"“{column.dictionary[level][:40]}”" if level < len(column.dictionary) else "no value"
    known = column[(place == level) & np.isfinite(column)]
    if not len(known):
        return "no value"
    low, high = float(known.min()), float(known.max())
    return f"{low:,.6g}" if low == high else f"{low:,.6g} to {high:,.6g}"
