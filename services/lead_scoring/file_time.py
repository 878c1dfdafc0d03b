"""The order of a file's rows in time: by a column, by their place, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kit.errors import InvalidInput
from learning.columns import Floats
from learning.tabular import Kind, Reading
from services.lead_scoring.file_flags import ROW_ORDER, Note

FILLED = 0.99
DAYS_APART = 30
LONGEST_SPAN = 30 * 365.25  # days; birthdays lie further apart
ENOUGH_DAYS = 60
LATEST = 3_000_000  # ordinals, within what a calendar can tell

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Order:
    """`column` orders the rows ("" for none or their place); `ordered`: later rows came later."""

    column: str = ""
    ordered: bool = False
    dates: bool = False  # the column holds days


def named_order(time: str, readings: Mapping[str, Reading]) -> Order:
    """The order that --time names (a column's name, or row-order). Raises InvalidInput where it orders nothing."""
    if time == ROW_ORDER:
        return Order(ordered=True)
    kind = readings[time].kind
    if kind not in (Kind.DATE, Kind.NUMBER):
        mend = "name a column of days or numbers, or row-order if the rows stand in the order of time"
        raise InvalidInput("its values are neither days nor numbers", field="--time", value=time, mend=mend)
    return Order(time, ordered=True, dates=kind is Kind.DATE)


def own_date(days: Mapping[str, Floats], opened: NDArray[np.bool_]) -> str:
    """The column that is plainly the day of the record itself; "" where none is.

    It is filled in for (almost) all records, open ones too, and spans weeks to decades. Of several such columns it is
    the one by which the rows stand sorted, or that comes before (or with) every other.
    """
    fit = {name: values for name, values in days.items() if _may_be_own(values, opened)}
    if len(fit) <= 1:
        return next(iter(fit), "")
    for name, values in fit.items():
        steps = np.diff(values[np.isfinite(values)])
        if (steps >= 0).mean() >= FILLED or (steps <= 0).mean() >= FILLED:
            return name
    for name, values in fit.items():
        before = [np.nanmean(np.floor(values) <= np.floor(other)) for key, other in fit.items() if key != name]
        if min(before) >= FILLED:
            return name
    return ""


def _may_be_own(values: Floats, opened: NDArray[np.bool_]) -> bool:
    known = np.isfinite(values)
    parts = [known, *([known[opened]] if opened.any() else [])]
    if not len(values) or min(part.mean() for part in parts) < FILLED:
        return False
    days = np.floor(values[known])
    return len(np.unique(days)) >= DAYS_APART and float(days.max() - days.min()) <= LONGEST_SPAN


def comes_after(earlier: Floats, later: Floats) -> bool:
    """Whether most later rows lie after nearly all earlier ones."""
    early, late = earlier[np.isfinite(earlier)], later[np.isfinite(later)]
    return bool(len(early) and len(late) and np.median(late) >= np.quantile(early, 0.9))


def places(moments: Floats | None, rows: int, *, dates: bool) -> Ints:
    """Each row's place in time as `taken` wants it: days where there are many of them, else ranks, else row numbers.

    Rows without a moment are put in the middle.
    """
    if moments is None or not np.isfinite(moments).any():
        return _bounded(np.arange(1, rows + 1, dtype=np.int64))
    filled = np.where(np.isfinite(moments), moments, np.nanmedian(moments))
    days = np.floor(filled)
    if dates and len(np.unique(days)) >= ENOUGH_DAYS:
        return days.astype(np.int64)
    return _bounded(np.unique(filled, return_inverse=True)[1].astype(np.int64) + 1)


def _bounded(ranks: Ints) -> Ints:
    most = int(ranks.max(initial=1))
    return ranks if most <= LATEST else ranks * LATEST // most + 1


def told(order: Order, *, named: bool, candidates: Sequence[str], compared: bool = True) -> list[Note]:
    """What is said about the order that was taken. compared: the test file has rows with that day."""
    if named:
        return []
    if not order.column:
        if not candidates:
            return []
        listed = ", ".join(candidates[:5])
        return [Note(
            f"No day is plainly the record's own (of {listed}), so the rows count as unordered; name one with --time.",
            f"기록 자체의 날짜가 분명하지 않아({listed}) 순서 없이 다룹니다. --time으로 지정할 수 있습니다.",
        )]  # fmt: skip
    others = ", ".join(f"“{name}”" for name in candidates[:5] if name != order.column)
    en, ko = (f" Other columns of days: {others}.", f" 다른 날짜 열: {others}.") if others else ("", "")
    if order.ordered:
        return [Note(
            f"“{order.column}” is taken as the day of each record, and orders the rows; --time names another.{en}",
            f"“{order.column}”을(를) 기록의 날짜로 보고 시간 순서로 썼습니다. --time으로 바꿀 수 있습니다.{ko}",
        )]  # fmt: skip
    where = ("the test rows lie among the training rows in time", "평가 행이 학습 행과 같은 기간에 있어")
    if not compared:
        where = (
            "no test row has it to tell that it came later",
            "평가 파일에 이 날짜가 없어 선후를 알 수 없으므로",
        )
    return [Note(
        f"“{order.column}” is taken as the day of each record; {where[0]}, so models are chosen on random folds. "
        f"Use --time to choose them forward in time.{en}",
        f"“{order.column}”을(를) 기록의 날짜로 보았습니다. {where[1]} 무작위로 나누어 검증합니다. "
        f"시간 순서로 검증하려면 --time을 쓰세요.{ko}",
    )]  # fmt: skip
