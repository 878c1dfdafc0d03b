"""What timing and amounts are read from: columns of a deal's row, the same in training and in serving.

Rows come from rows.py. No column here depends on activities, contacts, the account or custom fields: training and
serving both leave them out, which makes rows several times cheaper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache, partial

import numpy as np

from learning.periods import period_of
from learning.workdays import WEEKDAYS, weekly_working_days
from services.forecast.domain import Floats, Integers
from services.forecast.rows import Row

AGE_BOUNDS = np.array([1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 22, 26, 34, 43, 52, 78, 104])  # weeks
STEP_BOUNDS = np.array([1, 2, 3, 4, 6, 9, 13, 21, 35])  # weeks ahead
PHASE_BOUNDS = np.array([2, 5, 13])  # weeks ahead, for what fades: the stage and the time in it
STAGE_DAYS_BOUNDS = np.array([7, 14, 28, 60, 120])
PROMISE_NEAR, PROMISE_FAR = -8, 13  # weeks from the week in question to the promised close date
SLIP_CAP = 3
_HALF_WEEK = 3.5  # weeks ahead begin at any age: the middle of a week says which week of age it is

_AGE_ENTRY = np.searchsorted(AGE_BOUNDS, np.arange(AGE_BOUNDS[-1] + 1), side="right")
OUTLIVED_BOUNDS = np.array([30, 60, 90])  # days old when the quarter began: a deal that outlives its quarter ages

FACTORS: Mapping[str, int] = {
    "step": len(STEP_BOUNDS) + 1,
    "age": len(AGE_BOUNDS) + 1,
    "quarter": 14,
    "promise": PROMISE_FAR - PROMISE_NEAR + 2,  # the last: no promise
    "young_quarter": 15,  # the last: no longer young
    "month": 6,
    "outlived": len(OUTLIVED_BOUNDS) + 2,
    "slips": SLIP_CAP + 1,
    "stage_days": (len(STAGE_DAYS_BOUNDS) + 1) * (len(PHASE_BOUNDS) + 1),
    "workdays": WEEKDAYS + 1,  # working days of the week
}
CHOICES = ("stage", "pipeline", "motion")  # each with levels of its own that fade; unseen values are neutral
STEADY = ("owner_id", "product")  # as CHOICES, the same however far ahead
MAX_LEVELS = {"owner_id": 2_000, "product": 500}
OTHER_LEVELS = 60
PHASES = len(PHASE_BOUNDS) + 1
YOUNG_WEEKS = 3  # a deal's first weeks have a place in the quarter of their own: quick deals are made to order


@dataclass(frozen=True, slots=True, eq=False)
class TimingColumns:
    """One entry a deal (or snapshot), as of the end of `days`. promise is NaN where no date is promised."""

    days: Sequence[date]
    age: Floats
    promise: Floats
    slips: Floats
    stage_days: Floats
    choices: Mapping[str, Sequence[str]]

    def __len__(self) -> int:
        return len(self.days)

    def some(self, chosen: Integers) -> TimingColumns:
        """Those at some positions."""
        days, where = self.days, chosen.tolist()
        return TimingColumns(
            [days[index] for index in where], self.age[chosen], self.promise[chosen], self.slips[chosen],
            self.stage_days[chosen],
            {name: [values[index] for index in where] for name, values in self.choices.items()},
        )  # fmt: skip


def timing_columns(rows: Sequence[Row], days: Sequence[date]) -> TimingColumns:
    """The columns of rows as rows.rows_at gives them, each as of its day."""
    return TimingColumns(
        days,
        np.maximum(_numbers(rows, "age_days"), 0.0),
        _numbers(rows, "days_to_close_date"),
        np.nan_to_num(_numbers(rows, "close_date_slips")),
        np.maximum(np.nan_to_num(_numbers(rows, "days_in_stage")), 0.0),
        {name: [str(row.get(name) or "") for row in rows] for name in (*CHOICES, *STEADY)},
    )


def _numbers(rows: Sequence[Row], name: str) -> Floats:
    values = (row.get(name) for row in rows)
    return np.array([value if isinstance(value, float | int) else np.nan for value in values], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a row says of the money. amount is in major units; None where none was given."""

    amount: float | None
    currency: str
    product: str
    pipeline: str


def asked(row: Row, default_currency: str) -> Asked:
    """The money part of a row; a deal without an amount counts in the company's currency."""
    amount = row.get("amount")
    return Asked(
        float(amount) if isinstance(amount, float | int) else None,
        str(row.get("currency") or default_currency),
        str(row.get("product") or ""),
        str(row.get("pipeline") or ""),
    )


@lru_cache(maxsize=8192)
def weeks_to_quarter_end(day: date, weeks: int) -> Integers:
    """For each week after `day`: whole weeks from its middle to its quarter's end, 0 … 13. Not to be written to."""
    middles = [day + timedelta(days=7 * week + 4) for week in range(weeks)]
    return np.array([min((period_of(middle).end - middle).days // 7, 13) for middle in middles], dtype=np.int64)


@lru_cache(maxsize=8192)
def weeks_to_month_end(day: date, weeks: int) -> Integers:
    """As weeks_to_quarter_end for the month: 0 … 4. Not to be written to."""
    middles = [day + timedelta(days=7 * week + 4) for week in range(weeks)]
    ends = [(middle.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1) for middle in middles]
    return np.array([(end - middle).days // 7 for middle, end in zip(middles, ends, strict=True)], dtype=np.int64)


def grid(columns: TimingColumns, weeks: int) -> tuple[Integers, Integers]:
    """Every deal and week ahead, as factor_index and choice_index take them."""
    return np.arange(len(columns))[:, None], np.arange(weeks)[None, :]


def factor_index(columns: TimingColumns, deal: Integers, ahead: Integers, country: str = "") -> dict[str, Integers]:
    """Which entry of each factor's table holds for a deal in a week ahead; in the shape the two broadcast to.

    country: whose public holidays are no working days.
    """
    shape = np.broadcast_shapes(deal.shape, ahead.shape)
    days = {day: position for position, day in enumerate(sorted(set(columns.days)))}
    at = np.array([days[day] for day in columns.days], dtype=np.int64)[deal]
    weeks = int(ahead.max(initial=0)) + 1

    def by_day(of: Callable[[date, int], Integers]) -> Integers:
        return np.stack([of(day, weeks) for day in days])[at, ahead] if days else np.zeros(shape, np.int64)

    quarter = by_day(weeks_to_quarter_end)
    promised = np.floor((columns.promise - 1) / 7.0)[deal] - ahead
    promise = np.clip(np.nan_to_num(promised), PROMISE_NEAR, PROMISE_FAR).astype(np.int64) - PROMISE_NEAR
    promise[np.broadcast_to(np.isnan(columns.promise)[deal], shape)] = FACTORS["promise"] - 1
    age = np.nan_to_num(columns.age)
    age_weeks = np.floor((age + _HALF_WEEK) / 7.0).astype(np.int64)[deal] + ahead
    outlived = age[deal] - by_day(_days_in_quarter)
    in_stage = np.searchsorted(STAGE_DAYS_BOUNDS, columns.stage_days, side="right")
    slips = np.minimum(columns.slips, SLIP_CAP).astype(np.int64)
    return {
        "step": np.broadcast_to(np.searchsorted(STEP_BOUNDS, ahead, side="right"), shape),
        "age": _AGE_ENTRY[np.minimum(age_weeks, AGE_BOUNDS[-1])],
        "quarter": quarter,
        "young_quarter": np.where(age_weeks < YOUNG_WEEKS, quarter, FACTORS["young_quarter"] - 1),
        # 0 where it was not born yet: a deal that outlives its quarter ages
        "outlived": np.where(outlived <= 0, 0, np.searchsorted(OUTLIVED_BOUNDS, outlived, side="right") + 1),
        "month": by_day(weeks_to_month_end),
        "workdays": by_day(partial(weekly_working_days, country=country)),
        "promise": promise,
        "slips": np.broadcast_to(slips[deal], shape),
        "stage_days": in_stage[deal] * PHASES + np.searchsorted(PHASE_BOUNDS, ahead, side="right"),
    }


@lru_cache(maxsize=8192)
def _days_in_quarter(day: date, weeks: int) -> Integers:
    """For each week after `day`: days from its quarter's start to its middle, less those from `day` to its middle."""
    middles = [day + timedelta(days=7 * week + 4) for week in range(weeks)]
    return np.array([(day - period_of(middle).start).days for middle in middles], dtype=np.int64)


def choice_index(
    columns: TimingColumns, levels: Mapping[str, Sequence[str]], deal: Integers, ahead: Integers
) -> dict[str, Integers]:
    """As factor_index for the choices; entry 0 stands for any other value. Each level has an entry (see table_size)."""
    phase = np.searchsorted(PHASE_BOUNDS, ahead, side="right")
    found = {}
    for name in (*CHOICES, *STEADY):
        position = {level: index + 1 for index, level in enumerate(levels.get(name, ()))}
        codes = np.array([position.get(value, 0) for value in columns.choices[name]], dtype=np.int64)[deal]
        if name in CHOICES:
            found[name] = np.where(codes > 0, (codes - 1) * PHASES + phase + 1, 0)
        else:
            found[name] = np.broadcast_to(codes, np.broadcast_shapes(deal.shape, ahead.shape))
    return found


def table_size(name: str, levels: int) -> int:
    """How many entries a choice of so many levels has: one a level and phase where it fades, and one for any other."""
    return levels * (PHASES if name in CHOICES else 1) + 1
