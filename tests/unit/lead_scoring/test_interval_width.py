"""Intervals are as wide as the errors that learning makes, and keep their width."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kit.errors import Poisoned
from learning.calibration import sigmoid
from learning.columns import Floats, Table
from learning.guard_histories import Verdict
from services.lead_scoring.dataset import Dataset
from services.lead_scoring.model import MODEL_FILE, ScoreModel, load
from services.lead_scoring.part_model import constant_part
from services.lead_scoring.training import train
from services.lead_scoring.width import recovered

ROWS = 500


def records(seed: int) -> tuple[Dataset, Floats]:
    """Records of two numbers, and each one's true log-odds."""
    generator = np.random.default_rng(seed)
    numbers = generator.normal(size=(ROWS, 2))
    truth = numbers[:, 0] + numbers[:, 1]
    won = (generator.random(ROWS) < sigmoid(truth)).astype(np.float64)
    days = np.arange(1, ROWS + 1)
    columns: dict[str, Floats] = {"a": numbers[:, 0], "b": numbers[:, 1]}
    return Dataset(
        Table(ROWS, dict(columns)), tuple(map(str, days)), days - 1, days, days.copy(), won, np.ones(ROWS), Verdict(),
        ordered=False,
    ), truth  # fmt: skip


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    data, _ = records(0)
    fresh, truth = records(1)
    model = train(data, 0, lambda *_: None).model
    scores = model.score(fresh.table)
    p = sigmoid(truth)
    assert float(np.mean((scores.low <= p) & (p <= scores.high))) >= 0.8
    assert model.widening >= 1.0
    assert model.evaluation["widening"] == model.widening


def test_how_much_was_recovered_is_a_weighted_correlation() -> None:
    truth, found = np.array([0.0, 1.0, 2.0, 9.0]), np.array([1.0, 1.5, 2.0, -50.0])
    assert recovered(truth, found, np.array([1.0, 1.0, 1.0, 0.0])) == pytest.approx((2 / 3, 1.0))
    assert recovered(truth, np.array([1.0, -2.0, 1.0, 0.0]), np.array([1.0, 1.0, 1.0, 0.0]))[1] == pytest.approx(0.0)


def wide() -> ScoreModel:
    return ScoreModel.of(replace(constant_part("base_rate", [0.2, 0.1, 0.3]), widening=1.75))


def test_a_model_keeps_its_width_on_disk_and_in_explanations(tmp_path: Path) -> None:
    table = Table(2, {})
    wide().save(tmp_path)
    loaded = load(tmp_path)
    narrow = replace(loaded.main, widening=1.0)
    assert loaded.score(table).deviation == pytest.approx(1.75 * narrow.score(table).deviation)
    assert [one.low for one in loaded.explain(table)] == pytest.approx(loaded.score(table).low.tolist())


def test_a_width_below_one_is_refused(tmp_path: Path) -> None:
    wide().save(tmp_path)
    file = tmp_path / MODEL_FILE
    file.write_text(file.read_text(encoding="utf-8").replace("1.75", "0.5"), encoding="utf-8")
    with pytest.raises(Poisoned):
        load(tmp_path)
