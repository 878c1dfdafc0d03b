"""How a column of text cells is to be read (numbers, days, yes and no, choices or free text), and reading it so.

A Reading is learned from one file's values and serves any other file.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from learning.cell_dates import day_first, is_compact, parse_date, writes_numbers
from learning.cell_numbers import decimal_mark, is_code, is_missing, parse_number, yes_no_words
from learning.columns import MISSING, NO, YES, Floats, Texts

SURE = 0.95  # of the values that say something: the others are taken for garbage
LONGEST_TEXT = 1_000
SAMPLE = 20_000  # rows that the readings are learned from
DATE_PROBE = 200
MOST_COMPACT_YEARS = 60
UNIQUE, FEW_ROWS = 0.98, 20
CODES, CODE_REPEATS, CODE_GAPS = 30, 3.0, 20.0  # so many numbers, each so often, so far apart: no quantity does that
ROUND_SHARE = 0.25
COINCIDENCES = 20.0  # repetitions that numbers drawn at random would have shown
_PLAIN = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*$"
_DIGITS_ONLY = r"^\s*[+-]?\d+\s*$"


class Kind(StrEnum):
    """What a column's cells are."""

    NUMBER = "number"
    DATE = "date"
    YES_NO = "yes/no"
    TEXT = "text"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Reading:
    """How a column is read; `unclear`: its values do not say whether the day or the month comes first; `codes`: its
    numbers stand for things."""

    kind: Kind
    decimal: str = "."
    day_first: bool = False
    unclear: bool = False
    words: Mapping[str, bool] = field(default_factory=dict)
    codes: bool = False


@dataclass(frozen=True, slots=True)
class Raw:
    """A column of text cells, dictionary-coded: `texts` are distinct."""

    texts: pa.Array
    codes: NDArray[np.int64]

    @classmethod
    def of(cls, pieces: Sequence[pa.Array]) -> Raw:
        """From dictionary-encoded pieces, one after the other."""
        whole = pa.chunked_array(pieces).unify_dictionaries().combine_chunks()
        whole = whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole
        return cls(whole.dictionary, whole.indices.to_numpy(zero_copy_only=False).astype(np.int64))

    def counts(self) -> dict[str, int]:
        """How often each text occurs that says something, in a spread sample of rows."""
        step = max(len(self.codes) // SAMPLE, 1)
        codes, counts = np.unique(self.codes[::step], return_counts=True)
        texts = self.texts.take(pa.array(codes)).to_pylist()
        return {text: int(n) for text, n in zip(texts, counts, strict=True) if not is_missing(text)}

    def missing(self) -> NDArray[np.bool_]:
        """Per row, whether the cell says nothing."""
        nothing = np.array([is_missing(text) for text in self.texts.to_pylist()], dtype=np.bool_)
        return np.asarray(nothing[self.codes])


def encode(cells: Sequence[str]) -> pa.Array:
    """Cells as a dictionary-encoded piece for Raw.of."""
    try:
        array = pa.array(cells, pa.large_string())
    except (UnicodeEncodeError, pa.ArrowInvalid):  # half a character of UTF-16
        array = pa.array([cell.encode("utf-8", "replace").decode() for cell in cells], pa.large_string())
    return array.dictionary_encode()


def learn_reading(raw: Raw, *, comma_likely: bool = False) -> Reading:
    """How a column is best read; `comma_likely`: the file's numbers may well have a decimal comma."""
    counts = raw.counts()
    if not counts:
        return Reading(Kind.EMPTY)
    words = yes_no_words(islice(counts, 4)) if len(counts) <= 3 else None
    if words is not None:
        return Reading(Kind.YES_NO, words=words)
    return _date_reading(counts) or _number_reading(counts, comma_likely=comma_likely) or Reading(Kind.TEXT)


def _date_reading(counts: Mapping[str, int]) -> Reading | None:
    probe = list(islice(counts, DATE_PROBE))
    if np.mean([_is_date(text) for text in probe]) < 0.5:  # most columns are no dates, and this tells soon
        return None
    total = sum(counts.values())
    compact = sum(n for text, n in counts.items() if is_compact(text))
    if compact >= SURE * total:
        days = [parse_date(text) for text in counts]
        spread = (np.nanmax(days) - np.nanmin(days)) / 365 if not np.isnan(days).all() else np.inf
        if spread > MOST_COMPACT_YEARS:
            return None
    first = day_first(counts)
    reading = Reading(Kind.DATE, day_first=bool(first), unclear=first is None and writes_numbers(counts))
    good = sum(n for text, n in counts.items() if not np.isnan(parse_date(text, day_first=reading.day_first)))
    return reading if good >= SURE * total else None


def _is_date(text: str) -> bool:
    return not np.isnan(parse_date(text)) or not np.isnan(parse_date(text, day_first=True))


def _number_reading(counts: Mapping[str, int], *, comma_likely: bool) -> Reading | None:
    total = sum(counts.values())
    codes = sum(n for text, n in counts.items() if is_code(text))
    if codes > (1 - SURE) * total and len(counts) > 2:
        return None
    mark = decimal_mark(counts, comma_likely=comma_likely)
    values = np.array([parse_number(text, mark) for text in counts])
    often = np.array(list(counts.values()))
    if often[~np.isnan(values)].sum() < SURE * total:
        return None
    return Reading(Kind.TEXT, codes=True) if _are_codes(values, often) else Reading(Kind.NUMBER, decimal=mark)


def _are_codes(values: Floats, often: NDArray[np.int64]) -> bool:
    """Whether whole numbers stand for things, as those of agents and places do: few, far apart, often, never round."""
    known = ~np.isnan(values)
    distinct, place = np.unique(values[known], return_inverse=True)
    if len(distinct) < CODES or distinct[0] < 0 or np.any(distinct != np.round(distinct)):
        return False
    repeats = np.bincount(place, often[known])
    if repeats.sum() < CODE_REPEATS * len(distinct) or distinct[-1] - distinct[0] < CODE_GAPS * len(distinct):
        return False
    # an outlier far from all else must not pass for a gap
    low, high = np.quantile(distinct, [0.05, 0.95])
    return bool(high - low >= CODE_GAPS * 0.9 * len(distinct) and np.mean(distinct % 10 == 0) < ROUND_SHARE)


def settle_days(readings: Mapping[str, Reading]) -> dict[str, Reading]:
    """The readings, with unclear columns of days read as the clear ones are; the month first where there are none."""
    clear = [one.day_first for one in readings.values() if one.kind is Kind.DATE and not one.unclear]
    first = bool(clear) and sum(clear) * 2 > len(clear)
    return {name: replace(one, day_first=first) if one.unclear else one for name, one in readings.items()}


def read_column(raw: Raw, reading: Reading) -> tuple[Floats | Texts, int]:
    """The column, days as proleptic ordinals; and how many cells say something that is none of its kind."""
    if reading.kind in (Kind.TEXT, Kind.EMPTY):
        return _texts(raw), 0
    texts = raw.texts
    if reading.kind is Kind.YES_NO:
        return _yes_no(raw, reading.words), 0
    if reading.kind is Kind.NUMBER:
        values = _numbers(texts, reading.decimal)
    else:
        values = np.array([parse_date(text, day_first=reading.day_first) for text in texts.to_pylist()])
    bad = np.flatnonzero(np.isnan(values))
    garbage = np.zeros(len(values), dtype=np.bool_)
    garbage[bad] = [not is_missing(text) for text in texts.take(pa.array(bad)).to_pylist()]
    return values[raw.codes], int(garbage[raw.codes].sum())


def _numbers(texts: pa.Array, decimal: str) -> Floats:
    """Numbers of distinct texts: plain ones all at once, the others one by one."""
    plain = pc.match_substring_regex(texts, _PLAIN if decimal == "." else _DIGITS_ONLY)
    trimmed = pc.utf8_ltrim(pc.utf8_trim_whitespace(pc.if_else(plain, texts, None)), "+")
    values = np.array(pc.cast(trimmed, pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
    values[np.isinf(values)] = np.nan
    rest = np.flatnonzero(~plain.to_numpy(zero_copy_only=False))
    values[rest] = [
        np.nan if is_missing(text) else parse_number(text, decimal) for text in texts.take(pa.array(rest)).to_pylist()
    ]
    return values


def _texts(raw: Raw) -> Texts:
    dictionary: dict[str, int] = {}
    places = np.empty(len(raw.texts), dtype=np.int64)
    for place, text in enumerate(raw.texts.to_pylist()):
        clean = unicodedata.normalize("NFC", text.strip()[:LONGEST_TEXT])
        places[place] = MISSING if is_missing(clean) else dictionary.setdefault(clean, len(dictionary))
    return Texts(list(dictionary), places[raw.codes])


def _yes_no(raw: Raw, words: Mapping[str, bool]) -> Texts:
    dictionary = {YES: 0, NO: 1}
    places = np.empty(len(raw.texts), dtype=np.int64)
    for place, text in enumerate(raw.texts.to_pylist()):
        clean = text.strip()[:LONGEST_TEXT]
        known = words.get(clean.lower())
        told = clean if known is None else YES if known else NO
        places[place] = MISSING if is_missing(clean) else dictionary.setdefault(told, len(dictionary))
    return Texts(list(dictionary), places[raw.codes])


def is_identifier(column: Floats | Texts) -> bool:
    """Whether the values name the rows: each its own, and no text to read nor a quantity.

    Whole numbers that never repeat where numbers drawn from their range would have, over and over, are counted
    through; so are those of one length that fill their range evenly.
    """
    if isinstance(column, Texts):
        codes = column.codes[column.codes >= 0]
        used, counts = np.unique(codes, return_counts=True)
        if len(codes) < FEW_ROWS or len(used) < UNIQUE * len(codes):
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
    size = len(f"{low:.0f}")
    if size < 7 or low <= 0 or size != len(f"{high:.0f}"):
        return False
    evenly = np.arange(1, len(known) + 1) / len(known)
    gap = np.abs((np.sort(known) - 10.0 ** (size - 1)) / (9 * 10.0 ** (size - 1)) - evenly).max()
    return bool(gap < 1.36 / np.sqrt(len(known)))
