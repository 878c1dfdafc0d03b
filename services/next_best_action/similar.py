"""The won and lost deals most like an open one, what was done next in each, and how it went.

A deal is compared by what was known on a day: its newest texts (by the encoder where it reads them, else by n-grams)
and its fields. Of past deals only ids and short facts are kept, no words.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from kit.errors import InvalidInput
from learning.records import Activity, DealHistory
from learning.snapshots import row_at
from learning.timeline import Cell
from services.next_best_action.features import TEXT_READ, newest_texts
from services.next_best_action.texts import DIMENSIONS, Ngrams

Floats = NDArray[np.float32]
FILE = "similar.npz"
FORMAT = 1
LEVELS = 127
TEXT_SHARE = 0.25  # of the likeness, where both deals have texts that can be compared
CATEGORIES = 96  # buckets of the values of choices
NUMBERS = (
    "amount", "age_days", "days_in_stage", "stage_moves", "inbound_30_days", "outbound_30_days", "contacts",
    "close_date_slips",
)  # fmt: skip
NOT_COMPARED = ("name", "owner_id", "account_id", "outcome", "deleted", "closed_date")
NOTHING_DONE = -1


@dataclass(frozen=True, slots=True)
class Known:
    """What a deal is compared by; text is by the encoder, words by n-grams: either may be missing."""

    fields: Floats
    text: Floats | None = None
    words: Floats | None = None


@dataclass(frozen=True, slots=True)
class SimilarDeal:
    """A past deal like the one asked about. Days count from the day on which it is alike."""

    deal_id: str
    likeness: float  # 0 to 1
    won: bool
    as_of: date
    next_activity: str  # type of what we did next towards the customer; empty: nothing until it closed
    days_to_next: int
    days_to_close: int


@dataclass(frozen=True)
class SimilarDeals:
    """Past deals with quantised vectors. Built with no argument it knows none."""

    encoder: str = ""
    ids: NDArray[np.str_] | None = None
    won: NDArray[np.bool_] | None = None
    days: NDArray[np.int32] | None = None  # (deals, 3): as of (ordinal), to the next activity, to the close
    following: NDArray[np.str_] | None = None
    fields: NDArray[np.int8] | None = None  # unit vectors of LEVELS levels, 0 where there is none
    text: NDArray[np.int8] | None = None
    words: NDArray[np.int8] | None = None
    centre: Floats | None = None  # (2, NUMBERS): mean and spread
    ngrams: Ngrams | None = None

    def __len__(self) -> int:
        return 0 if self.ids is None else len(self.ids)

    def nearest(self, known: Known, count: int, *, but: str = "") -> list[SimilarDeal]:
        """At most `count` deals each of won and lost, the likest first; never the deal `but`."""
        if self.ids is None or self.won is None:
            return []
        likeness = self.likeness(known)
        likeness[self.ids == but] = -1
        order = np.argsort(-likeness, kind="stable")
        picked = sorted(
            [*order[self.won[order]][:count], *order[~self.won[order]][:count]], key=lambda at: (-likeness[at], at)
        )
        return [self._told(int(at), float(likeness[at])) for at in picked if likeness[at] > 0]

    def likeness(self, known: Known) -> Floats:
        """(deals,): cosine of fields, and of texts where both have any that can be compared."""
        fields = _cosines(self.fields, known.fields)
        texts: Floats = np.zeros_like(fields)
        there = np.zeros(len(fields), dtype=bool)
        for vectors, vector in ((self.words, known.words), (self.text, known.text)):
            if vector is not None and vectors is not None and vectors.shape[1] == len(vector) and vector.any():
                has = vectors.any(axis=1)
                texts = np.where(has, _cosines(vectors, vector), texts).astype(np.float32)
                there |= has
        # A deal without comparable texts is neither favoured nor ruled out: its texts count as of mean likeness.
        mean = float(texts[there].mean()) if there.any() else 0.0
        both = (1 - TEXT_SHARE) * fields + TEXT_SHARE * np.where(there, texts, mean)
        return both.astype(np.float32) if there.any() else fields

    def _told(self, at: int, likeness: float) -> SimilarDeal:
        assert self.ids is not None
        assert self.won is not None
        assert self.days is not None
        assert self.following is not None
        as_of, to_next, to_close = self.days[at].tolist()
        return SimilarDeal(str(self.ids[at]), min(likeness, 1.0), bool(self.won[at]), date.fromordinal(as_of),
                           str(self.following[at]), to_next, to_close)  # fmt: skip

    def fields_of(self, row: Mapping[str, Cell]) -> Floats:
        """The vector of a deal's fields as of a day."""
        centre = np.array([[0.0] * len(NUMBERS), [1.0] * len(NUMBERS)]) if self.centre is None else self.centre
        return fields_vector(row, centre[0], centre[1])

    def save(self, folder: Path) -> None:
        """Write similar.npz, the same for the same deals."""
        if self.ids is None or self.ngrams is None:
            return
        parts = {name: getattr(self, name) for name in ARRAYS}
        np.savez_compressed(
            folder / FILE, format=FORMAT, encoder=self.encoder, buckets=self.ngrams.buckets,
            rarity=self.ngrams.rarity.astype(np.float16), directions=self.ngrams.directions.astype(np.float16), **parts,
        )  # fmt: skip

    @classmethod
    def load(cls, folder: Path) -> SimilarDeals:
        """Read what `save` wrote; none where it wrote nothing. Raises InvalidInput where it is damaged."""
        if not (folder / FILE).exists():
            return cls()
        try:
            with np.load(folder / FILE, allow_pickle=False) as file:
                if int(file["format"]) != FORMAT:
                    raise ValueError("another format")
                ngrams = Ngrams(file["buckets"], file["rarity"].astype(np.float32),
                                file["directions"].astype(np.float32))  # fmt: skip
                return cls(encoder=str(file["encoder"]), ngrams=ngrams, **{name: file[name] for name in ARRAYS})
        except (OSError, ValueError, KeyError) as error:
            raise InvalidInput(
                f"the similar deals cannot be read: {error}", field=FILE, mend="Train and promote anew"
            ) from None


ARRAYS = ("ids", "won", "days", "following", "fields", "text", "words", "centre")


def text_of(activities: Sequence[Activity], day: date) -> str:
    """The newest texts up to a day, as one."""
    return "\n".join(each.text[:TEXT_READ] for each in newest_texts(activities, day))


def row_of(history: DealHistory, day: date) -> Mapping[str, Cell]:
    """The columns of a deal as of the end of a day."""
    return row_at(history, day)


def numbers_of(row: Mapping[str, Cell]) -> Floats:
    """(NUMBERS,), on a log scale."""
    found = [row.get(name) for name in NUMBERS]
    return np.array(
        [math.copysign(math.log1p(abs(float(cell))), float(cell)) if isinstance(cell, int | float) else 0.0
         for cell in found], dtype=np.float32,
    )  # fmt: skip


def fields_vector(row: Mapping[str, Cell], mean: Floats, spread: Floats) -> Floats:
    """(NUMBERS + CATEGORIES,), of length 1: half of the weight on numbers, half on choices."""
    numbers = np.clip((numbers_of(row) - mean) / spread, -3, 3)
    choices = np.zeros(CATEGORIES, dtype=np.float32)
    for name, cell in row.items():
        if isinstance(cell, str) and name not in NOT_COMPARED:
            choices[crc32(f"{name}={cell}".encode()) % CATEGORIES] += 1
    parts = [part / max(float(np.linalg.norm(part)), 1e-9) for part in (numbers, choices)]
    vector = np.concatenate(parts)
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), dtype=np.float32)


def quantised(vectors: Floats) -> NDArray[np.int8]:
    """Unit vectors as whole numbers of LEVELS levels."""
    return np.rint(vectors * LEVELS).astype(np.int8)


def _cosines(vectors: NDArray[np.int8] | None, vector: Floats) -> Floats:
    assert vectors is not None
    return np.asarray((vectors.astype(np.float32) @ vector) / LEVELS, dtype=np.float32)


def words_vector(ngrams: Ngrams | None, text: str) -> Floats:
    """By n-grams; 0 where there is no space to place it in."""
    return np.zeros(DIMENSIONS, dtype=np.float32) if ngrams is None else ngrams.vector(text)
