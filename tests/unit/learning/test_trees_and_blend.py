"""Trees read off their leaves, and blends whose effects add up to their log-odds."""

from __future__ import annotations

from datetime import date
from functools import cache

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.blend import Blend
from learning.boosting import grow, training_tree_features, tree_features
from learning.columns import Floats, Table, Texts, table_from_rows
from learning.encoder import ChoiceColumn, Encoder, Outcomes
from learning.linear import LinearScorer, fit_logistic, mean_contributions
from learning.reasons import reasons
from learning.texts import TextColumn
from learning.tree_paths import read_leaves
from learning.trees import Trees, merged
from services.lead_scoring.model import ScoreModel
from services.lead_scoring.part_model import PartModel

ROWS, BAGS, ROUNDS = 2_000, 3, 15
DAY = date(2017, 9, 30)
LEVELS = [f"level {number}" for number in range(30)]
WORDS = ["please call back soon", "wants a demo now", "no budget this year", "asked for the price list"]


def training() -> tuple[Table, Outcomes]:
    """Numbers with gaps, a yes/no, a choice of many levels and a text; all of them bear on the outcome."""
    random = np.random.default_rng(0)
    level, yes = random.integers(0, 30, ROWS), random.integers(-1, 2, ROWS)
    age = np.where(random.random(ROWS) < 0.2, np.nan, random.integers(0, 100, ROWS))
    size, words = random.lognormal(3, 2, ROWS), random.integers(0, 4, ROWS)
    said = [f"{WORDS[word]} {number}" for number, word in enumerate(words.tolist())]
    truth = np.where(np.isnan(age), 0.5, (age - 50) / 30) * (1 + yes) + (level % 5 - 2) / 2 + (words == 2)
    won = (random.random(ROWS) < 1 / (1 + np.exp(-truth))).astype(np.float64)
    columns: dict[str, Floats | Texts] = {
        "age_days": age, "fields.size": size, "fields.level": Texts(LEVELS, level),
        "fields.yes": Texts(["no", "yes"], yes), "fields.said": Texts(said, np.arange(ROWS)),
    }  # fmt: skip
    return Table(ROWS, columns), Outcomes(won, np.ones(ROWS), np.arange(ROWS))


@cache
def blend() -> Blend:
    """What all tests look at, made for the first of them."""
    table, outcomes = training()
    encoder = Encoder.fit(table, outcomes.weight, outcomes)
    encoded = encoder.transform_training(table, outcomes)
    fits = [fit_logistic(encoded, outcomes.won, outcomes.weight, penalty) for penalty in (3.0, 5.0, 10.0)]
    weights = 0.6 * np.array([fit.weights for fit in fits]).T
    means = mean_contributions(encoder, encoded, weights[:, 0], outcomes.weight)
    linear = LinearScorer(encoder, weights, np.array([fit.intercept for fit in fits]), means)
    features = training_tree_features(encoder, table, encoded)
    texts = [grow(features[bag::BAGS], _part(outcomes, bag), bag, ROUNDS, features[:0]).text for bag in range(BAGS)]
    return Blend(linear, Trees(merged(texts, ROUNDS), BAGS, ROUNDS), np.array([0.5, 0.4, 0.6]))


def _part(outcomes: Outcomes, bag: int) -> Outcomes:
    return Outcomes(outcomes.won[bag::BAGS], outcomes.weight[bag::BAGS], outcomes.groups[bag::BAGS])


def features_of(table: Table) -> Floats:
    return tree_features(blend().encoder, table)[0]


def test_every_kind_of_column_takes_part() -> None:
    kinds = {column.name: type(column) for column in blend().encoder.columns}
    assert kinds["fields.said"] is TextColumn
    level = next(one for one in blend().encoder.columns if one.name == "fields.level")
    assert isinstance(level, ChoiceColumn)
    assert level.statistics
    effects = blend().explained(training()[0])[1]
    assert (np.abs(effects).max(axis=0) > 0.01).all()


def test_leaves_give_what_the_library_predicts() -> None:
    features = features_of(training()[0])
    booster = lightgbm.Booster(model_str=blend().trees.text)
    expected = [booster.predict(features, raw_score=True, start_iteration=bag * ROUNDS, num_iteration=ROUNDS)
                for bag in range(BAGS)]  # fmt: skip
    found = np.concatenate([blend().trees.by_bag(leaves) for _, leaves in blend().trees.parts(features)], axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_paths_start_at_the_mean_over_the_rows_and_end_at_the_leaf() -> None:
    leaves = blend().trees.leaves
    roots = np.repeat(leaves.roots, np.diff([*leaves.starts, len(leaves.values)]))
    np.testing.assert_allclose(roots + [sum(path.values()) for path in leaves.paths], leaves.values, atol=1e-12)
    # each bag's roots are the mean of what it says of its own rows
    table, outcomes = training()
    encoded = blend().encoder.transform_training(table, outcomes)
    features = training_tree_features(blend().encoder, table, encoded)
    for bag in range(BAGS):
        said = np.concatenate([blend().trees.by_bag(part)[bag] for _, part in blend().trees.parts(features[bag::BAGS])])
        assert leaves.roots[bag * ROUNDS : (bag + 1) * ROUNDS].sum() == pytest.approx(said.mean(), abs=1e-9)


def test_paths_tell_about_what_shap_values_tell() -> None:
    """Effects of trees alone, by feature, beside LightGBM's TreeSHAP."""
    features = features_of(training()[0])
    booster = lightgbm.Booster(model_str=blend().trees.text)
    shap = np.asarray(booster.predict(features, pred_contrib=True))[:, :-1] / BAGS
    paths = np.zeros_like(shap)
    for rows, leaves in blend().trees.parts(features):
        for row, places in zip(range(rows.start, rows.stop), leaves.tolist(), strict=True):
            for place in places:
                for feature, effect in blend().trees.leaves.paths[place].items():
                    paths[row, feature] += effect / BAGS
    assert np.corrcoef(shap.ravel(), paths.ravel())[0, 1] > 0.9


cells = st.fixed_dictionaries({
    "fields.level": st.one_of(st.none(), st.sampled_from([*LEVELS, "never seen"])),
    "fields.yes": st.one_of(st.none(), st.booleans()),
    "fields.said": st.one_of(st.none(), st.sampled_from(WORDS), st.text(max_size=20)),
    "age_days": st.one_of(st.none(), st.floats(-1e9, 1e9)),
    "fields.size": st.one_of(st.none(), st.floats(allow_nan=False)),
})  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(cells, min_size=1, max_size=5), st.integers(0, 6))
def test_base_and_effects_are_the_log_odds_of_the_score(rows: list[dict[str, float | str | None]], top: int) -> None:
    table = table_from_rows(rows, [DAY] * len(rows))
    scores, effects = blend().explained(table)
    np.testing.assert_allclose(blend().base + effects.sum(axis=1), scores.log_odds, atol=1e-9)
    np.testing.assert_array_equal(blend().score(table).log_odds, scores.log_odds)
    np.testing.assert_array_equal(blend().score(table).deviation, scores.deviation)
    for row, found in enumerate(reasons(blend().encoder, table, effects, {}, top)):
        assert blend().base + sum(one.effect for one in found) == pytest.approx(scores.log_odds[row], abs=1e-9)
    for said in ScoreModel.of(PartModel("blend", blend())).explain(table):
        for parts in ([one.effect for one in said.reasons], said.contributions.values()):
            log_odds = said.base_log_odds + sum(parts)
            assert 1 / (1 + np.exp(-log_odds)) == pytest.approx(said.probability, abs=1e-9)
        assert said.low <= said.probability <= said.high


def test_rows_are_scored_alike_alone_and_together() -> None:
    table, _ = training()
    scores, effects = blend().explained(table)
    for row in (0, 7, 300, ROWS - 1):
        one, its = blend().explained(table.take(np.array([row])))
        assert one.log_odds[0] == pytest.approx(scores.log_odds[row], abs=1e-9)
        assert one.deviation[0] == pytest.approx(scores.deviation[row], abs=1e-9)
        np.testing.assert_allclose(its[0], effects[row], atol=1e-9)


def test_a_tree_of_one_leaf_says_the_same_of_all() -> None:
    table, outcomes = training()
    features = features_of(table)
    nothing = np.zeros_like(features)  # no split is possible
    text = grow(nothing, outcomes, 0, 1, features[:0]).text
    leaves = read_leaves(text)
    assert list(leaves.paths) == [{}]
    np.testing.assert_array_equal(leaves.values, leaves.roots)
    trees = Trees(text, 1, 1)
    ((_, found),) = trees.parts(nothing[:2])
    expected = np.asarray(lightgbm.Booster(model_str=text).predict(nothing[:2], raw_score=True))
    np.testing.assert_allclose(trees.by_bag(found)[0], expected)


def test_bags_that_stopped_growing_early_serve_beside_others() -> None:
    won = np.tile([1.0, 0.0, 0.0], 70)
    outcomes = Outcomes(won, np.ones(210), np.arange(210))
    separating = np.column_stack([won, np.random.default_rng(1).normal(size=210)])
    inputs = [(separating, outcomes), (separating[:150], Outcomes(won[:150], np.ones(150), np.arange(150)))]
    texts = [grow(features, of, 0, 130, features[:0]).text for features, of in inputs]
    boosters = [lightgbm.Booster(model_str=text) for text in texts]
    counts = {booster.num_trees() for booster in boosters}
    assert len(counts) == 2  # each stops where no split helps any more
    assert max(counts) < 130
    trees = Trees(merged(texts, 130), 2, 130)
    ((_, found),) = trees.parts(separating[:9])
    expected = [booster.predict(separating[:9], raw_score=True) for booster in boosters]
    np.testing.assert_allclose(trees.by_bag(found), np.asarray(expected))


@pytest.mark.parametrize(("old", "new"), [
    ("num_cat=0", "num_cat=1"), ("is_linear=0", "is_linear=1"), ("leaf_value=", "leaf_value=0 "),
    ("left_child=", "left_child=0 "),
])  # fmt: skip
def test_trees_that_do_not_fit_together_are_refused(old: str, new: str) -> None:
    with pytest.raises(ValueError, match="tree"):
        read_leaves(blend().trees.text.replace(old, new, 1))


def test_other_counts_or_widths_are_refused() -> None:
    with pytest.raises(ValueError, match="bags"):
        Trees(blend().trees.text, BAGS + 1, ROUNDS)
    with pytest.raises(ValueError, match="features"):
        next(blend().trees.parts(np.zeros((1, 2))))
    with pytest.raises(ValueError, match="LightGBM"):
        Trees("tree\nnothing", 1, 1)
