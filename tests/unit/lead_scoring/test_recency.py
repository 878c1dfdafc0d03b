"""Whether older records count less: only where the world has plainly moved."""

from __future__ import annotations

import numpy as np
import pytest

from learning.calibration import sigmoid
from learning.columns import Floats, Table
from learning.folds import forward_folds
from learning.guard_histories import Verdict
from learning.parallel import workers
from services.lead_scoring.dataset import Dataset
from services.lead_scoring.forward import fold_weights
from services.lead_scoring.recency import age_weights, choose_half_life

ROWS = 1500


def data(late: float) -> Dataset:
    """Records one a day whose number's effect moves evenly from 1.5 to `late`."""
    generator = np.random.default_rng(0)
    number = generator.normal(size=ROWS)
    effect = np.linspace(1.5, late, ROWS)
    won = (generator.random(ROWS) < sigmoid(effect * number)).astype(np.float64)
    days = np.arange(1, ROWS + 1)
    columns: dict[str, Floats] = {"n": number}
    return Dataset(
        Table(ROWS, dict(columns)), tuple(map(str, range(ROWS))), np.arange(ROWS), days, days + 1, won,
        np.ones(ROWS), Verdict(),
    )  # fmt: skip


def chosen(made: Dataset) -> float | None:
    folds = forward_folds(made.taken, made.closed, made.record.tolist())
    with workers(made, 1) as run:
        return choose_half_life(made, folds, 0, run, fold_weights)


def test_weights_halve_with_age_and_never_grow() -> None:
    days = np.array([100, 90, 80, 110])
    assert age_weights(days, 100, 10.0).tolist() == [1.0, 0.5, 0.25, 1.0]
    assert age_weights(days, 100, None).tolist() == [1.0] * 4


def test_a_world_that_turns_round_makes_old_records_count_less() -> None:
    life = chosen(data(-1.5))
    assert life is not None
    assert life < ROWS / 4


def test_a_steady_world_keeps_all_records() -> None:
    assert chosen(data(1.5)) is None


@pytest.mark.parametrize("rows", [0, 50])
def test_few_records_are_not_asked(rows: int) -> None:
    made = data(-1.5)
    few = Dataset(
        made.table.take(np.arange(rows)), made.deal_ids[:rows], made.record[:rows], made.taken[:rows],
        made.closed[:rows], made.won[:rows], made.weight[:rows], Verdict(),
    )  # fmt: skip
    assert chosen(few) is None
