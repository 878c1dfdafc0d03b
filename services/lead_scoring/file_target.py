"""Which rows of a file were won, by a column of any two words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kit.errors import InvalidInput
from learning.cell_numbers import is_missing, parse_number
from learning.columns import Floats
from learning.minimums import MIN_OUTCOMES
from learning.tabular import Raw
from services.lead_scoring.file_flags import Note, counted
from services.lead_scoring.file_words import LOST, NO, WON, YES, affirmed, meaning

SHOWN = 8
EXACT = 2.0**53  # whole numbers below it are told apart
STRAY = 0.05  # of the outcomes: values beside a clear yes and no that are taken for none
MOST_VALUES = 30  # more are no outcome but days, amounts or names


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


def learn_target(
    raw: Raw, column: str, positive: str | None, later: Raw | None, not_over: Iterable[str] = ()
) -> tuple[Target, list[Note]]:
    """What counts as won. `later` is the same column of the rows to be scored: it may know words that `raw` lacks.

    not_over: values that are no outcome. Raises InvalidInput where the values leave it open, or where a great many
    outcomes are all the same.
    """
    values = _values(raw, blank_only=False)
    blank_only = len(values) == 1 and len(_values(raw, blank_only=True)) == 2
    if blank_only:
        values = _values(raw, blank_only=True)
    others = _values(later, blank_only=blank_only) if later is not None else Counter[str]()
    chosen = None if positive is None else _occurring(positive, "--positive", values, others)
    opened = frozenset(_occurring(value, "--open", values, others) for value in not_over)
    if chosen in opened:
        mend = "name another value in one of the two"
        raise InvalidInput("this value counts as won by --positive", field="--open", value=str(chosen), mend=mend)
    known = _known(values, opened, chosen)
    if len(known) < 2:
        known = _known(values + others, opened, chosen)
    if chosen is not None:
        won, notes = {chosen, *_spelled_alike(chosen, known)}, _taken_as_lost(chosen, known)
    else:
        won, chosen, notes = _positive(known, values, column)
    lost = {value for value in known if value not in won}
    if positive is None and _clear(known):
        lost = {value for value in lost if meaning(value) == "lost"}
    won_words, lost_words = _extended(frozenset(won), frozenset(lost))
    target = Target(column, chosen, won_words - opened, lost_words - opened)
    _check(target, values)
    return target, [*notes, *_told(target, values)]


def _occurring(value: str, flag: str, values: Counter[str], others: Counter[str]) -> str:
    """The value that a flag means. Raises InvalidInput where neither file has it and that is no matter of few rows."""
    chosen = same(value)
    if chosen not in values and chosen not in others and values.total() >= MIN_OUTCOMES:
        mend = f"the values are {_shown(values)}"
        raise InvalidInput("this value does not occur in the target", field=flag, value=value, mend=mend)
    return chosen


def _known(values: Counter[str], opened: Collection[str], chosen: str | None) -> Counter[str]:
    """The values but those of records that are not over: `opened`, and words for it where others are left even so."""
    named = Counter({value: n for value, n in values.items() if value not in opened})
    closed = Counter({value: n for value, n in named.items() if value == chosen or meaning(value) != "open"})
    return closed if len(closed) >= 2 or (closed and len(named) > 2) else named


def _taken_as_lost(chosen: str, known: Counter[str]) -> list[Note]:
    """What is said where a value counts as lost only because another is named as won, and may well not be over."""
    unsure = Counter({value: n for value, n in known.items() if value != chosen and not meaning(value)})
    if opened := _not_over(known, chosen):
        return [_open_as_lost(opened)]
    if len(known) < 3 or not unsure:
        return []
    return [Note(
        f"Because --positive names {chosen!r}, these count as lost too: {_shown(unsure)}. Name those of records that "
        "are not over with --open VALUE.",
        f"--positive가 {chosen!r}이므로 다음 값도 실패로 보았습니다: {_shown(unsure)}. 끝나지 않은 기록의 값은 "
        "--open VALUE로 지정하세요.",
    )]  # fmt: skip


def _not_over(known: Counter[str], chosen: str) -> Counter[str]:
    return Counter({value: n for value, n in known.items() if value != chosen and meaning(value) == "open"})


def _open_as_lost(values: Counter[str]) -> Note:
    return Note(
        f"No value says lost, so {_shown(values)} counts as lost, though it reads as a word for records that are not "
        "over. If they are not, give rows that were lost.",
        f"실패를 뜻하는 값이 없어 진행 중으로 읽히는 {_shown(values)}을(를) 실패로 보았습니다. 진행 중이 맞다면 실패한 "
        "행을 함께 넣으세요.",
    )


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
        mend = "give rows with either outcome; those where it is empty, or says that they are not over, are none"
        raise InvalidInput(message, field="--target", value=target.column, mend=mend)


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
    sides = Counter[str]()
    for value, n in known.items():
        sides[meaning(value)] += n
    return (
        bool(sides["won"] and sides["lost"]) and known.total() - sides["won"] - sides["lost"] <= STRAY * known.total()
    )


def _positive(known: Counter[str], values: Counter[str], column: str) -> tuple[set[str], str, list[Note]]:
    """The values that count as won, the one that is named, and what is said about the choice."""
    good = sorted(value for value in known if meaning(value) == "won")
    if _clear(known):
        return set(good), max(good, key=lambda value: known[value]), []
    mend = "say which value counts as won, with --positive VALUE"
    if len(known) > 2:
        if len(known) > MOST_VALUES and not good:
            mend = "name a column of a few values, such as won and lost"
        else:
            mend += ", or with --open VALUE which are those of records that are not over"
        raise InvalidInput(f"it has more than two values: {_shown(known)}", field="--target", value=column, mend=mend)
    if not known or (len(known) == 1 and set(known) <= LOST):
        return {"1"}, "1", []
    numbers = sorted((parse_number(value), value) for value in known if np.isfinite(parse_number(value)))
    if len(numbers) == 2 and numbers[0][1] not in LOST:  # such as 1 and 2
        low, high = numbers[0][1], numbers[1][1]
        return {high}, high, [_guessed(column, low, high, values, ("the higher one", "더 큰"))]
    if len(good) == 1:
        unsure = _not_over(known, good[0])
        return set(good), good[0], [_open_as_lost(unsure)] if unsure else []
    if len(known) == 1:
        raise InvalidInput(f"its only value is {_shown(known)}", field="--target", value=column, mend=mend)
    rest = [value for value in known if meaning(value) != "lost"]
    one = rest[0] if len(rest) == 1 and meaning(rest[0]) != "open" else affirmed(known)
    if not one:
        one, other = sorted(known, key=lambda value: (known[value], value))
        return {one}, one, [_guessed(column, other, one, values, ("the rarer one", "더 드문"))]
    return {one}, one, []


def _guessed(column: str, lost: str, won: str, values: Counter[str], why: tuple[str, str]) -> Note:
    return Note(
        f"Nothing says which value of {column} means won: {won!r} ({values[won]:,}), {why[0]}, is taken, and "
        f"{lost!r} ({values[lost]:,}) counts as lost. If it is the other way round, use --positive {lost}.",
        f"{column}의 어떤 값이 성공인지 알 수 없어 {why[1]} {won!r}({values[won]:,}행)을(를) 성공, "
        f"{lost!r}({values[lost]:,}행)을(를) 실패로 보았습니다. 반대라면 --positive {lost}를 쓰세요.",
    )


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


def told_repeated(record: NDArray[np.int64], won: Floats) -> list[Note]:
    """What is said about closed rows that share an id, and those of them that say both won and lost."""
    rows = np.bincount(record)
    wins = np.bincount(record, weights=won)
    repeated = rows > 1
    if not repeated.any():
        return []
    both, once, count = (
        int((repeated & (wins > 0) & (wins < rows)).sum()),
        int(repeated.sum()),
        int(rows[repeated].sum()),
    )
    contradict, korean = "", ""
    if both:
        contradict = f", and {both:,} of them {'says' if both == 1 else 'say'} both won and lost"
        korean = f" 그중 {both:,}개는 성공과 실패가 함께 있습니다."
    stand = "stands" if once == 1 else "stand"
    return [Note(
        f"{counted(once, 'id')} {stand} on more than one row ({count:,} rows with an outcome){contradict}. Each row is "
        "learned from as it is; models are chosen on rows of other ids. If these rows are copies or earlier states of "
        "a record, give one row for each.",
        f"식별자 {once:,}개가 여러 행({count:,}행)에 있습니다.{korean} 각 행을 그대로 학습하고, 모델은 다른 식별자의 "
        "행으로 고릅니다. 같은 기록의 사본이나 이전 상태라면 한 행씩만 주세요.",
    )]  # fmt: skip
