"""Texts that share rare letters in a row: candidates for being one text with a slip, without comparing all with all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

LETTERS = (3, 5)  # in a row
MOST_SHARED = 400  # texts with the same letters in a row; what more share tells nobody apart
LEAST_ALIKE = 0.3  # cosine of what they share, weighted by how rare it is
AT_ONCE = 2_000
FEW = 300  # texts are compared all with all: the libraries would take longer to load


def neighbours(texts: Sequence[str], least: float = LEAST_ALIKE) -> Iterator[tuple[int, int]]:
    """Pairs of places, the lower first, of texts that are alike."""
    if len(texts) <= FEW:
        yield from combinations(range(len(texts)), 2)
        return
    import numpy as np
    from scipy import sparse
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer(
        analyzer="char", ngram_range=LETTERS, lowercase=False, max_df=MOST_SHARED, sublinear_tf=True, dtype=np.float32,
        norm=None,
    )  # fmt: skip
    try:
        weights = _normal(sparse.csr_matrix(vectors.fit_transform(texts)))
    except ValueError:  # everything is shared by too many
        return
    others = weights.T.tocsr()
    for start in range(0, len(texts), AT_ONCE):
        alike = (weights[start : start + AT_ONCE] @ others).tocoo()
        near = (alike.data >= least) & (alike.row + start < alike.col)
        yield from zip((alike.row[near] + start).tolist(), alike.col[near].tolist(), strict=True)


def _normal(weights: Any) -> Any:
    import numpy as np
    from scipy import sparse

    lengths = np.sqrt(np.asarray(weights.multiply(weights).sum(axis=1))).ravel()
    return sparse.csr_matrix(sparse.diags(1 / np.maximum(lengths, 1e-9)) @ weights)
