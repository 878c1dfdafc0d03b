"""The report on a policy: its value on rows it was not learned from, beside what was done and every single action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.off_policy.estimators import (
    Log,
    Overlap,
    Valued,
    difference,
    doubly_robust,
    interval,
    overlap,
    snips,
    spreads,
)
from learning.off_policy.intervals import Estimate, Floats

NEW, AS_LOGGED = "new policy", "as logged"


@dataclass(frozen=True, slots=True)
class Line:
    """One policy: its value by both estimators, and how much of the log speaks about it."""

    name: str
    snips: Estimate
    dr: Estimate
    overlap: Overlap


@dataclass(frozen=True, slots=True)
class Comparison:
    """The new policy minus another, on the same rows."""

    other: str
    snips: Estimate
    dr: Estimate
    same: bool  # both take the same action in every row
    why: str  # why the log cannot tell, empty where it can


@dataclass(frozen=True, slots=True)
class Report:
    """The new policy, the logged one, then each single action in order of the names."""

    lines: tuple[Line, ...]
    against_best: Comparison
    against_logged: Comparison


def evaluate(
    log: Log, chances: Floats, predicted: Floats, best: int, names: Sequence[str], level: float = 0.95,
    rare: NDArray[np.bool_] | None = None,
) -> Report:  # fmt: skip
    """`chances`: (rows, actions) of the new policy; `predicted`: rewards by a model that did not see these rows.

    `rare`: (rows, actions) which were hardly ever taken in such rows, where propensities were estimated.
    """
    rows, count = len(log.rewards), len(names)
    own = predicted[np.arange(rows), log.actions]
    spread = spreads(log, log.rewards - own)

    def valued(taken: Floats, direct: Floats) -> tuple[Valued, Valued]:
        return snips(log, taken, spread), doubly_robust(log, taken, direct, own, spread)

    ones = np.arange(rows), log.actions
    taken = [chances[ones], log.propensities]  # the logged policy's chances are its propensities: every weight is one
    taken += [(log.actions == action).astype(np.float64) for action in range(count)]
    logged = snips(log, log.propensities, spread)
    found = [valued(taken[0], (chances * predicted).sum(axis=1)), (logged, logged)]
    found += [valued(taken[2 + action], predicted[:, action]) for action in range(count)]
    lacking = [0.0] * len(found) if rare is None else [float((chances * rare).sum(axis=1).mean()), 0.0]
    lacking += [] if rare is None else rare.mean(axis=0).tolist()
    lines = tuple(
        Line(name, interval(log, by[0], level), interval(log, by[1], level), overlap(log, chance, lack))
        for name, by, chance, lack in zip((NEW, AS_LOGGED, *names), found, taken, lacking, strict=True)
    )

    def against(place: int, *, same: bool) -> Comparison:
        by = [difference(log, mine, theirs, spread, level) for mine, theirs in zip(found[0], found[place], strict=True)]
        why = next((lines[each].overlap.why for each in (0, place) if lines[each].overlap.why), "")
        return Comparison(lines[place].name, by[0], by[1], same, why)

    as_done = bool(np.allclose(taken[0], taken[1], rtol=0.01))
    same = bool(np.all(chances[:, best] == 1.0))
    return Report(lines, against(2 + best, same=same), against(1, same=as_done))
