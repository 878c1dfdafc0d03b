"""What is booked or over is no chance any more."""

from __future__ import annotations

import pytest

from services.gateway.web.totals import quota_chance
from services.gateway.web.words import Words


@pytest.mark.parametrize(
    ("booked", "p10", "p90", "probability", "said"),
    [
        ("120", "120", "150", 1.0, "100%"), ("80", "80", "80", 0.0, "0%"), ("80", "90", "99", 0.0, "<1%"),
        ("80", "101", "150", 1.0, ">99%"), ("80", "90", "150", 0.4, "40%"), ("80", None, None, None, "–"),
    ],
)  # fmt: skip
def test_a_quota_made_or_missed_is_said_so(
    booked: str, p10: str | None, p90: str | None, probability: float | None, said: str
) -> None:
    row = {"booked": booked, "quota": "100", "p10": p10, "p90": p90, "quota_probability": probability}
    assert quota_chance(row, Words("en")) == said
