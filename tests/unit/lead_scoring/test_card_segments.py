"""Where a model is weak: what the card says of segments."""

from __future__ import annotations

import numpy as np

from learning.columns import Table, Texts
from learning.curves import Judged
from services.lead_scoring.card_segments import segments


def test_a_weak_segment_is_told_and_chance_is_not() -> None:
    generator = np.random.default_rng(0)
    codes = generator.integers(0, 12, 6000)
    p = generator.uniform(0.2, 0.6, 6000)
    won = (generator.random(6000) < np.where(codes == 3, p + 0.25, p)).astype(np.float64)
    table = Table(6000, {"branch": Texts([f"b{code}" for code in range(12)], codes), "n": p})
    rows = Judged(won, p, np.ones(6000), np.arange(6000))
    found = segments(table, ["n", "branch"], rows, np.full(6000, won.mean()))
    assert len(found) == 12
    assert [one["value"] for one in found if "calibration" in one["weak"]] == ["b3"]


def test_values_with_few_outcomes_are_no_segments() -> None:
    rows = Judged(np.ones(60), np.full(60, 0.5), np.ones(60), np.arange(60))
    table = Table(60, {"branch": Texts(["a", "b"], np.array([0] * 49 + [1] * 11))})
    assert segments(table, ["branch"], rows, np.full(60, 0.5)) == []
