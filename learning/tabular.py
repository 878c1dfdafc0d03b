"""A column of text cells read as numbers, days, yes and no, choices or free text.

A Reading is learned from one file's values (`learning.tabular_kinds`) and serves any other file.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from learning.cell_dates import parse_date
from learning.cell_numbers import LARGEST, is_missing
from learning.cell_words import measured_number
from learning.columns import MISSING, NO, YES, Floats, Texts

LONGEST_TEXT = 1_000
LONGEST_CODE = 3  # characters; whether they are capitals may matter in those
SAMPLE = 20_000  # rows that the readings are learned from
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
    """How a column is read.

    unclear: its values do not say whether the day or the month comes first, or which the decimal mark is; marked: they
    say which that is. words: what each means, of yes and no. codes: its numbers stand for things. units: what numbers
    that have them are multiplied by; scale: what all are. strays: words among the numbers or days that are frequent
    enough to mean something. spellings: of choices, how each is written mostly, by its `folded` form.
    """

    kind: Kind
    decimal: str = "."
    day_first: bool = False
    unclear: bool = False
    marked: bool = False
    words: Mapping[str, bool] = field(default_factory=dict)
    codes: bool = False
    units: Mapping[str, float] = field(default_factory=dict)
    scale: float = 1.0
    strays: tuple[str, ...] = ()
    spellings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cells:
    """A column as read; how often each text occurs that says something but is none of its kind; and, by stray word of
    its reading, a column that says where it stands."""

    column: Floats | Texts
    garbage: Counter[str]
    strays: Mapping[str, Texts]


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

    def first(self, rows: int) -> Raw:
        """The first rows alone."""
        used, codes = np.unique(self.codes[:rows], return_inverse=True)
        return Raw(self.texts.take(pa.array(used)), codes.astype(np.int64))

    @property
    def step(self) -> int:
        """From one row of the spread sample to the next."""
        return max(len(self.codes) // SAMPLE, 1)

    def counts(self) -> dict[str, int]:
        """How often each text occurs that says something, in a spread sample of rows."""
        codes, counts = np.unique(self.codes[:: self.step], return_counts=True)
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


def read_column(raw: Raw, reading: Reading) -> tuple[Floats | Texts, int]:
    """The column, days as proleptic ordinals; and how many cells say something that is none of its kind."""
    cells = read_cells(raw, reading)
    return cells.column, cells.garbage.total()


def read_cells(raw: Raw, reading: Reading) -> Cells:
    """The same with what else is told of it; days and their strays alike."""
    if reading.kind in (Kind.TEXT, Kind.EMPTY):
        return Cells(_texts(raw, reading.spellings), Counter(), {})
    if reading.kind is Kind.YES_NO:
        return Cells(_yes_no(raw, reading.words), Counter(), {})
    texts = raw.texts
    if reading.kind is Kind.NUMBER:
        values = _numbers(texts, reading) * reading.scale
    else:
        values = np.array([parse_date(text, day_first=reading.day_first) for text in texts.to_pylist()])
    bad = np.flatnonzero(np.isnan(values))
    told = dict(zip(bad.tolist(), texts.take(pa.array(bad)).to_pylist(), strict=True))
    counts = np.bincount(raw.codes, minlength=len(texts))
    garbage = Counter(
        {text: int(counts[place]) for place, text in told.items() if counts[place] and not is_missing(text)}
    )
    return Cells(values[raw.codes], garbage, {word: _stands(raw, told, word) for word in reading.strays})


def _stands(raw: Raw, told: Mapping[int, str], word: str) -> Texts:
    """Where a word stands."""
    places = np.zeros(len(raw.texts), dtype=np.int64)
    places[[place for place, text in told.items() if plain(text) == plain(word)]] = 1
    return Texts([NO, YES], places[raw.codes])


def plain(text: str) -> str:
    """The form in which equal words are equal: no case, no spaces around."""
    return " ".join(text.split()).casefold()


def clean(text: str) -> str:
    """A choice as it is shown."""
    return unicodedata.normalize("NFC", " ".join(text[:LONGEST_TEXT].split()))


def folded(text: str) -> str:
    """The form in which equal choices are equal, of a clean text: no case, but of codes of a few letters."""
    return text if len(text) <= LONGEST_CODE else text.casefold()


def _numbers(texts: pa.Array, reading: Reading) -> Floats:
    """Numbers of distinct texts: plain ones all at once, the others one by one."""
    simple = pc.match_substring_regex(texts, _PLAIN if reading.decimal == "." else _DIGITS_ONLY)
    trimmed = pc.utf8_ltrim(pc.utf8_trim_whitespace(pc.if_else(simple, texts, None)), "+")
    values = np.array(pc.cast(trimmed, pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
    values[np.abs(values) > LARGEST] = np.nan
    rest = np.flatnonzero(~simple.to_numpy(zero_copy_only=False))
    values[rest] = [
        np.nan if is_missing(text) else measured_number(text, reading.decimal, reading.units)
        for text in texts.take(pa.array(rest)).to_pylist()
    ]
    return values


def _texts(raw: Raw, spellings: Mapping[str, str]) -> Texts:
    dictionary: dict[str, int] = {}
    places = np.empty(len(raw.texts), dtype=np.int64)
    for place, text in enumerate(raw.texts.to_pylist()):
        told = clean(text)
        told = spellings.get(folded(told), told)
        places[place] = MISSING if is_missing(told) else dictionary.setdefault(told, len(dictionary))
    return Texts(list(dictionary), places[raw.codes])


def _yes_no(raw: Raw, words: Mapping[str, bool]) -> Texts:
    dictionary = {YES: 0, NO: 1}
    places = np.empty(len(raw.texts), dtype=np.int64)
    for place, text in enumerate(raw.texts.to_pylist()):
        known = words.get(plain(text))
        told = clean(text) if known is None else YES if known else NO
        places[place] = MISSING if is_missing(told) else dictionary.setdefault(told, len(dictionary))
    return Texts(list(dictionary), places[raw.codes])
