"""The rate of a kind of which mostly one answer is known yet, from how long its records were open without any."""

from __future__ import annotations

import numpy as np

from learning.censoring import LARGEST
from learning.columns import Floats
from learning.records import DealKind
from learning.snapshots import STEP
from services.lead_scoring.dataset import Dataset
from services.lead_scoring.forward import last_day

FEW = 10.0  # records at risk, below which a week's own hazard is not used
LAST = 4  # weeks whose hazards together go on where history ends
WEEK = STEP.days


def one_sided(data: Dataset) -> bool:
    """Whether the known answers say little of those to come: only wins are known, or of the leads next to none is as
    old as the horizon, so that noes by patience are missing and no weight makes up for it."""
    won, lost = data.outcomes
    if not data.ordered or data.kinds is None or not len(data.taken):
        return False
    horizon = _horizon(data)
    if horizon is None:
        return won > 0 and lost == 0
    old = data.taken <= last_day(data) - horizon
    return float(data.weight[old].sum()) * LARGEST < float(data.weight.sum())


def counts(data: Dataset) -> tuple[float, float]:
    """Records won and not, as many of each as the curve of wins is worth.

    The chance to be won from the first day on is Aalen and Johansen's (Kaplan and Meier's where nothing is lost), by
    weeks and up to the horizon; beyond what is seen, the last weeks' hazards go on. Without a horizon it ends with what
    is seen: what stays open for longer is not taken for won. The number of records is that of which a plain rate
    would be known as well (Greenwood's variance).
    """
    weeks, won, lost = _lives(data)
    last = int(weeks.max())
    wins, losses, gone = (np.bincount(weeks[of], minlength=last + 1).astype(float) for of in
                          (won, lost, ~won & ~lost))  # fmt: skip
    exposed = np.cumsum((wins + losses + gone)[::-1])[::-1] - gone / 2
    seen = max(int((exposed >= min(FEW, len(weeks) / 2)).sum()), 1)
    horizon = _horizon(data)
    needed = seen if horizon is None else horizon / WEEK
    tail = slice(max(seen - LAST, 0), seen)
    beyond = exposed[tail].sum()
    alive, chance, variance = 1.0, 0.0, 0.0
    for week in range(int(np.ceil(needed))):
        inside = week < seen
        share = min(needed - week, 1.0)
        win, lose, among = (wins[week], losses[week], exposed[week]) if inside else (
            wins[tail].sum(), losses[tail].sum(), beyond)  # fmt: skip
        hazard, other = share * win / among, share * lose / among
        chance += alive * hazard
        alive *= max(1.0 - hazard - other, 0.0)
        if inside:
            variance += share * win / among**2
    variance += (max(needed - seen, 0.0) ** 2) * (wins[tail].sum() + 0.5) / beyond**2
    worth = chance / (max(1.0 - chance, 1e-9) * variance) if chance > 0 and variance > 0 else float(exposed[0])
    worth = min(worth, float(len(weeks)))
    return worth * chance, worth * (1.0 - chance)


def _horizon(data: Dataset) -> int | None:
    """Within which the rows' answers are to come; None for opportunities."""
    if data.kinds is None or np.any(data.kinds.codes != list(DealKind).index(DealKind.LEAD)):
        return None
    return data.horizon_days


def _lives(data: Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By record, the whole weeks from its first snapshot to its end or, open, to the last day known; won; lost."""
    count, end, horizon = len(data.deal_ids), last_day(data), _horizon(data)
    first, final = np.full(count, end, np.int64), np.zeros(count, np.int64)
    np.minimum.at(first, data.record, data.taken)
    np.maximum.at(final, data.record, data.taken)
    ended, when = np.zeros(count, np.bool_), np.full(count, end, np.int64)
    won = np.bincount(data.record, data.won * data.labelled, minlength=count) > 0
    for yes in (False, True):
        rows = np.flatnonzero(data.labelled & ((data.won > 0) == yes) & (data.taken == final[data.record]))
        # a no on the horizon's last day is of one that is open still
        if not yes and horizon is not None:
            rows = rows[data.closed[rows] < data.taken[rows] + horizon]
        ended[data.record[rows]], when[data.record[rows]] = True, data.closed[rows]
    weeks: Floats = np.maximum(when - first, 0) // WEEK
    return weeks.astype(np.int64), won & ended, ended & ~won
