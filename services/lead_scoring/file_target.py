"""Which rows of a file were won, by a column of any two words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from kit.errors import InvalidInput
from learning.cell_numbers import is_missing, parse_number
from learning.columns import Floats
from learning.tabular import Raw
from services.lead_scoring.domain import MIN_OUTCOMES
from services.lead_scoring.file_flags import Note, counted

YES = frozenset({"1", "yes", "y", "true", "t", "예", "네", "참", "o", "ja", "oui", "sí", "si", "sim", "はい", "是"})
NO = frozenset(
    {"0", "-1", "no", "n", "false", "f", "아니오", "아니요", "거짓", "x", "nein", "non", "não", "nao", "いいえ", "否"}
)
WON = YES | {
    "won",
    "win",
    "closed won",
    "converted",
    "success",
    "successful",
    "positive",
    "성공",
    "수주",
    "계약",
    "전환",
}
LOST = NO | {"lost", "loss", "closed lost", "not converted", "failure", "failed", "negative", "실패", "실주", "미전환"}
# Words for records that are not over: no outcome, unless nothing else stands beside the other value.
OPEN = frozenset(
    {"open", "in progress", "pending", "ongoing", "on hold", "undecided", "maybe", "unknown", "tbd", "working"}
    | {"진행중", "진행 중", "진행", "보류", "미정", "대기", "검토중", "검토 중"}
)
SHOWN = 8
EXACT = 2.0**53  # whole numbers below it are told apart
STRAY = 0.05  # of the outcomes: values beside a clear yes and no that are taken for none


@dataclass(frozen=True, slots=True)
class Target:
    """The column, the value that counts as won as people are told it, and every value that counts as won or lost."""

    column: str
    positive: str
    won: frozenset[str]
    lost: frozenset[str]

    def outcomes(self, raw: Raw) -> Floats:
        """Per row 1 (won), 0, or nan where there is no outcome yet."""
        values = [self._outcome(same(text)) for text in raw.texts.to_pylist()]
        return np.asarray(np.array(values, dtype=np.float64)[raw.codes])

    def _outcome(self, text: str) -> float:
        return 1.0 if text in self.won else 0.0 if text in self.lost else np.nan

    def unknown(self, raw: Raw) -> Counter[str]:
        """The values that say something other than won and lost, and how many rows have each."""
        values = _values(raw, blank_only=False)
        return Counter({value: n for value, n in values.items() if value not in self.won | self.lost})


def same(text: str) -> str:
    """The form in which equal values are equal: no case, no spaces around, 1 for 1.0; longer codes as they are."""
    text = " ".join(text.split()).casefold()
    number = parse_number(text) if text[:1].isdigit() or text[:1] in "+-." else np.nan
    if not abs(number) < EXACT:
        return text
    return str(int(number)) if number == int(number) else repr(number)


def learn_target(raw: Raw, column: str, positive: str | None, later: Raw | None) -> tuple[Target, list[Note]]:
    """What counts as won. `later` is the same column of the rows to be scored: it may know words that `raw` lacks.

    Raises InvalidInput where the values leave it open, or where a great many outcomes are all the same.
    """
    values = _values(raw, blank_only=False)
    blank_only = len(values) == 1 and len(_values(raw, blank_only=True)) == 2
    if blank_only:
        values = _values(raw, blank_only=True)
    others = _values(later, blank_only=blank_only) if later is not None else Counter[str]()
    known = _without_open(values if len(_without_open(values)) >= 2 else values + others)
    if positive is not None:
        chosen = same(positive)
        if chosen not in values and chosen not in others and values.total() >= MIN_OUTCOMES:
            mend = f"the values are {_shown(values)}"
            raise InvalidInput("this value does not occur in the target", field="--positive", value=positive, mend=mend)
        won = {chosen, *_spelled_alike(chosen, known)}
        notes: list[Note] = []
    else:
        won, chosen, notes = _positive(known, values, column)
    lost = {value for value in known if value not in won}
    if positive is None and _clear(known):
        lost &= LOST
    target = Target(column, chosen, *_extended(frozenset(won), frozenset(lost)))
    _check(target, values)
    return target, [*notes, *_told(target, values)]


def _spelled_alike(chosen: str, known: Counter[str]) -> set[str]:
    """Other words of a column for the same yes or no, where it says the opposite too."""
    for ours, theirs in ((YES, NO), (NO, YES)):
        if chosen in ours and known.keys() & theirs:
            return known.keys() & ours
    return set()


def _check(target: Target, values: Counter[str]) -> None:
    """Raises InvalidInput where a great many outcomes are all the same."""
    total = sum(n for value, n in values.items() if value in target.won | target.lost)
    good = sum(n for value, n in values.items() if value in target.won)
    if total >= MIN_OUTCOMES and good in (0, total):
        message = f"all {total:,} outcomes are {_shown(values)}: nothing can be learned from them"
        raise InvalidInput(message, field="--target", value=target.column, mend="give rows with either outcome")


def _without_open(values: Counter[str]) -> Counter[str]:
    """The values but those of records that are not over, where two are left even so."""
    closed = Counter({value: n for value, n in values.items() if value not in OPEN})
    return closed if len(closed) >= 2 else Counter(values)


def _extended(won: frozenset[str], lost: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """With the other words for yes and no that another file may use, where these are of their kind."""
    if won <= WON and lost <= LOST:
        return won | (WON - lost), lost | (LOST - won)
    if won <= NO and lost <= YES and won:
        return won | (NO - lost), lost | (YES - won)
    return won, lost


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


def _clear(known: Counter[str]) -> bool:
    """Whether a clear yes and a clear no make up (almost) all values."""
    rest = sum(n for value, n in known.items() if value not in WON | LOST)
    return bool(known.keys() & WON and known.keys() & LOST) and rest <= STRAY * known.total()


def _positive(known: Counter[str], values: Counter[str], column: str) -> tuple[set[str], str, list[Note]]:
    """The values that count as won, the one that is named, and what is said about the choice."""
    mend = "say which value counts as won, with --positive VALUE"
    if _clear(known):
        won = known.keys() & WON
        return set(won), max(sorted(won), key=lambda value: known[value]), []
    if len(known) > 2:
        raise InvalidInput(f"it has more than two values: {_shown(known)}", field="--target", value=column, mend=mend)
    numbers = sorted((parse_number(value), value) for value in known if np.isfinite(parse_number(value)))
    if len(numbers) == 2 and numbers[0][1] not in LOST:  # such as 1 and 2
        chosen = numbers[1][1]
    elif not known or (len(known) == 1 and set(known) <= LOST):
        return {"1"}, "1", []
    elif len(known) == 1 and not set(known) <= WON:
        raise InvalidInput(f"its only value is {_shown(known)}", field="--target", value=column, mend=mend)
    elif len(good := [value for value in known if value in WON]) == 1:
        return set(good), good[0], []
    elif len(rest := [value for value in known if value not in LOST]) == 1:
        return set(rest), rest[0], []
    else:
        chosen = min(sorted(known), key=lambda value: values[value] or known[value])
    return {chosen}, chosen, [Note(
        f"Nothing says which value of {column} means won: {chosen!r}, the rarer or higher one, is taken. If it is the "
        "other, use --positive.",
        f"{column}의 어떤 값이 성공인지 알 수 없어 더 드물거나 더 큰 {chosen!r}을(를) 성공으로 보았습니다. "
        "아니라면 --positive로 지정하세요.",
    )]  # fmt: skip


def _told(target: Target, values: Counter[str]) -> list[Note]:
    """What is said about the values of the training file beyond a plain pair."""
    notes = []
    won, lost = (_among(values, side) for side in (target.won, target.lost))
    if len(won) > 1 or len(lost) > 1:
        notes.append(Note(
            f"Of “{target.column}”, these count as won: {_shown(won)}; these as lost: {_shown(lost)}.",
            f"“{target.column}”의 값 중 성공: {_shown(won)}, 실패: {_shown(lost)}.",
        ))  # fmt: skip
    none = Counter({value: n for value, n in values.items() if value not in target.won | target.lost})
    if none:
        notes.append(Note(
            f"Of “{target.column}”, these are no outcome: {_shown(none)}; their rows count as open records.",
            f"“{target.column}”의 값 중 결과가 아닌 값: {_shown(none)}. 이 행은 진행 중 기록으로 봅니다.",
        ))  # fmt: skip
    return notes


def _among(values: Counter[str], wanted: Collection[str]) -> Counter[str]:
    return Counter({value: n for value, n in values.items() if value in wanted})


def told_unknown(target: Target, later: Raw) -> list[Note]:
    """What is said about outcomes of the rows to be scored that the training file does not know."""
    unknown = target.unknown(later)
    if not unknown:
        return []
    rows = counted(unknown.total(), "row")
    return [Note(
        f"“{target.column}” in the test file: {rows} with values that are neither won nor lost by the training file: "
        f"{_shown(unknown)}. They are scored, but left out of the figures.",
        f"평가 파일의 “{target.column}”: 학습 파일에 없는 값이 있는 {unknown.total():,}행({_shown(unknown)})은 "
        "점수는 매기되 지표에서는 뺐습니다.",
    )]  # fmt: skip
