"""The true chances are let serve in place of a single rate, and wrong ones are not: the comparison and the rule."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from learning.calibration import sigmoid
from learning.columns import Floats
from services.gateway.promotion import decide
from services.gateway.promotion_rule import PromotionRule
from services.lead_scoring.champion import CHALLENGER, CHAMPION, Told, _judged
from services.lead_scoring.dataset import Dataset
from tests.unit.gateway_app.test_promotion_rule import TODAY, champion

RECORDS = 400


def said(seed: int, stretched: float, moved: float) -> str:
    """Of log-odds stretched and moved beside the true ones, against the rate."""
    generator = np.random.default_rng(seed)
    truth: Floats = generator.normal(-0.4, 1.0, RECORDS)
    won = (generator.random(RECORDS) < sigmoid(truth)).astype(np.float64)
    rows = SimpleNamespace(record=np.arange(RECORDS), won=won, closed=np.full(RECORDS, 736_000))
    by = {CHALLENGER: sigmoid(truth * stretched + moved), CHAMPION: np.full(RECORDS, sigmoid(truth).mean())}
    told = Told(np.ones(RECORDS, np.bool_), by, np.ones(RECORDS))
    found: dict[str, Any] = {"version": "1", "basis": "unseen", "seen": 0.0} | _judged(cast(Dataset, rows), told, seed)
    new = {"version": "2", "digest": "b", "evaluation": {"model": "blend", "champion": found}}
    return decide("lead_scoring", new, champion(), PromotionRule(), TODAY).code


@pytest.mark.parametrize("seed", range(6))
def test_the_truth_serves_in_place_of_a_rate(seed: int) -> None:
    """A rate falls into one bin, so that its calibration error is next to none and any score's is larger by chance."""
    assert said(seed, 1.0, 0.0) == "not_worse"


def test_scores_that_are_far_off_wait() -> None:
    assert said(0, 1.0, 1.5) == "worse"
    assert said(0, 4.0, 0.0) == "worse"
    assert said(0, -1.0, 0.0) == "worse"
