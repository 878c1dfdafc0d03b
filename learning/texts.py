"""Long texts as a few coordinates: character n-grams, hashed, TF-IDF, truncated SVD (latent semantic analysis).

Characters rather than words, because they serve Korean, misspellings and mixed languages alike.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.columns import MISSING, Codes, Floats, Texts, as_texts

BUCKETS = 1 << 13
DIMENSIONS = 12
LONGEST = 600  # characters that are read
SAMPLE = 8_000  # texts that the coordinates are learned from
WORDS, DISTINCT, LEAST = 3.0, 0.3, 30  # what tells a text from a choice: words, share of different ones, how many


def reads_as_text(column: Texts) -> bool:
    """Whether the values are sentences of their own rather than choices or identifiers."""
    codes = column.codes[column.codes != MISSING]
    used = np.unique(codes)
    if len(used) < max(LEAST, DISTINCT * len(codes)):
        return False
    sample = [column.dictionary[code] for code in used[:: max(1, len(used) // 500)].tolist()]
    return float(np.mean([len(text.split()) for text in sample])) >= WORDS


@dataclass(frozen=True, slots=True)
class TextColumn:
    """Features: `dimensions` standardised coordinates, and missing. `projection`: buckets × dimensions, idf and
    standardising folded in; a text's coordinates are its unit-length TF-IDF vector times it, minus `offset`."""

    name: str
    projection: NDArray[np.float32]
    idf: NDArray[np.float32]
    offset: tuple[float, ...]

    @property
    def width(self) -> int:
        return len(self.offset) + 1

    @property
    def places(self) -> int:
        """How many values `bins` may have: with a text, without."""
        return 2

    def bins(self, column: Floats | Texts | None, rows: int) -> Codes:
        """0 with a text, 1 where missing."""
        return np.asarray(as_texts(column, rows).codes == MISSING, dtype=np.int64)

    def features(self, column: Floats | Texts | None, rows: int) -> Floats:
        """Rows × width; each different text is read once."""
        texts = as_texts(column, rows)
        features = np.zeros((rows, self.width))
        used, place = np.unique(texts.codes, return_inverse=True)
        for index, code in enumerate(used.tolist()):
            if code == MISSING:
                features[place == index, -1] = 1.0
        known = used[used != MISSING].tolist()
        if known:
            coordinates = np.array([self._coordinates(texts.dictionary[code]) for code in known])
            first = len(used) - len(known)
            here = place >= first
            features[here, :-1] = coordinates[place[here] - first]
        return features

    def _coordinates(self, text: str) -> Floats:
        buckets, counts = _grams(text)
        values = _weights(counts) * self.idf[buckets]
        length = float(np.sqrt(values @ values)) or 1.0
        return np.asarray((values / length) @ self.projection[buckets] - np.array(self.offset), dtype=np.float64)

    def arrays(self) -> Floats:
        """What is kept beside the JSON."""
        return np.column_stack([self.idf, self.projection]).astype(np.float64)

    def to_json(self) -> dict[str, Any]:
        """The rest."""
        return {"name": self.name, "buckets": len(self.idf), "offset": list(self.offset)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any], arrays: Floats) -> TextColumn:
        """The inverse of `to_json` and `arrays`."""
        kept = np.asarray(arrays, dtype=np.float32)
        if kept.shape != (data["buckets"], len(data["offset"]) + 1) or not np.isfinite(kept).all():
            raise ValueError("the arrays of a text column do not fit")
        return cls(data["name"], kept[:, 1:], kept[:, 0], tuple(data["offset"]))


def fit_text(name: str, column: Texts) -> TextColumn | None:
    """Learn idf and coordinates from the texts alone."""
    from scipy.sparse import csr_array
    from scipy.sparse.linalg import svds

    used = np.unique(column.codes[column.codes != MISSING])
    if len(used) > SAMPLE:
        used = np.sort(np.random.default_rng(0).choice(used, SAMPLE, replace=False))
    grams = [_grams(column.dictionary[code]) for code in used.tolist()]
    seen = np.bincount(np.concatenate([buckets for buckets, _ in grams]), minlength=BUCKETS)
    idf = np.where(seen >= 2, np.log((1 + len(grams)) / (1 + seen)) + 1, 0.0).astype(np.float32)
    matrix = csr_array(_rows(grams, idf), shape=(len(grams), BUCKETS))
    rank = min(DIMENSIONS, len(grams) - 2)
    if rank < 1 or not matrix.nnz:
        return None
    start = np.random.default_rng(0).normal(size=min(matrix.shape))
    _, sizes, right = svds(matrix.astype(np.float64), k=rank, v0=start)
    order = np.argsort(-sizes)
    vectors = right[order].T
    vectors *= np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(rank)])  # a sign that no solver chooses
    coordinates = matrix @ vectors
    deviation = np.maximum(coordinates.std(axis=0), 1e-6)
    offset = coordinates.mean(axis=0) / deviation
    projection = np.round(vectors / deviation, 4).astype(np.float32)
    return TextColumn(name, projection, np.round(idf, 4), tuple(round(float(one), 4) for one in offset))


def _rows(grams: Sequence[tuple[Codes, Codes]], idf: NDArray[np.float32]) -> tuple[Floats, Codes, Codes]:
    values = []
    for buckets, counts in grams:
        row = _weights(counts) * idf[buckets]
        values.append(row / (float(np.sqrt(row @ row)) or 1.0))
    ends = np.cumsum([0, *(len(buckets) for buckets, _ in grams)])
    return np.concatenate(values), np.concatenate([buckets for buckets, _ in grams]), ends


def _weights(counts: Codes) -> Floats:
    return 1.0 + np.log(counts)


@lru_cache(maxsize=4096)
def _grams(text: str) -> tuple[Codes, Codes]:
    """Buckets of the text's n-grams of two to four characters within words, and how often each occurs."""
    found: dict[int, int] = {}
    for word in text[:LONGEST].lower().split():
        padded = f" {word} "
        for size in (2, 3, 4):
            for start in range(max(1, len(padded) - size + 1)):
                bucket = zlib.crc32(padded[start : start + size].encode()) % BUCKETS
                found[bucket] = found.get(bucket, 0) + 1
    if not found:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    buckets = np.array(sorted(found), dtype=np.int64)
    return buckets, np.array([found[bucket] for bucket in buckets.tolist()], dtype=np.int64)
