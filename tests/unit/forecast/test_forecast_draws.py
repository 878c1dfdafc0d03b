"""Draws: a function of their parameters alone, with the promised margins."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.forecast.domain import SCENARIOS, Loadings, Parameters, period_masses, periods_from
from services.forecast.draws import SHARED_FROM, Draw, Drawer, amount_levels, draw_deals
from services.forecast.hashing import key, permutations, shock

Build = Callable[..., Parameters]


def dense(draw: Draw) -> np.ndarray:
    cells = np.zeros(4 * SCENARIOS, dtype=np.int64)
    cells[draw.cells] = draw.amounts
    return cells.reshape(4, SCENARIOS)


def test_permutations_hold_every_scenario_once() -> None:
    found = permutations(np.array([1, 2**63], dtype=np.uint64))
    assert (np.sort(found, axis=1) == np.arange(SCENARIOS)).all()
    assert not (found[0] == found[1]).all()


def test_shared_shocks_are_standard_normal_and_unrelated() -> None:
    one, other = shock(7, "company"), shock(7, "quarter:2017-Q4")
    assert abs(one.mean()) < 1e-6
    assert one.std() == pytest.approx(1.0, abs=0.005)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.08


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(min_size=1, max_size=8), st.floats(0, 1), st.floats(5, 15), st.floats(0, 2)),
        min_size=1, max_size=40, unique_by=lambda deal: deal[0],
    ),
    st.integers(0, 2**63),
)  # fmt: skip
def test_a_draw_depends_on_its_own_parameters_alone(deals: list[tuple[str, float, float, float]], seed: int) -> None:
    weights = np.full(53, 1 / 60)
    built = [
        Parameters(name, seed, date(2017, 10, 1), "USD", p, weights, mean, sd, Loadings(), "region:x")
        for name, p, mean, sd in deals
    ]
    together = draw_deals(built)
    backwards = draw_deals(built[::-1])[::-1]
    for one, other, alone in zip(together, backwards, (draw_deals([each])[0] for each in built), strict=True):
        assert (dense(one) == dense(other)).all()
        assert (dense(one) == dense(alone)).all()


SCRIPT = """
import hashlib, numpy as np
from datetime import date
from services.forecast.domain import Loadings, Parameters
from services.forecast.draws import draw_deals
weights = np.full(53, 1 / 60)
deals = [Parameters(f"딜 {i}", 7, date(2017, 10, 1), "KRW", i / 40, weights, 12.3, 0.4, Loadings(), "region:서울")
         for i in range(40)]
digest = hashlib.sha256()
for draw in draw_deals(deals):
    digest.update(draw.cells.tobytes() + draw.amounts.tobytes())
print(digest.hexdigest())
"""


def test_another_process_draws_the_same() -> None:
    other = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True).stdout.strip()
    weights = np.full(53, 1 / 60)
    deals = [
        Parameters(f"딜 {i}", 7, date(2017, 10, 1), "KRW", i / 40, weights, 12.3, 0.4, Loadings(), "region:서울")
        for i in range(40)
    ]
    digest = hashlib.sha256()
    for draw in draw_deals(deals):
        digest.update(draw.cells.tobytes() + draw.amounts.tobytes())
    assert digest.hexdigest() == other


@pytest.mark.parametrize("probability", [0.02, 0.3, 0.5, 0.95])
def test_margins_hold(parameters: Build, probability: float) -> None:
    deals = [parameters(f"d{i}", win_probability=probability) for i in range(400)]
    draws = draw_deals(deals)
    start = date(2017, 10, 1)
    masses = period_masses(deals[0].week_weights, start, periods_from(start))
    won = np.array([[(draw.cells // SCENARIOS == period).sum() for period in range(4)] for draw in draws]) / SCENARIOS
    # 400 deals share their shocks, so the mean over scenarios is as good as the stratified shocks are.
    assert won.mean(axis=0) == pytest.approx(probability * masses, rel=0.05)
    assert won.sum(axis=1).mean() == pytest.approx(probability * masses.sum(), rel=0.02)
    # A single deal's own share is within a few standard errors of plain sampling.
    assert np.abs(won.sum(axis=1) - probability * masses.sum()).max() < 0.05


def test_sure_and_hopeless_deals(parameters: Build) -> None:
    now = np.zeros(53)
    now[0] = 1.0
    sure, never = draw_deals(
        [parameters(win_probability=1.0, week_weights=now), parameters(win_probability=0.0, week_weights=now)]
    )
    assert len(sure.cells) == SCENARIOS
    assert (sure.cells < SCENARIOS).all()
    assert never.totals() == (0, 0, 0, 0)


def test_beyond_the_horizon_nothing_is_won(parameters: Build) -> None:
    [late] = draw_deals([parameters(win_probability=1.0, week_weights=np.zeros(53))])
    assert late.totals() == (0, 0, 0, 0)


def test_shared_shocks_widen_totals_and_independence_does_not(parameters: Build) -> None:
    def spread(loadings: Loadings) -> float:
        draws = draw_deals([parameters(f"d{i}", loadings=loadings, win_probability=0.5) for i in range(200)])
        total = sum((dense(draw).sum(axis=0) for draw in draws), np.zeros(SCENARIOS))
        return float(total.std() / total.mean())

    alone, shared = spread(Loadings(0.0, 0.0, 0.0)), spread(Loadings(0.2, 0.2, 0.2))
    # Won within the horizon with q = 0.435 each: sqrt((E[amount²] / (q E[amount]²) - 1) / n).
    assert alone == pytest.approx(0.087, rel=0.1)
    assert shared > 2.5 * alone


def test_amounts_keep_the_mean_of_the_lognormal() -> None:
    levels = amount_levels(np.array([10.0, 14.0]), np.array([0.0, 1.0]))
    assert levels[0].min() == levels[0].max() == round(np.exp(10.0))
    assert levels[1].mean() == pytest.approx(np.exp(14.5), rel=1e-6)


def test_the_drawer_remembers_and_forgets(parameters: Build) -> None:
    drawer = Drawer(most_bytes=30_000)
    deals = [parameters(f"d{i}") for i in range(5)]
    first = drawer.draw(deals)
    assert 10_000 < drawer.bytes <= 30_000 < sum(draw.bytes for draw in first)
    assert drawer.draw(deals[-1:])[0] is first[-1]
    again = drawer.draw(deals[:1])[0]
    assert again is not first[0]
    assert (dense(again) == dense(first[0])).all()


def test_small_probabilities_are_not_lost(parameters: Build) -> None:
    none = Loadings(0.0, 0.0, 0.0)
    draws = draw_deals([parameters(f"d{i}", win_probability=1e-4, loadings=none) for i in range(3_000)])
    assert sum(len(draw.cells) for draw in draws) / SCENARIOS == pytest.approx(0.3 * 52.14 / 60, rel=0.2)


def test_threads_share_many_deals_and_change_nothing(parameters: Build) -> None:
    deals = [parameters(f"d{n}", win_probability=(n % 97) / 96) for n in range(SHARED_FROM + 8)]
    together = draw_deals(deals)
    for index in range(0, len(deals), 20):
        (one,) = draw_deals(deals[index : index + 1])
        assert (dense(one) == dense(together[index])).all()


def test_scenarios_of_different_deals_are_dealt_out_unrelated() -> None:
    dealt = permutations(np.array([key(7, "deal", f"d{index}") for index in range(400)], dtype=np.uint64))
    standard = (np.argsort(dealt, axis=1) - (SCENARIOS - 1) / 2) / np.sqrt((SCENARIOS**2 - 1) / 12)
    related = (standard @ standard.T / np.sqrt(SCENARIOS))[np.triu_indices(len(dealt), 1)]
    assert abs(related.mean()) < 0.02
    assert related.std() == pytest.approx(1.0, abs=0.02)
    assert np.abs(related).max() < 6.0
