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
from learning.wording import likeness, measure_of, measured

Floats = NDArray[np.float64]
Evidence = Mapping[str, Sequence[Sequence[int]]]  # by column: per bin, [closed records, won of them]
Names = Mapping[str, Mapping[str, str]]  # by column: value → name
_WORDS = {
    YES: ("yes", "예"), NO: ("no", "아니요"), "LEAD": ("lead", "리드"), "OPPORTUNITY": ("opportunity", "기회"),
    "NEW": ("new business", "신규"), "RENEWAL": ("renewal", "갱신"), "EXPANSION": ("expansion", "확장"),
}  # fmt: skip
_MISSING = ("not filled in", "입력되지 않음")
_SMALL = 1e-12
_TELLING = 0.9  # of all closed records; a value that more of them had tells nothing
STRONG = 0.5  # log-odds
SHORT = 80  # characters of a long text that are shown


@dataclass(frozen=True, slots=True)
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
    """Per row its `top` strongest reasons, strongest first, and the rest together as one more.

    effects: rows × columns as LinearScorer.contributions gives them; a row's reasons add up to its effects' sum.
    names: by column, what to call a value in the texts (an owner's name for the id).
    """
    called = names or {}
    # a record is in a bin of every column, so the column whose bins hold fewest counts each record about once
    telling = _TELLING * min((sum(total for total, _ in bins) for bins in evidence.values()), default=0)

    @cache
    def reader(index: int) -> _Reader:  # few of the columns are among a row's strongest
        column = encoder.columns[index]
        return _Reader(column, table, evidence.get(column.name, ()), called.get(column.name, {}), telling)

    return [_row_reasons(row, effects[row], reader, top) for row in range(table.rows)]


def _row_reasons(row: int, effects: Floats, reader: Callable[[int], _Reader], top: int) -> tuple[Reason, ...]:
    order = np.argsort(-np.abs(effects), kind="stable")
    chosen = [index for index in order[:top].tolist() if abs(effects[index]) > _SMALL]
    found = [reader(index).reason(row, float(effects[index])) for index in chosen]
    rest = float(effects.sum()) - sum(one.effect for one in found)
    if len(chosen) < len(effects) and abs(rest) > _SMALL:
        found.append(Reason("", "", rest, *_sentence("Everything else together", "그 밖의 모든 항목", rest)))
    return tuple(found)


class _Reader:
    """Reads one column of a table in words."""

    def __init__(
        self, column: Column, table: Table, counts: Sequence[Sequence[int]], names: Mapping[str, str], telling: float
    ) -> None:
        source = table.columns.get(column.name)
        self._column = column
        self._bins = column.bins(source, table.rows)
        self._counts = counts
        self._telling = telling
        self._names = names
        self._measure = measure_of(column.name, date=column.name in table.dates)
        self._numbers = as_numbers(source, table.rows) if isinstance(column, NumberColumn) else None
        self._texts: Texts | None = None
        if isinstance(column, TextColumn) or (isinstance(column, ChoiceColumn) and not column.yes_no):
            self._texts = as_texts(source, table.rows)

    def reason(self, row: int, effect: float) -> Reason:
        bin_index = int(self._bins[row])
        value, word_en, word_ko = self._value(row, bin_index)
        en, ko = title(self._column.name)
        count, won = self._counts[bin_index] if bin_index < len(self._counts) else (0, 0)
        text_en, text_ko = _sentence(f"{en}: {word_en}", f"{ko}: {word_ko}", effect)
        if 0 < count <= self._telling:
            text_en += f" ({won} of {count} closed records {self._likeness(bin_index, 0)} won)"
            text_ko += f" ({self._likeness(bin_index, 1)} 종결 기록 {count}건 중 {won}건 성공)"
        return Reason(self._column.name, value, effect, text_en, text_ko, count, won)

    def _value(self, row: int, bin_index: int) -> tuple[str, str, str]:
        if isinstance(self._column, ChoiceColumn):
            if bin_index == len(self._column.levels) + 1:
                return "", *_MISSING
            if bin_index < len(self._column.levels):
                text = self._column.levels[bin_index]
            else:
                text = self._texts.dictionary[int(self._texts.codes[row])] if self._texts is not None else ""
            name = self._names.get(text, text)
            return text, *_WORDS.get(name, (name, name))
        if isinstance(self._column, TextColumn):
            text = "" if bin_index or self._texts is None else self._texts.dictionary[int(self._texts.codes[row])]
            short = text if len(text) <= SHORT else text[:SHORT].rstrip() + "…"
            return (short, short, short) if text else ("", *_MISSING)
        number = float(self._numbers[row]) if self._numbers is not None else float("nan")
        if np.isnan(number):
            return "", *_MISSING
        return f"{number:.12g}", *measured(number, self._measure)

    def _likeness(self, bin_index: int, language: int) -> str:
        """Which closed records are meant: those with the same value, or a number in the same bin."""
        if isinstance(self._column, ChoiceColumn):
            if bin_index == len(self._column.levels):
                return ("with a rare value", "드문 값의")[language]
            return ("like it", "같은 값의")[language]
        if isinstance(self._column, TextColumn):
            return (("with a text", "글이 있는") if not bin_index else ("without one", "글이 없는"))[language]
        return likeness(self._column.edges, bin_index, self._measure)[language]


def _sentence(en: str, ko: str, effect: float) -> tuple[str, str]:
    much_en, much_ko = (" a lot", "크게 ") if abs(effect) >= STRONG else ("", "")
    verb_en, verb_ko = ("raises", "높이는") if effect > 0 else ("lowers", "낮추는")
    return f"{en} — {verb_en} the chance{much_en}", f"{ko} — 가능성을 {much_ko}{verb_ko} 요인"
