"""Whether a model predicts at all: its loss beside that of the rate, out of fold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from learning.blend import Stack
from learning.columns import Codes, Floats
from services.lead_scoring.dataset import Dataset

# Standard errors by which a model must beat the rate: one-sided, 5 % of false alarms. Of fewer tested records than FEW,
# which prove little either way, less is asked.
LEVEL, LEVEL_OF_FEW, FEW = 1.645, 0.5, 200
FEW_OF_A_KIND = 20  # won, or lost
NO_WEIGHT = 1e-6  # of a stack


def too_few_to_tell(won: Floats) -> bool:
    """Whether outcomes (1 and 0, one a record) are so few that a model which does not beat the rate proves nothing."""
    return len(won) < FEW or min(won.sum(), len(won) - won.sum()) < FEW_OF_A_KIND


def predicts(data: Dataset, stack: Stack, scores: Floats, rates: Sequence[Floats], weights: Floats) -> bool:
    """Whether the stack gives any model weight, and its loss is below that of every rate (plain, or aged as the
    model's rows are) by more than chance would have it: paired tests."""
    rows = weights > 0
    if not rows.any() or stack.linear + stack.trees < NO_WEIGHT:
        return False
    won, records, kept = data.won[rows], data.record[rows], weights[rows]
    level = LEVEL if len(np.unique(records)) >= FEW else LEVEL_OF_FEW
    ours = losses(won, scores[rows])
    tests = (paired(records, kept * (losses(won, rate[rows]) - ours)) for rate in rates)
    return all(total > level * error for total, error in tests)


def paired(records: Codes, gain: Floats) -> tuple[float, float]:
    """The sum of gains, and its standard error over records."""
    _, place = np.unique(records, return_inverse=True)
    by_record = np.bincount(place, gain)
    count = len(by_record)
    variance = count * np.square(by_record).sum() - by_record.sum() ** 2
    return float(by_record.sum()), float(np.sqrt(max(variance, 0.0) / max(count - 1, 1)))


def losses(won: Floats, log_odds: Floats) -> Floats:
    """Each row's log loss, in nats."""
    return np.asarray(np.logaddexp(0.0, log_odds) - won * log_odds)
