"""Contributions rounded all at once are those rounded one by one, to the last bit."""

from __future__ import annotations

import numpy as np

from services.lead_scoring.domain import DIGITS, rounded


def test_as_one_by_one() -> None:
    generator = np.random.default_rng(0)
    halves = (generator.integers(-10_000_000, 10_000_000, 20_000) + 0.5) / 10**DIGITS
    beside = np.nextafter(halves, np.where(halves > 0, np.inf, -np.inf))
    large = generator.normal(size=2_000) * 10.0 ** generator.integers(-9, 17, 2_000)
    every = np.concatenate([halves, beside, large, [0.0, 1e-9, -1e-9]])
    assert rounded(every).tolist() == [round(one, DIGITS) for one in every.tolist()]
    # Where one product and one quotient do not give it, which is what the rest is for.
    assert (np.rint(every * 10.0**DIGITS) / 10.0**DIGITS != rounded(every)).any()


def test_rows_keep_their_shape() -> None:
    assert rounded(np.array([[0.1234567, 0.0], [1e-7, -2.0000004]])).tolist() == [[0.123457, 0.0], [0.0, -2.0]]
