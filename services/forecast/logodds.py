"""Log-odds that are sums of table entries, one a factor, and how they are fitted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from learning.calibration import sigmoid
from services.forecast.domain import Floats, Integers

BASE_PULL = 1.0
_ITERATIONS = 80
_MEMORY = 10
_CLOSE = 1e-3  # of log-likelihood: far less than what the data can tell
MOST_DENSE = 800  # entries up to which their whole curvature is looked at
CURVATURE_ROWS = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class LogOdds:
    """A base and tables by factor."""

    base: float
    tables: Mapping[str, Floats]

    def parts(self, index: Mapping[str, Integers]) -> dict[str, Floats]:
        """Each factor's part, in the shape of its index."""
        return {name: self.tables[name][entries] for name, entries in index.items() if name in self.tables}

    def total(self, parts: Mapping[str, Floats], without: Collection[str] = ()) -> Floats:
        """The log-odds from the parts; factors can be left out."""
        total: Floats = np.array(self.base)
        for name, part in parts.items():
            if name not in without:
                total = total + part
        return total

    def to_json(self) -> dict[str, Any]:
        """Everything, for model.json."""
        return {"base": self.base, "tables": {name: table.tolist() for name, table in self.tables.items()}}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LogOdds:
        """The inverse of to_json."""
        return cls(float(data["base"]), {name: np.array(table, float) for name, table in data["tables"].items()})


def fit_log_odds(
    prior: LogOdds,
    index: Mapping[str, Integers],
    event: Floats,
    weight: Floats,
    pulls: Mapping[str, float],
    offset: Floats | None = None,
) -> LogOdds:
    """The maximum a posteriori: weighted log-likelihood of `event` less pull / 2 × (distance to the prior)².

    index: per factor the entry of each row. Tables come out centred over the weighted rows, so that leaving a factor
    out is neutral.
    """
    if not len(event):
        return prior
    from scipy.sparse import csr_matrix

    names = list(prior.tables)
    start = np.concatenate([[prior.base], *(prior.tables[name] for name in names)])
    offsets = np.cumsum([1, *(len(prior.tables[name]) for name in names)])
    pull = np.concatenate([[BASE_PULL], *(np.full(len(prior.tables[name]), pulls[name]) for name in names)])
    columns = np.stack(
        [np.zeros(len(event), np.int64), *(index[n] + o for n, o in zip(names, offsets, strict=False))], 1
    )
    shape = (len(event), len(start))
    design = csr_matrix(
        (np.ones(columns.size), columns.reshape(-1), np.arange(len(event) + 1) * columns.shape[1]), shape
    )
    transposed = design.T.tocsr()
    given = 0.0 if offset is None else offset
    whiten = _whitening(design, weight, sigmoid(design @ start + given), pull)

    def loss(white: Floats) -> tuple[float, Floats]:
        moved = white @ whiten if whiten.ndim == 2 else white * whiten
        log_odds = design @ (start + moved) + given
        likelihood = weight @ (event * log_odds - np.logaddexp(0.0, log_odds))
        gradient = pull * moved - transposed @ (weight * (event - sigmoid(log_odds)))
        return 0.5 * float(pull @ moved**2) - float(likelihood), whiten @ gradient if whiten.ndim == 2 else (
            whiten * gradient
        )

    white = minimise(loss, np.zeros(len(start)))
    found = start + (white @ whiten if whiten.ndim == 2 else white * whiten)
    tables = dict(zip(names, np.split(found[1:], offsets[1:-1] - 1), strict=True))
    return _centred(LogOdds(float(found[0]), tables), index, weight)


def minimise(loss: Callable[[Floats], tuple[float, Floats]], start: Floats) -> Floats:
    """Where a convex loss is least, to within `_CLOSE`, given curvature near one in every direction.

    L-BFGS (Liu and Nocedal 1989) with backtracking; loss gives its value and gradient.
    """
    at, pairs = start, deque[tuple[Floats, Floats]](maxlen=_MEMORY)
    value, slope = loss(at)
    for _ in range(_ITERATIONS):
        if 0.5 * float(slope @ slope) < _CLOSE:
            break
        direction = -_two_loops(slope, pairs)
        size, wanted = 1.0, 1e-4 * float(slope @ direction)
        reached, fresh = loss(at + direction)
        while reached > value + size * wanted and size > 1e-6:
            size *= 0.5
            reached, fresh = loss(at + size * direction)
        if reached > value:
            break
        if float(direction @ (fresh - slope)) > 0:
            pairs.append((size * direction, fresh - slope))
        at, value, slope = at + size * direction, reached, fresh
    return at


def _two_loops(slope: Floats, pairs: Sequence[tuple[Floats, Floats]]) -> Floats:
    """The inverse curvature that steps and changes of slope tell of, times the slope."""
    found, kept = slope, []
    for step, change in reversed(pairs):
        share = float(step @ found) / float(step @ change)
        kept.append(share)
        found = found - share * change
    for (step, change), share in zip(pairs, reversed(kept), strict=True):
        found = found + (share - float(change @ found) / float(step @ change)) * step
    return found


def _whitening(design: Any, weight: Floats, rate: Floats, pull: Floats) -> Floats:
    """What makes the curvature near the prior one in every direction: a matrix, or a vector where there are many.

    L⁻¹ of the Hessian L Lᵀ, of an even part of the rows: the search then needs few steps.
    """
    curvature = weight * rate * (1.0 - rate)
    if len(pull) > MOST_DENSE:
        scale: Floats = 1.0 / np.sqrt(design.T @ curvature + pull)
        return scale
    step = -(-len(weight) // CURVATURE_ROWS)
    some = design[::step]
    hessian = (some.T.multiply(curvature[::step] * step) @ some).toarray() + np.diag(pull)
    inverse: Floats = np.linalg.inv(np.linalg.cholesky(hessian))
    return inverse


def _centred(found: LogOdds, index: Mapping[str, Integers], weight: Floats) -> LogOdds:
    base, tables = found.base, {}
    for name, table in found.tables.items():
        counts = np.bincount(index[name], weight, len(table))
        mean = float(counts @ table / max(counts.sum(), 1e-12))
        tables[name] = table - mean
        base += mean
    return LogOdds(base, tables)
