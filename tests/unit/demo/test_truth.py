"""The truth written beside the folder agrees with what happened in it."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from demo.hazards import ACTIONS, build_market
from demo.seasons import build_calendar
from demo.value import GRID, solve
from services.next_best_action import catalogue

TODAY = date(2026, 11, 21)


def mean(series: pl.Series) -> float:
    return float(series.cast(pl.Float64).to_numpy().mean())


@pytest.fixture(scope="session")
def truth(company_folder: Path) -> pl.DataFrame:
    """Every real deal with its truth and its outcome."""
    deals = pl.read_parquet(company_folder / "deals.parquet")
    told = pl.read_parquet(company_folder / "truth" / "deals.parquet")
    return told.join(deals, left_on="deal_id", right_on="id").filter(pl.col("flaw") != "junk")


def finished(frame: pl.DataFrame) -> pl.DataFrame:
    """Deals old enough to have ended by now, whatever their outcome."""
    return frame.filter(pl.col("created_time").dt.date() < pl.lit(TODAY) - pl.duration(days=420))


def test_true_chances_are_calibrated(truth: pl.DataFrame) -> None:
    rows = finished(truth.filter(pl.col("flaw") != "duplicate"))
    won = (rows["outcome"] == "WON").to_numpy()
    chance = rows["win_probability"].to_numpy()
    for low, high in ((0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 1)):
        group = (chance >= low) & (chance < high)
        error = abs(won[group].mean() - chance[group].mean())
        assert error < 3 * np.sqrt(0.25 / group.sum()), (low, high)


def test_win_rates_differ_by_skill_as_the_truth_says(company_folder: Path, truth: pl.DataFrame) -> None:
    reps = pl.read_parquet(company_folder / "truth" / "reps.parquet")
    rows = finished(truth).join(reps, on="owner_id").sort("skill")
    third = rows.height // 3
    weak, strong = rows.head(third), rows.tail(third)
    difference = mean(strong["outcome"] == "WON") - mean(weak["outcome"] == "WON")
    expected = mean(strong["win_probability"]) - mean(weak["win_probability"])
    assert difference > 0.04
    assert difference == pytest.approx(expected, abs=0.1)


def test_an_oracle_would_win_six_to_eight_points_more(company_folder: Path) -> None:
    parameters = json.loads((company_folder / "truth" / "parameters.json").read_text())
    assert 0.06 <= parameters["oracle_win_probability"] - parameters["win_probability"] <= 0.08


def test_weekly_truth_covers_every_open_week(company_folder: Path) -> None:
    weeks = pl.read_parquet(company_folder / "truth" / "weeks.parquet")
    assert weeks.select(pl.struct("deal_id", "day").is_duplicated().any()).item() is False
    for name in ("win_probability", "oracle_win_probability", "convert_probability", "propensity"):
        assert weeks[name].is_between(0, 1).all(), name
    assert (weeks["oracle_win_probability"] >= weeks["win_probability"] - 1e-6).all()
    ends = weeks.filter(pl.col("event") == "win")
    assert mean(ends["win_probability"]) > mean(weeks["win_probability"])


def test_the_right_action_depends_on_the_situation(company_folder: Path) -> None:
    effects = pl.read_parquet(company_folder / "truth" / "action_effects.parquet")
    best = {
        situation[0]: group.group_by("action").agg(pl.col("effect").mean()).sort("effect")["action"][-1]
        for situation, group in effects.group_by("situation")
    }
    assert best["price"] == "answer_objection"
    assert best["competitor"] == "demo"
    assert best["approval"] == "support_internal_approval"
    assert len(set(best.values())) >= 5
    pushy = effects.filter((pl.col("situation") == "timing") & (pl.col("action") == "visit"))
    assert (pushy["effect"] < 0).all()


def test_every_action_of_the_truth_is_in_the_catalogue(company_folder: Path) -> None:
    known = {action.name for action in catalogue.load().actions}
    effects = pl.read_parquet(company_folder / "truth" / "action_effects.parquet")
    weeks = pl.read_parquet(company_folder / "truth" / "weeks.parquet")
    told = {name.removeprefix("effect_") for name in weeks.columns if name.startswith("effect_")}
    taken = set(effects["action"].to_list()) | set(weeks["action"].to_list()) | told
    assert taken - known <= {"wait"}
    assert set(ACTIONS) - known == {"wait"}  # doing nothing is no action of the catalogue


def test_closing_rises_at_quarter_ends(truth: pl.DataFrame) -> None:
    won = truth.filter(pl.col("outcome") == "WON").with_columns(month=pl.col("closed_date").dt.month())
    assert mean(won["month"] % 3 == 0) > 0.4


def test_the_market_shock_lowers_exposed_deals_only_while_it_lasts() -> None:
    calendar = build_calendar(TODAY)
    struck = calendar.shock[1] < 0
    assert struck.sum() == 18
    assert (calendar.shock[0] >= calendar.shock[1]).all()
    assert not struck[calendar.weeks - 5 :].any()


def test_chances_of_winning_grow_with_health_and_skill() -> None:
    values = solve(build_market(), build_calendar(TODAY))
    assert (np.diff(values.win[10, :, 0, 2, 0], axis=-1) >= -1e-9).all()
    middle = GRID.size // 2
    low, mid, high = values.win[10, :, 0, 2, 0, middle]
    assert low < mid < high < values.oracle[10, 0, 0, 2, 0, middle]
    assert (values.win <= values.oracle + 1e-9).all()


def test_a_hunch_follows_the_health_that_no_record_shows() -> None:
    market = build_market(hunch=0.8)
    policy = np.broadcast_to(market.policy[0, 3, 0], (2, len(ACTIONS)))
    low, high = market.chances(policy, np.array([-1.0, 1.0]))
    assert high[ACTIONS.index("visit")] > 2 * low[ACTIONS.index("visit")]
    assert high[ACTIONS.index("wait")] < low[ACTIONS.index("wait")]
    np.testing.assert_allclose([low.sum(), high.sum()], 1)
    np.testing.assert_array_equal(build_market().chances(policy, np.array([-1.0, 1.0])), policy)


def test_what_comes_in_the_way_is_told_in_time(company_folder: Path) -> None:
    weeks = pl.read_parquet(company_folder / "truth" / "weeks.parquet").sort("deal_id", "day")
    before = pl.col("situation").cast(pl.String).shift(1).over("deal_id")
    arisen = weeks.filter((pl.col("situation").cast(pl.String) != "none") & (before == "none"))
    notes = pl.read_parquet(company_folder / "activities.parquet").select("deal_id", "time", "text")
    told = notes.with_columns(day=pl.col("time").dt.date().dt.truncate("1w") + pl.duration(days=7))
    told = told.filter(pl.col("text") != "").select("deal_id", "day").unique()
    share = arisen.with_columns(pl.col("deal_id").cast(pl.String)).join(told, on=["deal_id", "day"]).height
    assert share / arisen.height > 0.85


def test_every_action_has_a_chance_everywhere() -> None:
    policy = build_market().policy
    assert policy.shape[-1] == len(ACTIONS)
    assert policy.min() > 0.002
    np.testing.assert_allclose(policy.sum(axis=-1), 1)
