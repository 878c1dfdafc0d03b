"""Draws coefficients of actions by situation in towards zero, each kind of situation by as much as its data bear.

A coefficient is the sum of an action's own part, a part that all actions share, and what unrecorded reasons to act may
add. Parts of a kind are t-distributed about zero: a few actions do much where most do nothing, which one normal spread
for all would either draw in too far or not at all (West 1987, by scale mixtures). Spreads of the kinds by marginal
likelihood (empirical Bayes, MacKay 1992); the parts' own scales are then averaged over by Gibbs sampling (Geweke 1993),
so that a range holds both that a part is one of the few and that it is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular

Floats = NDArray[np.float64]
UNRECORDED_SD = 0.05  # log-odds: how far unrecorded reasons to act may push an estimate either way
SHARED_SD = 0.1  # the same, of all estimates together: reps are busy where they see a chance
USUAL_SPREAD = 0.3  # sd of the half-normal belief about spreads, in log-odds
FIRST_SPREAD, LEAST_SPREAD, MOST_SPREAD = 0.08, 1e-3, 1.0
TAILS = 3.0  # degrees of freedom
ALWAYS, RARE, ANY = "always", " rare", " any"
ENDINGS = ("", RARE, ANY)
TELLS_OF_DEALS = (ALWAYS, "stage")  # what all actions share there says more of the deals than of the deeds
SWEEPS, SETTLED = 40, 1e-3
DRAWS, UNSETTLED = 60, 10  # of the scales; the first are not counted


@dataclass(frozen=True, slots=True)
class Drawn:
    """Coefficients (actions × keys,) with their covariance."""

    mean: Floats
    covariance: Floats


class Shrinkage:
    """What rows say about coefficients, by action and then key, of kinds.

    noise: (actions × keys,) by how much the score varies more than independent rows would let it; rare: (actions ×
    keys,) the action is hardly done there. Such parts have spreads of their own: reps do often what they know to help.
    """

    def __init__(
        self, information: Floats, score: Floats, noise: Floats, kinds: Sequence[str], rare: NDArray[np.bool_]
    ) -> None:
        information, score = _widened(information, score, noise)
        self._size, keys = len(score), len(kinds)
        self._actions = actions = len(score) // keys
        self._kinds = np.array(kinds)
        own = zip([*kinds] * actions, rare.tolist(), strict=True)
        self._own = np.array([f"{kind}{RARE}" if there else kind for kind, there in own])
        shared, unrecorded = np.tile(np.eye(keys), (actions, 1)), np.zeros((self._size, actions))
        unrecorded[np.arange(actions) * keys + kinds.index(ALWAYS), np.arange(actions)] = 1.0
        parts = np.hstack([np.eye(self._size), shared, unrecorded])
        self._curvature, self._pull = parts.T @ information @ parts, parts.T @ score
        told = ~np.isin(self._kinds, TELLS_OF_DEALS)
        self._served = np.hstack([np.eye(self._size), shared * told, 0 * unrecorded])

    def spreads(self) -> dict[str, float]:
        """The likeliest of each kind: of actions' own parts, by themselves and RARE, and of what ANY of them share."""
        found = {f"{kind}{ending}": FIRST_SPREAD for kind in dict.fromkeys(self._kinds) for ending in ENDINGS}
        scales = np.ones(len(self._pull))
        for _ in range(SWEEPS):
            before, prior = dict(found), self._prior(found, scales[: self._size])
            root = cholesky(self._curvature + np.diag(1 / prior), lower=True)
            inverse = solve_triangular(root, np.eye(len(root)), lower=True)
            mean, variance = inverse.T @ (inverse @ self._pull), (inverse**2).sum(axis=0)
            for name in found:
                rows = self._rows(name)
                fits = float((scales * (mean / prior) ** 2)[rows].sum())
                bounds = float((scales * (1 - variance / prior) / prior)[rows].sum()) + USUAL_SPREAD**-2
                found[name] *= (fits / max(bounds, 1e-12)) ** 0.5
                found[name] = min(max(found[name], LEAST_SPREAD), MOST_SPREAD)
            usual = (prior / scales)[: self._size]
            scales[: self._size] = (TAILS + (mean**2 + variance)[: self._size] / usual) / (TAILS + 1)
            if max(abs(found[name] - before[name]) for name in found) < SETTLED:
                break
        return found

    def drawn(self, spreads: Mapping[str, float]) -> Drawn:
        """The posterior, its parts' scales averaged over; the same for the same numbers."""
        generator, scales = np.random.default_rng(0), np.ones(self._size)
        usual, width = self._prior(spreads, scales)[: self._size], len(self._pull)
        means, covariance = [], np.zeros((self._size, self._size))
        for draw in range(UNSETTLED + DRAWS):
            root = cholesky(self._curvature + np.diag(1 / self._prior(spreads, scales)), lower=True)
            whitened = solve_triangular(root, self._pull, lower=True)
            mean, there = (solve_triangular(root, each, lower=True, trans=1)
                           for each in (whitened, whitened + generator.standard_normal(width)))  # fmt: skip
            if draw >= UNSETTLED:
                half = solve_triangular(root, self._served.T, lower=True)
                covariance += half.T @ half / DRAWS
                means.append(self._served @ mean)
            shape = (TAILS + there[: self._size] ** 2 / usual) / 2
            scales = shape / generator.gamma((TAILS + 1) / 2, size=self._size)
        always = np.tile(self._kinds == ALWAYS, self._actions)
        covariance += np.cov(np.array(means).T, bias=True)
        # No log is so large that it tells all.
        return Drawn(np.mean(means, axis=0), covariance + UNRECORDED_SD**2 * np.diag(always.astype(np.float64)))

    def _rows(self, name: str) -> NDArray[np.bool_]:
        """Where the parts of a name stand among all."""
        shared = np.array([f"{kind}{ANY}" == name for kind in self._kinds])
        return np.concatenate([self._own == name, shared, np.zeros(self._actions, dtype=np.bool_)])

    def _prior(self, spreads: Mapping[str, float], scales: Floats) -> Floats:
        """Variances of the parts."""
        own = np.array([spreads[name] ** 2 for name in self._own]) * scales
        shared = np.array([spreads[f"{kind}{ANY}"] ** 2 + SHARED_SD**2 * (kind == ALWAYS) for kind in self._kinds])
        return np.concatenate([own, shared, np.full(self._actions, UNRECORDED_SD**2)])


def _widened(information: Floats, score: Floats, noise: Floats) -> tuple[Floats, Floats]:
    """Information and score as of independent rows that tell as much: the score's errors are noise^½ larger each."""
    ridge = 1e-6 * float(np.trace(information)) / max(len(score), 1)
    root = cholesky(information + max(ridge, 1e-9) * np.eye(len(score)), lower=True)
    less = noise**-0.5
    half = solve_triangular(root, less[:, None] * information, lower=True)
    return half.T @ half, half.T @ solve_triangular(root, less * score, lower=True)
