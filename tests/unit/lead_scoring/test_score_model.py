"""The model on disk, and the rules of scores that no model stands behind."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kit.artifacts import digest, pack
from kit.errors import Poisoned
from learning.columns import Table, Texts
from learning.encoder import Encoder
from learning.linear import LinearScorer
from learning.records import Deal, DealKind, Outcome
from services.lead_scoring.domain import Score, settled
from services.lead_scoring.model import ANY, MODEL_FILE, ScoreModel, load, prior_model
from services.lead_scoring.part_model import WEIGHTS_FILE, PartModel

ROWS = Table(3, {"stage": Texts(["A", "B"], np.array([0, 1, -1])), "n": np.array([1.0, np.nan, 3.0])})


def model() -> ScoreModel:
    generator = np.random.default_rng(0)
    table = Table(200, {"stage": Texts(["A", "B"], generator.integers(0, 2, 200)), "n": generator.normal(size=200)})
    encoder = Encoder.fit(table, np.ones(200))
    scorer = LinearScorer(
        encoder, generator.normal(size=(encoder.width, 21)), generator.normal(size=21), generator.normal(size=2)
    )
    part = PartModel("logistic", scorer, {"stage": [[5, 2]] * 4})
    return ScoreModel.of(part, {"model": "logistic", "won": 3})


def test_a_saved_model_scores_the_same_and_has_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    model().save(first)
    model().save(second)
    assert digest(pack(first)) == digest(pack(second))
    read = load(first)
    np.testing.assert_array_equal(read.score(ROWS).log_odds, model().score(ROWS).log_odds)
    assert read.explain(ROWS) == model().explain(ROWS)
    assert read.evaluation["won"] == 3
    assert read.columns == ("n", "stage")


@pytest.mark.parametrize("horizon", [None, 45])
def test_a_model_of_one_part_keeps_its_horizon(tmp_path: Path, horizon: int | None) -> None:
    replace(model(), horizon_days=horizon).save(tmp_path)
    read = load(tmp_path)
    assert read.horizon_days == horizon
    assert {one.horizon_days for one in read.explain(ROWS)} == {horizon or 0}


def test_the_main_part_is_a_trained_one_where_there_is_any() -> None:
    trained, none = model().parts[ANY], prior_model(9, 30).parts[ANY]
    assert ScoreModel({DealKind.LEAD: none, DealKind.OPPORTUNITY: trained}).kind == "logistic"
    assert ScoreModel(dict.fromkeys(DealKind, none)).kind == "prior"


def test_an_explained_score_is_the_plain_one_and_adds_up() -> None:
    scores = model().score(ROWS)
    for row, said in enumerate(model().explain(ROWS)):
        assert said.probability == pytest.approx(scores.probability[row], abs=1e-12)
        assert said.low == pytest.approx(scores.low[row])
        assert said.high == pytest.approx(scores.high[row])
        log_odds = said.base_log_odds + sum(one.effect for one in said.reasons)
        assert 1 / (1 + np.exp(-log_odds)) == pytest.approx(said.probability, abs=1e-12)


def break_weights(folder: Path) -> None:
    np.savez(folder / WEIGHTS_FILE, weights=np.zeros((1, 2)), intercepts=np.zeros(2), means=np.zeros(2))


def break_numbers(folder: Path) -> None:
    with np.load(folder / WEIGHTS_FILE) as arrays:
        np.savez(folder / WEIGHTS_FILE, **{**arrays, "means": np.array([np.nan, 0.0])})


def break_kind(folder: Path) -> None:
    described = json.loads((folder / MODEL_FILE).read_text())
    (folder / MODEL_FILE).write_text(json.dumps(described | {"kind": "oracle"}))


def break_file(folder: Path) -> None:
    (folder / WEIGHTS_FILE).write_bytes(b"not an archive")


def break_missing(folder: Path) -> None:
    (folder / MODEL_FILE).unlink()


@pytest.mark.parametrize("damage", [break_weights, break_numbers, break_kind, break_file, break_missing])
def test_a_damaged_model_is_refused(tmp_path: Path, damage: object) -> None:
    model().save(tmp_path)
    assert callable(damage)
    damage(tmp_path)
    with pytest.raises(Poisoned, match="no lead scoring model"):
        load(tmp_path)


def test_the_prior_moves_to_the_company_s_rate_and_gets_surer() -> None:
    bare, some, many = prior_model(), prior_model(9, 1), prior_model(900, 100)
    assert bare.prior
    rates = [float(one.score(ROWS).probability[0]) for one in (bare, some, many)]
    assert rates[0] == pytest.approx(0.3)
    assert 0.3 < rates[1] < 0.9
    assert rates[2] == pytest.approx(0.9, abs=0.01)
    widths = [float(one.score(ROWS).high[0] - one.score(ROWS).low[0]) for one in (bare, some, many)]
    assert widths == sorted(widths, reverse=True)
    (first, *_) = bare.explain(ROWS)
    assert (first.prior, first.reasons) == (True, ())


def test_closed_records_carry_their_outcome() -> None:
    assert settled(Deal("d", outcome=Outcome.WON)) == Score(1.0, 1.0, 1.0)
    assert settled(Deal("d", outcome=Outcome.LOST)) == Score(0.0, 0.0, 0.0)
    assert settled(Deal("d", outcome=Outcome.WON, deleted=True)) == Score(0.0, 0.0, 0.0)
    assert settled(Deal("d")) is None
