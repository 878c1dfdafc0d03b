"""What the page of two versions side by side is put together from: tables, and pictures of two curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Any

from services.gateway.web.words import Words

Json = Mapping[str, Any]
Point = tuple[float, float]
DIGITS = 3
WIDTH, HEIGHT = 330, 240  # of a picture, in its own units
LEFT, RIGHT, TOP, BOTTOM = 58, 18, 10, 26
OURS, REJECTED = "Dealcast", "rejected blend"  # on the card of lead scoring
STEPS = 5  # that an axis is cut into, about
SAME = "same"  # begins the keys of comparisons on the same records
SIDES = ("one", "other")  # the classes of both versions' marks


def served_test(evaluation: Json) -> Json:
    """The figures of what a version of lead scoring says of the records of its test. Where its fields told nothing, it
    says one rate, while `test` is of the model that was rejected for it."""
    test: Json = evaluation.get("test") or {}
    models: Json = (evaluation.get("card") or {}).get("models") or {}
    return {**test, **models[OURS]} if test and REJECTED in models and OURS in models else test


@dataclass(frozen=True, slots=True)
class Side:
    """A version as the gateway keeps it."""

    version: str
    evaluation: Json
    row: Json

    def name(self, words: Words) -> str:
        """As people call it."""
        return words("models.version", version=self.version)


@dataclass(frozen=True, slots=True)
class Cell:
    """What a table says of one version, or of the difference. mark: better or worse, empty without a verdict."""

    text: str
    small: str = ""
    mark: str = ""


NOTHING = Cell("–")


@dataclass(frozen=True, slots=True)
class Dot:
    """A point with its range, as a picture places them, and a text."""

    x: float
    y: float
    low: float
    high: float
    told: str


@dataclass(frozen=True, slots=True)
class Curve:
    """What a version says, by its class: points, joined by `line`; `band` is its range as a polygon, or empty."""

    side: str
    dots: tuple[Dot, ...]
    line: str = ""
    band: str = ""


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture. across, up: ticks with their texts; ideal: a line to hold the curves to; came: level strokes."""

    label: str
    told: str
    across: tuple[tuple[float, str], ...]
    up: tuple[tuple[float, str], ...]
    curves: tuple[Curve, ...]
    ideal: str = ""
    came: tuple[tuple[float, float, float, str], ...] = ()  # from, to, height, text
    frame: tuple[int, int, int, int] = (LEFT, TOP, WIDTH - RIGHT, HEIGHT - BOTTOM)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the comparison: sentences, a picture with its table beside it, or either alone."""

    key: str
    title: str
    told: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, tuple[Cell, ...]], ...] = ()
    plot: Plot | None = None

    @property
    def empty(self) -> bool:
        """Whether neither version keeps it; why they were not compared is always told."""
        return not self.rows and not self.key.startswith(SAME)


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to places in a picture. low, high: the values at its edges."""

    across: Point
    up: Point

    def at(self, x: float, y: float) -> Point:
        """Where a point lies; what lies outside, at the edge."""
        across, up = (
            min(max((value - low) / (high - low), 0.0), 1.0) for value, (low, high) in ((x, self.across), (y, self.up))
        )
        return round(LEFT + across * (WIDTH - LEFT - RIGHT), 1), round(
            HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM), 1
        )

    def dot(self, x: float, y: float, ends: Point, told: str) -> Dot:
        """A point with its range."""
        place = self.at(x, y)
        return Dot(*place, self.at(x, ends[0])[1], self.at(x, ends[1])[1], told)

    def line(self, points: Sequence[Point]) -> str:
        """As an SVG line takes them."""
        return " ".join(f"{x:g},{y:g}" for x, y in (self.at(*point) for point in points))


def steps(top: float) -> list[float]:
    """Round values from 0 up to the first that is not below `top`."""
    size = 10.0 ** floor(log10(top / STEPS)) if top > 0 else 1.0
    step = next(each * size for each in (1, 2, 2.5, 5, 10) if each * size * STEPS >= top) if top > 0 else 1.0
    count = next(each for each in range(1, STEPS + 1) if each * step >= top * (1 - 1e-9))
    return [step * each for each in range(count + 1)]


def number(value: float | None, *, sign: bool = False) -> str:
    """Three digits; a dash for none."""
    return "–" if value is None else f"{value:{'+' if sign else ''}.{DIGITS}f}"


def figure(found: Json | None, words: Words) -> Cell:
    """A figure with its 90 % interval, where it has one."""
    if not found or found.get("value") is None:
        return NOTHING
    low, high = found.get("low90"), found.get("high90")
    known = low is not None and high is not None
    return Cell(number(found["value"]), words("forecast.span", low=number(low), high=number(high)) if known else "")


def difference(found: Json, lower_is_better: bool, words: Words) -> Cell:
    """Of the second version from the first: with its interval, and whether that tells them apart."""
    value, low, high = (found.get(name) for name in ("value", "low90", "high90"))
    if value is None:
        return NOTHING
    if low is None or high is None:
        return Cell(number(value, sign=True))
    span = words("forecast.span", low=number(low, sign=True), high=number(high, sign=True))
    mark = "" if low <= 0 <= high else "better" if (high < 0) == lower_is_better else "worse"
    return Cell(number(value, sign=True), span, mark or "unclear")


def lacking(sides: Sequence[Side], have: Sequence[object], words: Words) -> tuple[str, ...]:
    """Which of the versions keep nothing of a part."""
    without = [side.version for side, there in zip(sides, have, strict=True) if not there]
    return (words("compare.lacks", versions=", ".join(without)),) if without else ()


def heads(sides: Sequence[Side], words: Words, *more: str) -> tuple[str, ...]:
    """The head of a table: nothing above its first column, then the versions."""
    return ("", *(side.name(words) for side in sides), *more)
