"""Whether a column's values name the rows, as numbers and codes of records do."""

from __future__ import annotations

import re

import numpy as np

from learning.columns import Floats, Texts

SURE = 0.95
UNIQUE, FEW_ROWS = 0.98, 20
COINCIDENCES = 7.0  # repetitions that numbers drawn at random would have shown
ENOUGH_ROWS = 100  # that tell an even spread from others
EVEN, ROUND = 0.1, 0.35  # the largest gap to an even spread; the share of fives and tens that people write
PHONE = re.compile(r"[+(]?\d[\d\s()./+-]*\d(?:\s*(?:ext\.?|x|#)\s*\d{1,6})?", re.IGNORECASE)
DIGITS = 7, 21  # of a phone number with its country and extension
SHARED = 0.8  # of phone numbers are of one record only, as those of a company's switchboard are not
LEAST_DIGITS, LONG = 5, 7
SECONDS, SPAN = (9.4e8, 2.2e9), 1e6  # numbers that may be moments, of this century, over weeks


def is_identifier(column: Floats | Texts) -> bool:
    """Whether the values name the rows: each its own, and no text to read nor a quantity. Phone numbers do, however
    they are written, though some rows share one.

    Whole numbers that never repeat are counted through where numbers drawn from their range would have repeated over
    and over, or where they fill their range evenly: standing in order, or of one length and far from zero. However many
    rows are looked at, that says the same of them.
    """
    if isinstance(column, Texts):
        codes = column.codes[column.codes >= 0]
        used, counts = np.unique(codes, return_counts=True)
        if len(codes) < FEW_ROWS or len(used) < SHARED * len(codes):
            return False
        if sum(_may_be_phone(column.dictionary[code]) for code in used.tolist()) >= SURE * len(used):
            return True
        if len(used) < UNIQUE * len(codes):
            return False
        single = sum(" " not in column.dictionary[code] for code in used.tolist())
        return single >= SURE * len(used) and int(counts.max()) <= max(len(codes) // 100, 2)
    known = column[np.isfinite(column)]
    if len(known) < FEW_ROWS or len(known) < UNIQUE * len(column) or np.any(known != np.round(known)):
        return False
    if len(np.unique(known)) < len(known):
        return False
    low, high = float(known.min()), float(known.max())
    if len(known) ** 2 / (2 * max(high - low, 1.0)) >= COINCIDENCES:
        return True
    return _counted_through(known, low, high)


def _may_be_phone(text: str) -> bool:
    return PHONE.fullmatch(text.strip()) is not None and DIGITS[0] <= sum(map(str.isdigit, text)) <= DIGITS[1]


def _counted_through(known: Floats, low: float, high: float) -> bool:
    """Whether numbers that never repeat are spread as those that a machine hands out, one after the other."""
    steps = np.diff(known)
    in_order = bool((steps > 0).all() or (steps < 0).all())
    if SECONDS[0] <= low and high <= SECONDS[1] and high - low > SPAN:
        return False
    size = len(f"{low:.0f}")
    one_length = low > 0 and size >= LEAST_DIGITS and size == len(f"{high:.0f}")
    chance = 1.36 / np.sqrt(len(known))
    if one_length and size >= LONG and _apart(known, 10.0 ** (size - 1), 10.0**size) < chance:
        return True
    if len(known) < ENOUGH_ROWS or np.mean(known % 5 == 0) > ROUND or _apart(known, low, high) > EVEN:
        return False
    return in_order or (one_length and high < 2 * low)


def _apart(known: Floats, low: float, high: float) -> float:
    """How far numbers are from an even spread (Kolmogorov and Smirnov)."""
    evenly = np.arange(1, len(known) + 1) / len(known)
    return float(np.abs((np.sort(known) - low) / (high - low) - evenly).max())
