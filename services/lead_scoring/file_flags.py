"""Which columns of a file the flags mean, and what is said about the file on the way."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kit.errors import InvalidInput
from learning.csv_file import distinct_names
from learning.overrules import loose

ROW_ORDER = "row-order"
SHOWN_NAMES = 10


@dataclass(frozen=True, slots=True)
class Note:
    """Something a reader of the figures must know, in two languages."""

    en: str
    ko: str


@dataclass(frozen=True, slots=True)
class FileOptions:
    """The two files and what their columns mean.

    `drop` and `keep` are lists of columns as typed, one or several; `not_over` are values of the target.
    """

    train: Path
    test: Path
    target: str
    positive: str | None = None
    id: str | None = None
    time: str | None = None
    drop: str | Sequence[str] = ""
    keep: str | Sequence[str] = ""
    not_over: Sequence[str] = ()


def counted(count: int, noun: str) -> str:
    """1 row, 2 rows."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def find_column(names: Sequence[str], wanted: str, field: str) -> str:
    """The column that is meant: by its exact name, else regardless of case, else of spaces, dashes and underscores too.

    Raises InvalidInput, with the names that are nearest.
    """
    name = distinct_names([wanted])[0]
    if name in names:
        return name
    for form in (str.casefold, loose):
        alike = [one for one in names if form(one) == form(name)]
        if len(alike) == 1:
            return alike[0]
    near = alike[:3] or [one for one in names if loose(one) in difflib.get_close_matches(
        loose(name), [loose(each) for each in names], 3, 0.6
    )][:3]  # fmt: skip
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    mend = f"did you mean {' or '.join(map(repr, near))}?" if near else f"the columns are {shown}"
    raise InvalidInput("the file has no such column", field=field, value=wanted, mend=mend)


def matched_names(names: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """By name of a file, the known one that is meant: regardless of case, else of spaces, dashes and underscores too,
    where just one on either side is written so."""
    found: dict[str, str] = {}
    here, there = set(names), set(known)
    ours = [one for one in names if one not in there]
    theirs = [one for one in known if one not in here]
    for form in (str.casefold, loose):
        left = _by_form([one for one in ours if one not in found], form)
        right = _by_form([one for one in theirs if one not in found.values()], form)
        found |= {ones[0]: right[key][0] for key, ones in left.items() if len(ones) == len(right.get(key, ())) == 1}
    return found


def _by_form(names: Sequence[str], form: Callable[[str], str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(form(name), []).append(name)
    return groups


def told_names(matched: Mapping[str, str]) -> list[Note]:
    """What is said about names of the test file that were taken for others."""
    if not matched:
        return []
    shown = ", ".join(f"“{name}” = “{known}”" for name, known in list(matched.items())[:SHOWN_NAMES])
    listed = shown + (f", … (+{len(matched) - SHOWN_NAMES})" if len(matched) > SHOWN_NAMES else "")
    return [Note(
        f"Columns of the test file, taken for those that the training file spells otherwise: {listed}.",
        f"학습 파일과 표기만 다른 평가 파일의 열을 같은 열로 보았습니다: {listed}.",
    )]  # fmt: skip


def find_columns(names: Sequence[str], listed: str | Iterable[str], field: str) -> frozenset[str]:
    """The columns of lists with commas; names that hold commas themselves are found too, or may be quoted."""
    lists = [listed] if isinstance(listed, str) else listed
    return frozenset(name for one in lists for name in _find_listed(names, one, field))


def _find_listed(names: Sequence[str], listed: str, field: str) -> set[str]:
    if not listed.strip():
        return set()
    parts = next(csv.reader([listed], skipinitialspace=True))
    known = {name.casefold() for name in names}
    found = set[str]()
    place = 0
    while place < len(parts):
        for end in range(len(parts), place, -1):  # the longest run of parts that makes a name
            joined = distinct_names([",".join(parts[place:end])])[0]
            spaced = distinct_names([", ".join(part.strip() for part in parts[place:end])])[0]
            hits = [name for name in (joined, spaced) if name.casefold() in known]
            if hits or end == place + 1:
                if hits or parts[place].strip():
                    found.add(find_column(names, hits[0] if hits else parts[place], field))
                place = end
                break
    return found
