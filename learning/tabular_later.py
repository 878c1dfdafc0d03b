"""How a later file's columns are read: as the first file's, but for days and numbers that it writes in a way of its
own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from learning.cell_dates import day_first, writes_numbers
from learning.cell_numbers import mark_votes
from learning.cell_words import MAGNITUDES, factors, measured_number, says_unknown
from learning.columns import Floats
from learning.tabular import Kind, Raw, Reading

PERCENT = ("%", "％")
PROBE = 200
SURE, RARE = 0.95, 0.05  # of the cells
MOST_SHARE = 1.0  # parts of one go no further, percentages do


class Way(StrEnum):
    """What a later file writes otherwise."""

    DAYS = "days"
    MARKS = "marks"
    UNITS = "units"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class Change:
    """A column that the later file writes otherwise, and a cell of it (or its units)."""

    column: str
    way: Way
    example: str


def later_readings(
    readings: Mapping[str, Reading], first: Mapping[str, Raw], later: Mapping[str, Raw]
) -> tuple[dict[str, Reading], list[Change]]:
    """The readings that differ for the later file, of the columns it has, and what is otherwise in it."""
    found: dict[str, Reading] = {}
    changes: list[Change] = []
    shared = [name for name in readings if name in first and name in later]
    days = [name for name in shared if readings[name].kind is Kind.DATE]
    numbers = {name: _cells(later[name]) for name in shared if readings[name].kind is Kind.NUMBER}
    _settle_days({name: readings[name] for name in days}, first, later, found, changes)
    marks = _marks({name: readings[name] for name in numbers}, first, numbers)
    for name, cells in numbers.items():
        reading = replace(readings[name], decimal=marks[name])
        if marks[name] != readings[name].decimal:
            changes.append(Change(name, Way.MARKS, next((one for one in cells if marks[name] in one), "")))
        if units := _units(reading, cells):
            changes.append(Change(name, Way.UNITS, ", ".join(units)))
            reading = replace(reading, units={**reading.units, **units})
        scale, example = _scale(reading, readings[name], first[name], cells)
        if scale != 1:
            changes.append(Change(name, Way.PERCENT, example))
            reading = replace(reading, scale=scale)
        if reading != readings[name]:
            found[name] = reading
    return found, changes


def _cells(raw: Raw) -> dict[str, int]:
    return {text: count for text, count in raw.counts().items() if not says_unknown(text)}


def _settle_days(
    readings: Mapping[str, Reading], first: Mapping[str, Raw], later: Mapping[str, Raw], found: dict[str, Reading],
    changes: list[Change],
) -> None:  # fmt: skip
    """Which comes first, by the column's own cells; else as in the first file, or against it where all other columns
    are; else as the file's other columns have it."""
    cells = {name: later[name].counts() for name in readings}
    cells = {name: counts for name, counts in cells.items() if writes_numbers(counts)}
    earlier = {name: first[name].counts() for name in cells}
    was = {name: day_first(counts) for name, counts in earlier.items()}
    now = {name: day_first(counts) for name, counts in cells.items()}
    turned = _all_differ(was, now)
    told = [one for one in now.values() if one is not None]
    for name, counts in cells.items():
        reading, order = readings[name], now[name]
        if order is None and writes_numbers(earlier[name]):
            order = reading.day_first != turned
        elif order is None:
            order = sum(told) * 2 > len(told) if told else reading.day_first
        if order != reading.day_first:
            found[name] = replace(reading, day_first=order)
            changes.append(Change(name, Way.DAYS, next(iter(counts))))


def _all_differ(was: Mapping[str, object], now: Mapping[str, object]) -> bool:
    """Whether all columns that are clear in both files differ, and there are any."""
    pairs = [(was[name], now[name]) for name in now if was[name] is not None and now[name] is not None]
    return bool(pairs) and all(one != other for one, other in pairs)


def _marks(
    readings: Mapping[str, Reading], first: Mapping[str, Raw], cells: Mapping[str, Mapping[str, int]]
) -> dict[str, str]:
    """The decimal mark of each column in the later file, by the same rule; but whole numbers stay whole."""
    unclear = set[str]()
    now: dict[str, str | None] = {}
    for name, counts in cells.items():
        votes = mark_votes(counts)
        mark = "." if votes["."] > votes[","] else ","
        now[name] = mark if votes["."] != votes[","] and votes[mark] > RARE * votes["?"] else None
        if now[name] is None and votes["?"]:
            unclear.add(name)
    was = {name: one.decimal if one.marked else None for name, one in readings.items()}
    other = {".": ",", ",": "."} if _all_differ(was, now) else {}
    found = {name: now[name] or other.get(one.decimal, one.decimal) for name, one in readings.items()}
    for name in unclear:
        fit = [mark for mark in ".," if _whole(cells[name], replace(readings[name], decimal=mark))]
        if len(fit) == 1 and _whole(_cells(first[name]), readings[name]):
            found[name] = fit[0]
    return found


def _whole(cells: Mapping[str, int], reading: Reading) -> bool:
    units = {**factors(cells), **reading.units}
    if any(factor != 1 for factor in units.values()):
        return False
    values = np.array([measured_number(text, reading.decimal, units) for text in cells])
    return bool(np.all((values == np.round(values)) | np.isnan(values)))


def _units(reading: Reading, cells: Mapping[str, int]) -> dict[str, float]:
    """Units of the later file alone, beside plain numbers or magnitudes of the first: how the others relate is not
    known."""
    if any(unit not in MAGNITUDES for unit in reading.units):
        return {}
    if not any(np.isnan(measured_number(text, reading.decimal, reading.units)) for text in cells):
        return {}
    # one magnitude throughout is kept as it is written
    worth = next((MAGNITUDES[unit] for unit, factor in reading.units.items() if factor == 1), 1.0)
    return {
        unit: MAGNITUDES.get(unit, worth) / worth for unit in factors(cells) if unit not in reading.units
    }  # fmt: skip


def _scale(reading: Reading, old: Reading, first: Raw, cells: Mapping[str, int]) -> tuple[float, str]:
    """What the later file's numbers are multiplied by where just one file writes percentages, the other parts of one;
    and a cell."""
    probe = first.texts.slice(0, PROBE).to_pylist()
    if not any(mark in text for text in (*probe, *cells) for mark in PERCENT):
        return 1.0, ""
    earlier = _cells(first)
    was, now = _percents(earlier), _percents(cells)
    before, after = _sizes(earlier, old), _sizes(cells, reading)
    if not len(before) or not len(after):
        return 1.0, ""
    example = next(iter(cells))
    if was >= SURE and now <= RARE and after.max() <= MOST_SHARE < np.median(before):
        return 100.0, example
    if was <= RARE and now >= SURE and before.max() <= MOST_SHARE < np.median(after):
        return 0.01, example
    return 1.0, ""


def _percents(cells: Mapping[str, int]) -> float:
    return sum(n for text, n in cells.items() if text.rstrip().endswith(PERCENT)) / max(sum(cells.values()), 1)


def _sizes(cells: Mapping[str, int], reading: Reading) -> Floats:
    values = np.array([measured_number(text, reading.decimal, reading.units) for text in cells], dtype=np.float64)
    return np.abs(values[~np.isnan(values)])
