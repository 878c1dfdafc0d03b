"""Character n-grams of texts in any language as short vectors: hashed, weighted by rarity, on their main directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.next_best_action.signals_grams import BUCKETS, language, places

Floats = NDArray[np.float32]
DIMENSIONS = 48
KEPT_BUCKETS = 4_096  # the commonest that are not in half of all texts
LEAST_TEXTS = 3


@dataclass(frozen=True)
class Ngrams:
    """A fitted space: a text is its buckets' rarities times `directions`, of length 1; 0 where none is known."""

    buckets: NDArray[np.int32]  # sorted
    rarity: Floats  # (buckets,)
    directions: Floats  # (buckets, DIMENSIONS)

    def vector(self, text: str) -> Floats:
        """(DIMENSIONS,), of length 1 or 0."""
        found = places(text, language(text))
        at = np.minimum(np.searchsorted(self.buckets, found), max(len(self.buckets) - 1, 0))
        at = at[self.buckets[at] == found] if len(self.buckets) else at[:0]
        vector = self.rarity[at] @ self.directions[at]
        length = float(np.linalg.norm(vector))
        return np.asarray(vector / length if length > 0 else vector, dtype=np.float32)


def fit(texts: Sequence[str], *, seed: int = 0) -> Ngrams:
    """The space of a company's texts, of at most DIMENSIONS directions; the same for the same texts and seed."""
    from scipy import sparse
    from sklearn.decomposition import TruncatedSVD

    found = [places(text, language(text)) for text in texts]
    seen = np.bincount(np.concatenate([*found, np.zeros(0, dtype=np.int32)]).astype(np.int64), minlength=BUCKETS)
    common = np.flatnonzero((seen >= LEAST_TEXTS) & (seen <= max(len(texts) / 2, LEAST_TEXTS)))
    kept = np.sort(common[np.argsort(-seen[common], kind="stable")[:KEPT_BUCKETS]]).astype(np.int32)
    rarity = np.log((1 + len(texts)) / (1 + seen[kept])).astype(np.float32)
    if len(kept) <= 2:
        return Ngrams(kept, rarity, np.zeros((len(kept), DIMENSIONS), dtype=np.float32))
    inside = [np.searchsorted(kept, each[np.isin(each, kept)]) for each in found]
    starts = np.concatenate([[0], np.cumsum([len(each) for each in inside])])
    columns = np.concatenate(inside)
    values = rarity[columns] / np.repeat(np.sqrt(np.maximum(np.diff(starts), 1)), np.diff(starts))
    matrix = sparse.csr_matrix((values, columns, starts), shape=(len(texts), len(kept)))
    size = min(DIMENSIONS, len(kept) - 1, len(texts) - 1)
    main = TruncatedSVD(size, random_state=seed).fit(matrix).components_.T if size > 0 else np.zeros((len(kept), 0))
    directions = np.zeros((len(kept), DIMENSIONS), dtype=np.float32)
    directions[:, : main.shape[1]] = main
    return Ngrams(kept, rarity, directions.astype(np.float16).astype(np.float32))
