"""Why a deal's timing is as it is, in words: what moves the odds of closing in the current period, given won."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from math import log

from babel.dates import format_date

from services.forecast.domain import Reason
from services.forecast.rows import Row
from services.forecast.spans import Span

GROUPS: Mapping[str, tuple[str, ...]] = {
    "close_date": ("promise",),
    "quarter": ("quarter",),
    "stage": ("stage", "stage_days"),
    "age": ("age",),
    "close_date_slips": ("slips",),
}
MOST = 3
SMALLEST = 0.05


def log_odds(probability: float) -> float:
    """Of a probability kept off 0 and 1 by a millionth."""
    inside = min(max(probability, 1e-6), 1 - 1e-6)
    return log(inside / (1.0 - inside))


def timing_reasons(
    row: Row, day: date, period: Span, promised: date | None, reached: float, without: Mapping[str, float]
) -> tuple[Reason, ...]:
    """The strongest first. period: the current one; reached: log-odds of closing in it; without: its probability less
    one group."""
    effects = {group: reached - log_odds(float(mass)) for group, mass in without.items()}
    strongest = sorted((group for group in effects if abs(effects[group]) >= SMALLEST), key=lambda g: -abs(effects[g]))
    reasons = []
    for group in strongest:
        words = _words(group, row, day, period, promised)
        if words is not None:
            value, english, korean = words
            likelier = effects[group] > 0
            english += f": if it is won, this quarter is {'more' if likelier else 'less'} likely"
            korean += f": 수주한다면 그 시기가 이번 분기일 가능성이 {'높아집니다' if likelier else '낮아집니다'}"
            reasons.append(Reason(group, value, effects[group], english, korean))
    return tuple(reasons[:MOST])


def _words(group: str, row: Row, day: date, period: Span, promised: date | None) -> tuple[str, str, str] | None:
    """Value, English and Korean; None where there is nothing to say."""
    if group == "close_date":
        return _promise(day, promised)
    if group == "quarter":
        left = (period.end - day).days
        return str(left), f"{left} days are left in the quarter", f"분기 마감까지 {left}일 남음"
    if group == "stage":
        stage, days = str(row.get("stage") or ""), _whole(row, "days_in_stage")
        return (stage, f"In stage {stage} for {days} days", f"{stage} 단계에서 {days}일째") if stage else None
    if group == "age":
        days = _whole(row, "age_days")
        return str(days), f"Open for {days} days", f"시작한 지 {days}일"
    slips = _whole(row, "close_date_slips")
    if not slips:
        return None
    times = "once" if slips == 1 else f"{slips} times"
    return str(slips), f"The close date was put off {times}", f"마감 예정일이 {slips}번 미뤄짐"


def _promise(day: date, promised: date | None) -> tuple[str, str, str]:
    if promised is None:
        return "", "No close date is promised", "마감 예정일이 없음"
    days, (en, ko) = (promised - day).days, _as_read(promised)
    if promised <= day:
        text = f"The promised close date {en} passed {-days} days ago"
        return promised.isoformat(), text, f"마감 예정일({ko})에서 {-days}일 지남"
    return promised.isoformat(), f"Promised for {en}, in {days} days", f"{days}일 뒤 {ko} 마감 예정"


@lru_cache(maxsize=8192)
def _as_read(day: date) -> tuple[str, str]:
    """A day as pages show it."""
    return str(format_date(day, "medium", locale="en")), str(format_date(day, "medium", locale="ko"))


def _whole(row: Row, name: str) -> int:
    value = row.get(name)
    return int(value) if isinstance(value, float | int) else 0
