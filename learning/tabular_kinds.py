"""What a column of text cells is: learned from its values, never from its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from learning.cell_dates import day_first, is_compact, parse_date, writes_numbers
from learning.cell_numbers import decimal_mark, is_code, is_missing, mark_votes, parse_number, yes_no_words
from learning.cell_words import factors, measured_number, says_unknown
from learning.columns import Floats
from learning.tabular import Kind, Raw, Reading, clean, folded, plain

SURE = 0.95  # of the values that say something: the others are taken for garbage
# Of a column with more than MANY different numbers (or days) so much is enough; less where few words stand beside them.
MOSTLY, HALF, FEW_WORDS, MANY = 0.8, 0.5, 5, 12
FEW_MEASURED = 7  # up to so many values with units or bounds are choices, such as 0, 1, 2, 3+
MOST_YES_NO = 12
STRAY_ROWS, STRAY_SHARE, MOST_STRAYS = 10, 0.005, 3
MOST_SPELLINGS = 5_000
DATE_PROBE = 200
MOST_COMPACT_YEARS = 60
CODES, CODE_REPEATS, CODE_GAPS = 30, 3.0, 20.0  # so many numbers, each so often, so far apart: no quantity does that
ROUND_SHARE = 0.25

Counts = Mapping[str, int]
Ints = NDArray[np.int64]


def learn_reading(raw: Raw, *, comma_likely: bool = False) -> Reading:
    """How a column is best read; `comma_likely`: the file's numbers may well have a decimal comma."""
    counts = raw.counts()
    if not counts:
        return Reading(Kind.EMPTY)
    words = yes_no_words(islice(counts, MOST_YES_NO + 1)) if len(counts) <= MOST_YES_NO else None
    if words is not None:
        return Reading(Kind.YES_NO, words=words)
    told = {text: n for text, n in counts.items() if not says_unknown(text)}
    reading = (_date_reading(told) or _number_reading(told, comma_likely=comma_likely)) if told else None
    if reading is None or reading.codes:
        return replace(reading or Reading(Kind.TEXT), spellings=_spellings(raw))
    return replace(reading, strays=_strays(raw, counts, reading))


def _date_reading(counts: Counts) -> Reading | None:
    probe = list(islice(counts, DATE_PROBE))
    if np.mean([_is_date(text) for text in probe]) < HALF:  # most columns are no dates, and this tells soon
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
    values = np.array([parse_date(text, day_first=reading.day_first) for text in counts])
    return reading if _enough(values, np.array(list(counts.values()))) else None


def _is_date(text: str) -> bool:
    return not np.isnan(parse_date(text)) or not np.isnan(parse_date(text, day_first=True))


def _enough(values: Floats, often: Ints) -> bool:
    """Whether so many texts were read that the others are strays among them."""
    good = ~np.isnan(values)
    share = often[good].sum() / often.sum()
    if share >= SURE or len(np.unique(values[good])) <= MANY:
        return bool(share >= SURE)
    return bool(share >= MOSTLY or (share >= HALF and (~good).sum() <= FEW_WORDS))


def _number_reading(counts: Counts, *, comma_likely: bool) -> Reading | None:
    total = sum(counts.values())
    codes = sum(n for text, n in counts.items() if is_code(text))
    if codes > (1 - SURE) * total and len(counts) > 2:
        return None
    votes = mark_votes(counts)
    mark = decimal_mark(votes, comma_likely=comma_likely)
    often = np.array(list(counts.values()))
    values = np.array([parse_number(text, mark) for text in counts])
    units: dict[str, float] = {}
    if np.isnan(values).any():
        others = {text: n for (text, n), value in zip(counts.items(), values.tolist(), strict=True) if value != value}
        if np.isnan(values).sum() * 2 < len(values) or _may_be_measured(others):
            units = factors(counts)
            read = np.array([measured_number(text, mark, units) for text in others])
            whole = values.copy()
            whole[np.isnan(values)] = read
            few = len(np.unique(whole[~np.isnan(whole)])) <= FEW_MEASURED
            values = values if few and often[~np.isnan(values)].sum() < SURE * total else whole
    if not _enough(values, often):
        return None
    if not units and _are_codes(values, often):
        return Reading(Kind.TEXT, codes=True)
    marked = votes["."] != votes[","]
    return Reading(Kind.NUMBER, decimal=mark, marked=marked, unclear=not marked and votes["?"] > 0, units=units)


def _may_be_measured(texts: Counts) -> bool:
    """Whether texts hold digits mostly: most columns of words do not, and this tells soon."""
    probe = list(islice(texts, DATE_PROBE))
    return bool(np.mean([any(letter.isdigit() for letter in text[:20]) for text in probe]) >= HALF)


def _are_codes(values: Floats, often: Ints) -> bool:
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


def _strays(raw: Raw, counts: Counts, reading: Reading) -> tuple[str, ...]:
    """Words among the numbers or days that many rows have, where being missing alone would not tell them apart."""
    rows = min(len(raw.codes), len(raw.codes[:: raw.step]))
    least = max(STRAY_ROWS, STRAY_SHARE * rows)
    spelled: dict[str, Counter[str]] = {}
    for text, count in counts.items():
        if not readable(text, reading):
            spelled.setdefault(plain(text), Counter())[clean(text)] += count
    often = {word: one.total() for word, one in spelled.items() if one.total() >= least}
    empty = rows - sum(counts.values()) >= least
    if len(often) + empty < 2:
        return ()
    order = sorted(often, key=lambda word: (-often[word], word))
    return tuple(spelled[word].most_common(1)[0][0] for word in order[:MOST_STRAYS])


def readable(text: str, reading: Reading) -> bool:
    """Whether a cell of numbers or days is one."""
    if reading.kind is Kind.NUMBER:
        return not np.isnan(measured_number(text, reading.decimal, reading.units))
    return not np.isnan(parse_date(text, day_first=reading.day_first))


def _spellings(raw: Raw) -> dict[str, str]:
    """How each choice is written mostly, of a column with a bounded number of them."""
    if len(raw.texts) > MOST_SPELLINGS:
        return {}
    spelled: dict[str, Counter[str]] = {}
    counts = np.bincount(raw.codes, minlength=len(raw.texts)).tolist()
    for text, count in zip(raw.texts.to_pylist(), counts, strict=True):
        if not is_missing(text):
            told = clean(text)
            spelled.setdefault(folded(told), Counter())[told] += count
    return {word: one.most_common(1)[0][0] for word, one in spelled.items()}


def settle_days(readings: Mapping[str, Reading], later: Mapping[str, Raw] | None = None) -> dict[str, Reading]:
    """The readings, with unclear columns of days read as the same columns of a later file say, else as the clear ones
    are; the month first where there are none."""
    found = dict(readings)
    for name, one in readings.items():
        if one.kind is Kind.DATE and one.unclear and later and name in later:
            first = day_first(later[name].counts())
            if first is not None:
                found[name] = replace(one, day_first=first, unclear=False)
    days = {name: one for name, one in found.items() if one.kind is Kind.DATE}
    clear = [one.day_first for one in days.values() if not one.unclear]
    first = bool(clear) and sum(clear) * 2 > len(clear)
    return found | {name: replace(one, day_first=first) for name, one in days.items() if one.unclear}


def settle_marks(readings: Mapping[str, Reading]) -> dict[str, Reading]:
    """The readings, with numbers that do not say which their decimal mark is read as those of the file that do."""
    said = [one.decimal for one in readings.values() if one.kind is Kind.NUMBER and one.marked]
    if not said:
        return dict(readings)
    mark = "," if said.count(",") * 2 > len(said) else "."
    return {
        name: replace(one, decimal=mark) if one.kind is Kind.NUMBER and one.unclear else one
        for name, one in readings.items()
    }
