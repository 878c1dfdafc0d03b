"""Which rows of a file were won, by a column of any two words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from kit.errors import InvalidInput
from learning.cell_numbers import is_missing, parse_number
from learning.columns import Floats
from learning.tabular import Raw
from services.lead_scoring.domain import MIN_OUTCOMES
from services.lead_scoring.file_flags import Note

WON = frozenset(
    {"1", "yes", "y", "true", "t", "won", "win", "closed won", "converted", "success", "successful", "positive"}
    | {"예", "네", "성공", "수주", "계약", "전환", "참", "o"}
)
LOST = frozenset(
    {"0", "-1", "no", "n", "false", "f", "lost", "loss", "closed lost", "not converted", "failure", "failed"}
    | {"negative", "아니오", "아니요", "실패", "실주", "미전환", "거짓", "x"}
)
SHOWN = 8


@dataclass(frozen=True, slots=True)
class Target:
    """The column and the value that counts as won; `blank_only`: words such as None are outcomes, not gaps."""

    column: str
    positive: str
    blank_only: bool = False

    def outcomes(self, raw: Raw) -> Floats:
        """Per row 1 (won), 0, or nan where there is no outcome yet."""
        texts = [same(text) for text in raw.texts.to_pylist()]
        values = [np.nan if self._empty(text) else float(text == self.positive) for text in texts]
        return np.asarray(np.array(values, dtype=np.float64)[raw.codes])

    def _empty(self, text: str) -> bool:
        return text != self.positive and (not text or (is_missing(text) and not self.blank_only))


def same(text: str) -> str:
    """The form in which equal values are equal: no case, no spaces around, 1 for 1.0."""
    text = " ".join(text.split()).casefold()
    number = parse_number(text) if text[:1].isdigit() or text[:1] in "+-." else np.nan
    return f"{number:g}" if np.isfinite(number) else text


def learn_target(raw: Raw, column: str, positive: str | None, later: Raw | None) -> tuple[Target, list[Note]]:
    """What counts as won. `later` is the same column of the rows to be scored: it may know words that `raw` lacks.

    Raises InvalidInput where the values leave it open, or where a great many outcomes are all the same.
    """
    values = _values(raw, blank_only=False)
    blank_only = len(values) == 1 and len(_values(raw, blank_only=True)) == 2
    if blank_only:
        values = _values(raw, blank_only=True)
    others = _values(later, blank_only=blank_only) if later is not None else Counter[str]()
    known = values if len(values) >= 2 else values + others
    notes: list[Note] = []
    if positive is not None:
        won = same(positive)
        if won not in values and won not in others and values.total() >= MIN_OUTCOMES:
            mend = f"the values are {_shown(values)}"
            raise InvalidInput("this value does not occur in the target", field="--positive", value=positive, mend=mend)
    else:
        won, notes = _positive(known, values, column)
    if values.total() >= MIN_OUTCOMES and len(values) == 1:
        message = f"all {values.total():,} outcomes are {_shown(values)}: nothing can be learned from them"
        raise InvalidInput(message, field="--target", value=column, mend="give rows with either outcome")
    return Target(column, won, blank_only), notes


def _values(raw: Raw, *, blank_only: bool) -> Counter[str]:
    counts = Counter[str]()
    totals = np.bincount(raw.codes, minlength=len(raw.texts)).tolist()
    for text, count in zip(raw.texts.to_pylist(), totals, strict=True):
        if count and text.strip() and (blank_only or not is_missing(text)):
            counts[same(text)] += count
    return counts


def _shown(values: Counter[str]) -> str:
    told = [f"{value!r} ({count:,})" for value, count in values.most_common(SHOWN)]
    return ", ".join(told) + (f" and {len(values) - SHOWN} more" if len(values) > SHOWN else "")


def _positive(known: Counter[str], values: Counter[str], column: str) -> tuple[str, list[Note]]:
    mend = "say which value counts as won, with --positive VALUE"
    if len(known) > 2:
        raise InvalidInput(f"it has more than two values: {_shown(known)}", field="--target", value=column, mend=mend)
    numbers = sorted((parse_number(value), value) for value in known if np.isfinite(parse_number(value)))
    if len(numbers) == 2 and numbers[0][1] not in LOST:  # such as 1 and 2
        chosen = numbers[1][1]
    elif not known or (len(known) == 1 and set(known) <= LOST):
        return "1", []
    elif len(known) == 1 and not set(known) <= WON:
        raise InvalidInput(f"its only value is {_shown(known)}", field="--target", value=column, mend=mend)
    elif len(won := [value for value in known if value in WON]) == 1:
        return won[0], []
    elif len(rest := [value for value in known if value not in LOST]) == 1:
        return rest[0], []
    else:
        chosen = min(sorted(known), key=lambda value: values[value] or known[value])
    return chosen, [Note(
        f"Nothing says which value of {column} means won: {chosen!r}, the rarer or higher one, is taken. If it is the "
        "other, use --positive.",
        f"{column}의 어떤 값이 성공인지 알 수 없어 더 드물거나 더 큰 {chosen!r}을(를) 성공으로 보았습니다. "
        "아니라면 --positive로 지정하세요.",
    )]  # fmt: skip
