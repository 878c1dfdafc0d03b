"""Too few records to choose by: shallow trees take half of the score."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from learning.blend import Blend
from learning.calibration import logit, sigmoid
from learning.columns import Floats, Table, Texts
from learning.guard_histories import Verdict
from services.lead_scoring.dataset import Dataset
from services.lead_scoring.forward import FEWEST_EACH, TREES_FROM, has_few, tree_rounds
from services.lead_scoring.model import load
from services.lead_scoring.training import train


def data(rows: int, won: int | None = None) -> Dataset:
    """Records whose number and choice tell the outcome, or so many won ones."""
    generator = np.random.default_rng(3)
    number, source = generator.normal(size=rows), generator.integers(0, 3, rows)
    truth = sigmoid(1.2 * number + np.array([-1.0, 0.0, 1.0])[source])
    outcome: Floats = (generator.random(rows) < truth).astype(np.float64)
    if won is not None:
        outcome = (np.arange(rows) < won).astype(np.float64)
    days = np.arange(1, rows + 1)
    return Dataset(
        Table(rows, {"n": number, "source": Texts(list("abc"), source)}), tuple(map(str, range(rows))),
        np.arange(rows), days, days.copy(), outcome, np.ones(rows), Verdict(), ordered=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "won", "few", "trees"),
    [
        (TREES_FROM - 1, 60, True, True), (TREES_FROM, 60, False, True), (TREES_FROM, 20, False, False),
        (100, FEWEST_EACH, True, True), (100, FEWEST_EACH - 1, False, False), (100, 101 - FEWEST_EACH, False, False),
    ],
)  # fmt: skip
def test_trees_are_shallow_below_the_records_they_compete_from(rows: int, won: int, few: bool, trees: bool) -> None:
    made = data(rows, won)
    assert has_few(made) is few
    assert (tree_rounds(made) > 0) is trees


@pytest.mark.parametrize("ordered", [False, True])
def test_both_halves_score_and_their_reasons_add_up(tmp_path: Path, ordered: bool) -> None:
    made = replace(data(120), ordered=ordered)
    model = train(made, 0, lambda *_: None).model
    assert model.kind == "blend"
    stack = model.evaluation["stack"]
    assert stack["linear"] == stack["trees"] > 0.25
    assert isinstance(model.main.scorer, Blend)
    assert model.main.scorer.tree_weights == pytest.approx(stack["trees"], abs=1e-6)
    shown = model.score(made.table).probability
    told = model.explain(made.table)
    for score, probability in zip(told, shown.tolist(), strict=True):
        assert score.base_log_odds + sum(one.effect for one in score.reasons) == pytest.approx(logit(probability))
    model.save(tmp_path)
    assert np.array_equal(load(tmp_path).score(made.table).probability, shown)
