"""Exact additive reasons, in words, with the evidence of closed records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from learning.columns import NO, YES, Table, Texts, as_numbers, as_texts
from learning.encoder import ChoiceColumn, Column, Encoder, NumberColumn
from learning.texts import TextColumn
from learning.titles import title
from learning.wording import Measure, likeness, measure_of, measured

Floats = NDArray[np.float64]
Evidence = Mapping[str, Sequence[Sequence[int]]]  # by column: per bin, [closed records, won of them]
Names = Mapping[str, Mapping[str, str]]  # by column: value → name
_WORDS = {
    YES: ("yes", "예"), NO: ("no", "아니요"), "LEAD": ("lead", "리드"), "OPPORTUNITY": ("opportunity", "기회"),
    "NEW": ("new business", "신규"), "RENEWAL": ("renewal", "갱신"), "EXPANSION": ("expansion", "확장"),
}  # fmt: skip
_OF = {  # codes of columns, as pages call them
    "category": {"commit": ("commit", "확정"), "best_case": ("best case", "최선"),
                 "pipeline": ("pipeline", "파이프라인"), "omitted": ("omitted", "제외")},
    "pipeline": {"default": ("default", "기본")},
}  # fmt: skip
_WEEKDAYS = dict(zip(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), "월화수목금토일", strict=True))
_MISSING = ("not filled in", "입력되지 않음")
_SMALL = 1e-12
_TELLING = 0.9  # of all closed records; a value that more of them had tells nothing
STRONG = 0.5  # log-odds
SHORT = 80  # characters of a long text that are shown


@dataclass(slots=True, unsafe_hash=True)  # not frozen: made for every score, which frozen makes 3 times dearer
class Reason:
    """One addend of the log-odds: `field` is the column ("" for all the rest together), `effect` its share."""

    field: str
    value: str
    effect: float
    text_en: str
    text_ko: str
    evidence_count: int = 0
    evidence_won: int = 0


def count_evidence(
    encoder: Encoder, table: Table, records: NDArray[np.int64], won: Floats
) -> dict[str, list[list[int]]]:
    """Closed records, and won ones, that had a column's value at any snapshot. Rows are labelled snapshots."""
    counted = {}
    for column in encoder.columns:
        bins = column.bins(table.columns[column.name], table.rows)
        size = column.places
        pairs, first = np.unique(records * size + bins, return_index=True)
        place = pairs % size
        total, good = np.bincount(place, minlength=size), np.bincount(place, won[first], size)
        counted[column.name] = [[int(a), int(b)] for a, b in zip(total, good, strict=True)]
    return counted


def reasons(
    encoder: Encoder, table: Table, effects: Floats, evidence: Evidence, top: int, names: Names | None = None
) -> list[tuple[Reason, ...]]:
    """As Teller.reasons, for once."""
    return Teller(encoder, evidence).reasons(table, effects, top, names)


class Teller:
    """Tells an encoder's columns in words: made once a model, for much of what it says is the same again and again."""

    def __init__(self, encoder: Encoder, evidence: Evidence) -> None:
        # a record is in a bin of every column, so the column whose bins hold fewest counts each record about once
        sums = (tuple(map(sum, zip(*bins, strict=True))) for bins in evidence.values() if bins)
        total, won = min(sums, default=(0, 0))
        rate = won / total if total else 0.0
        self._columns = [_Told(each, evidence.get(each.name, ()), _TELLING * total, rate) for each in encoder.columns]

    def reasons(self, table: Table, effects: Floats, top: int, names: Names | None = None) -> list[tuple[Reason, ...]]:
        """Per row its `top` strongest reasons, strongest first, and the rest together as one more.

        effects: rows × columns as LinearScorer.contributions gives them; a row's reasons add up to its effects' sum.
        names: by column, what to call a value in the texts (an owner's name for the id).
        """
        called = names or {}

        @cache
        def reader(index: int) -> _Reader:  # few of the columns are among a row's strongest
            told = self._columns[index]
            return _Reader(told, table, called.get(told.column.name, {}))

        order = np.argsort(-np.abs(effects), axis=1, kind="stable")[:, :top].tolist()
        rows = zip(order, effects, effects.tolist(), strict=True)
        return [_row_reasons(row, *one, reader) for row, one in enumerate(rows)]


def _row_reasons(
    row: int, order: Sequence[int], effects: Floats, listed: Sequence[float], reader: Callable[[int], _Reader]
) -> tuple[Reason, ...]:
    chosen = [index for index in order if abs(listed[index]) > _SMALL]
    found = [reader(index).reason(row, listed[index]) for index in chosen]
    rest = float(effects.sum()) - sum([one.effect for one in found])
    if len(chosen) < len(listed) and abs(rest) > _SMALL:
        verb_en, verb_ko = _verb(rest)
        found.append(Reason("", "", rest, "Everything else together" + verb_en, "그 밖의 모든 항목" + verb_ko))
    return tuple(found)


class _Told:
    """What is said of a column whatever the table."""

    def __init__(self, column: Column, counts: Sequence[Sequence[int]], telling: float, rate: float) -> None:
        self.column = column
        self.title = title(column.name)
        self._counts = counts
        self._telling = telling
        self._rate = rate
        self._closed: dict[tuple[int, Measure], tuple[int, int, str, str]] = {}

    def closed(self, bin_index: int, measure: Measure) -> tuple[int, int, str, str]:
        """The closed records in a bin, those won of them, and both in words."""
        known = self._closed.get((bin_index, measure))
        if known is None:
            known = self._closed[bin_index, measure] = self._count(bin_index, measure)
        return known

    def agrees(self, count: int, won: int, effect: float) -> bool:
        """Whether records won like these, held against all, speak for the effect and do not seem to contradict it:
        what moves the score is what counts other things equal."""
        return (won - self._rate * count) * effect >= 0

    def _count(self, bin_index: int, measure: Measure) -> tuple[int, int, str, str]:
        count, won = self._counts[bin_index] if bin_index < len(self._counts) else (0, 0)
        if not 0 < count <= self._telling:
            return count, won, "", ""
        like_en, like_ko = self._likeness(bin_index, measure)
        text_en = f" ({won:,} of {count:,} closed records {like_en} won)"
        return count, won, text_en, f" ({like_ko} 종결 기록 {count:,}건 중 {won:,}건 성공)"

    def _likeness(self, bin_index: int, measure: Measure) -> tuple[str, str]:
        """Which closed records are meant: those with the same value, or a number in the same bin."""
        if isinstance(self.column, ChoiceColumn):
            rare = bin_index == len(self.column.levels)
            return ("with a rare value", "드문 값의") if rare else ("like it", "같은 값의")
        if isinstance(self.column, TextColumn):
            return ("without one", "글이 없는") if bin_index else ("with a text", "글이 있는")
        return likeness(self.column.edges, bin_index, measure)


class _Reader:
    """Reads one column of a table in words."""

    def __init__(self, told: _Told, table: Table, names: Mapping[str, str]) -> None:
        self._told, self._column = told, told.column
        source = table.columns.get(self._column.name)
        self._bins = self._column.bins(source, table.rows).tolist()
        self._names = names
        self._measure = measure_of(self._column.name, date=self._column.name in table.dates)
        self._numbers: list[float] = []
        if isinstance(self._column, NumberColumn):
            self._numbers = as_numbers(source, table.rows).tolist()
        self._texts: Texts | None = None
        if isinstance(self._column, TextColumn) or (isinstance(self._column, ChoiceColumn) and not self._column.yes_no):
            self._texts = as_texts(source, table.rows)

    def reason(self, row: int, effect: float) -> Reason:
        """Why the row's score is moved by so much."""
        bin_index = self._bins[row]
        value, word_en, word_ko = self._value(row, bin_index)
        (en, ko), (verb_en, verb_ko) = self._told.title, _verb(effect)
        count, won, closed_en, closed_ko = self._told.closed(bin_index, self._measure)
        if not self._told.agrees(count, won, effect):
            closed_en = closed_ko = ""
        text_en, text_ko = f"{en}: {word_en}{verb_en}{closed_en}", f"{ko}: {word_ko}{verb_ko}{closed_ko}"
        return Reason(self._column.name, value, effect, text_en, text_ko, count, won)

    def _value(self, row: int, bin_index: int) -> tuple[str, str, str]:
        if isinstance(self._column, NumberColumn):
            number = self._numbers[row]
            return ("", *_MISSING) if number != number else (f"{number:.12g}", *measured(number, self._measure))
        if isinstance(self._column, TextColumn):
            text = "" if bin_index or self._texts is None else self._texts.dictionary[int(self._texts.codes[row])]
            short = text if len(text) <= SHORT else text[:SHORT].rstrip() + "…"
            return (short, short, short) if text else ("", *_MISSING)
        if bin_index == len(self._column.levels) + 1:
            return "", *_MISSING
        if bin_index < len(self._column.levels):
            text = self._column.levels[bin_index]
        else:
            text = self._texts.dictionary[int(self._texts.codes[row])] if self._texts is not None else ""
        name = self._names.get(text, text)
        if self._column.name.endswith(": weekday"):
            return text, name, _WEEKDAYS.get(name, name)
        return text, *worded(self._column.name, name)


def worded(column: str, value: str) -> tuple[str, str]:
    """A text of a column in English and in Korean: codes by their words."""
    return _OF.get(column, {}).get(value) or _WORDS.get(value, (value, value))


def _verb(effect: float) -> tuple[str, str]:
    """Which way it goes, and whether by much."""
    if effect > 0:
        much_en, much_ko = (" a lot", "크게 ") if effect >= STRONG else ("", "")
        return f" — raises the chance{much_en}", f" — 가능성을 {much_ko}높이는 요인"
    much_en, much_ko = (" a lot", "크게 ") if effect <= -STRONG else ("", "")
    return f" — lowers the chance{much_en}", f" — 가능성을 {much_ko}낮추는 요인"
