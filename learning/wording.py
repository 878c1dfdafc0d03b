"""Numbers and days in words, English and Korean."""

from __future__ import annotations

from enum import Enum, auto
from functools import lru_cache

Words = tuple[str, str]  # English, Korean
RELATIVE_DAYS = ("days_to_close_date",)
PAST_DAYS = ("days_since_activity", "days_since_inbound", "days_since_outbound")
SPANS = ("age_days", "days_in_stage")


class Measure(Enum):
    """What a number column counts."""

    NUMBER = auto()
    SPAN = auto()  # days
    PAST = auto()  # days since something
    RELATIVE = auto()  # days until a date, negative once it has passed


def measure_of(column: str, *, date: bool = False) -> Measure:
    """What the column counts; `date` tells that its cells are dates."""
    if date or column in RELATIVE_DAYS:
        return Measure.RELATIVE
    if column in PAST_DAYS:
        return Measure.PAST
    return Measure.SPAN if column in SPANS else Measure.NUMBER


def number(value: float) -> str:
    """With thousands separators, as many decimals as matter: 55,290,000; 1,250; 12.5; 0.25; 0.0031."""
    value += 0.0  # no minus before nothing
    size = abs(value)
    if size >= 1e15:
        return f"{value:.3g}"
    if size >= 100 or value == round(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 1 else f"{value:.2g}"


def days(count: float) -> Words:
    """A span: 1 day, 45 days."""
    told = number(round(count))
    return (f"{told} day" if told == "1" else f"{told} days"), f"{told}일"


def measured(value: float, measure: Measure) -> Words:
    """A value as its column counts."""
    if measure is Measure.NUMBER:
        return number(value), number(value)
    if measure is Measure.SPAN:
        return days(value)
    ahead = round(value) if measure is Measure.RELATIVE else -round(value)
    if ahead == 0:
        return "today", "오늘"
    en, ko = days(abs(ahead))
    return (f"in {en}", f"{ko} 후") if ahead > 0 else (f"{en} ago", f"{ko} 전")


@lru_cache(maxsize=4096)  # every score tells several of the same few
def likeness(edges: tuple[float, ...], place: int, measure: Measure) -> Words:
    """Which closed records are in the bin `place` of a number column (0 … len(edges); beyond: without a value)."""
    if place > len(edges):
        return "without it", "값이 없는"
    if not edges:
        return "with a value", "값이 있는"
    # How long ago something was is compared as a span.
    told = [measured(edge, Measure.SPAN if measure is Measure.PAST else measure) for edge in edges]
    if measure is Measure.RELATIVE:
        if place == 0:
            return f"earlier than {told[0][0]}", f"{told[0][1]}보다 이른"
        if place == len(edges):
            return f"{told[-1][0]} or later", f"{told[-1][1]}이거나 더 늦은"
        return f"between {told[place - 1][0]} and {told[place][0]}", f"{told[place - 1][1]}~{told[place][1]}의"
    if place == 0:
        return f"below {told[0][0]}", f"{told[0][1]} 미만"
    if place == len(edges):
        return f"at {told[-1][0]} or more", f"{told[-1][1]} 이상"
    low, high = told[place - 1], told[place]
    return f"between {low[0]} and {high[0]}", f"{low[1]} 이상 {high[1]} 미만"
