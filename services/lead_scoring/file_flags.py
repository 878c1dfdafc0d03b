"""Which columns of a file the flags mean, and what is said about the file on the way."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kit.errors import InvalidInput
from learning.csv_file import distinct_names

ROW_ORDER = "row-order"


@dataclass(frozen=True, slots=True)
class Note:
    """Something a reader of the figures must know, in two languages."""

    en: str
    ko: str


@dataclass(frozen=True, slots=True)
class FileOptions:
    """The two files and what their columns mean; `drop` and `keep` are lists of columns as typed."""

    train: Path
    test: Path
    target: str
    positive: str | None = None
    id: str | None = None
    time: str | None = None
    drop: str = ""
    keep: str = ""


def find_column(names: Sequence[str], wanted: str, field: str) -> str:
    """The column that is meant: by its exact name, else regardless of case. Raises InvalidInput."""
    name = distinct_names([wanted])[0]
    if name in names:
        return name
    alike = [one for one in names if one.casefold() == name.casefold()]
    if len(alike) == 1:
        return alike[0]
    near = difflib.get_close_matches(name, names, 1, 0.6)
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    mend = f"did you mean {near[0]!r}?" if near else f"the columns are {shown}"
    raise InvalidInput("the file has no such column", field=field, value=wanted, mend=mend)


def find_columns(names: Sequence[str], listed: str, field: str) -> frozenset[str]:
    """The columns of a list with commas; names that hold commas themselves are found too, or may be quoted."""
    if not listed.strip():
        return frozenset()
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
    return frozenset(found)
