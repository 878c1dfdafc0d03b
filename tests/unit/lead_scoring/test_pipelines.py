"""What pipelines teach together and alone: shares, exact reasons, intervals, the artifact, and what-if across them."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from kit.artifacts import digest, pack
from kit.errors import Poisoned
from learning.calibration import sigmoid
from learning.columns import Floats, Table, Texts
from learning.guard_histories import Verdict
from learning.timeline import Cell
from services.lead_scoring import parts
from services.lead_scoring.dataset import Dataset
from services.lead_scoring.model import MODEL_FILE, ScoreModel, load
from services.lead_scoring.parts import best_share, own_pipelines
from services.lead_scoring.training import train
from services.lead_scoring.whatif import differences

NAMES = ("direct", "partner", "tiny")


def rows(seed: int, counts: tuple[int, ...], opposite: bool) -> tuple[Table, Floats]:
    """Columns x, y and the pipeline, and the true log-odds; in `partner` x works the other way round."""
    generator = np.random.default_rng(seed)
    pipeline = generator.permutation(np.repeat(np.arange(len(counts)), counts)).astype(np.int64)
    x, y = generator.normal(size=(2, len(pipeline)))
    sign = np.where((pipeline == 1) & opposite, -1.0, 1.0)
    log_odds = 1.2 * sign * x + 0.5 * y + np.array([0.3, -0.6, 0.0])[pipeline]
    return Table(len(x), {"x": x, "y": y, "pipeline": Texts(NAMES, pipeline)}), log_odds


def dataset(seed: int, counts: tuple[int, ...], opposite: bool = True) -> Dataset:
    table, log_odds = rows(seed, counts, opposite)
    generator = np.random.default_rng(seed + 1)
    count = table.rows
    taken = np.sort(generator.integers(0, 600, count)) + date(2016, 1, 1).toordinal()
    closed = taken + generator.integers(1, 40, count)
    won = (generator.random(count) < sigmoid(log_odds)).astype(np.float64)
    pipelines, kinds = table.columns["pipeline"], Texts(["LEAD", "OPPORTUNITY"], np.ones(count, dtype=np.int64))
    assert isinstance(pipelines, Texts)
    ids = tuple(str(one) for one in range(count))
    return Dataset(table, ids, np.arange(count), taken, closed, won, np.ones(count), Verdict(), kinds=kinds,
                   pipelines=pipelines)  # fmt: skip


@cache
def model() -> ScoreModel:
    return train(dataset(0, (450, 450, 40)), 0, lambda *_: None).model


def test_pipelines_that_differ_have_a_share_of_their_own_and_small_ones_none() -> None:
    own = model().parts["OPPORTUNITY"].own
    assert set(own) == {"direct", "partner"}
    assert own["partner"].share > 0.5
    table, truth = rows(7, (500, 500, 1), opposite=True)
    alone = model().parts["OPPORTUNITY"].together.score(table).log_odds
    far, near = (np.abs(found - truth).mean() for found in (alone, model().score(table).log_odds))
    assert near < 0.85 * far
    told = {one["pipeline"]: one for one in model().evaluation["kinds"][0]["pipelines"]}
    assert set(told) == set(NAMES)
    assert told["partner"]["own"] == own["partner"].share
    assert told["partner"]["log_loss"]["value"] < told["partner"]["base_log_loss"]
    assert told["tiny"]["own"] == 0.0


def test_reasons_add_up_exactly_and_intervals_are_those_of_the_plain_score() -> None:
    table, _ = rows(8, (20, 20, 20), opposite=True)
    plain, bases = model().score(table), set()
    for row, said in enumerate(model().explain(table)):
        log_odds = said.base_log_odds + sum(one.effect for one in said.reasons)
        assert log_odds == pytest.approx(plain.log_odds[row], abs=1e-9)
        assert said.base_log_odds + sum(said.contributions.values()) == pytest.approx(plain.log_odds[row], abs=1e-4)
        assert [said.low, said.high] == pytest.approx([plain.low[row], plain.high[row]])
        bases.add(said.base_log_odds)
    assert len(bases) == 1, "one base for all pipelines: what sets one apart is told of its column"


def test_a_change_of_pipeline_is_told_exactly() -> None:
    pair = Table(2, {"x": np.full(2, 1.5), "y": np.zeros(2), "pipeline": Texts(NAMES, np.array([0, 1]))})
    before, after = model().explain(pair)
    values: list[dict[str, Cell]] = [{"x": 1.5, "y": 0.0, "pipeline": name} for name in NAMES[:2]]
    found = differences(before, after, (values[0], values[1]), date(2017, 1, 1), {})
    scores = model().score(pair).log_odds
    assert sum(one.effect for one in found) == pytest.approx(scores[1] - scores[0], abs=1e-9)
    assert found[0].field == "pipeline"
    assert scores[1] < scores[0] - 1


def test_rows_score_the_same_alone_and_among_others() -> None:
    table, _ = rows(10, (10, 10, 10), opposite=True)
    together = model().score(table)
    for row in range(table.rows):
        alone = model().score(table.take(np.array([row])))
        assert alone.log_odds[0] == pytest.approx(together.log_odds[row], abs=1e-12)
    bare = Table(2, {"x": np.zeros(2)})  # neither a kind nor a pipeline: an opportunity by what all teach
    assert np.isfinite(model().score(bare).log_odds).all()
    assert model().score(Table(0, {})).log_odds.shape == (0,)


def test_on_disk_it_is_the_same_and_shares_are_checked(tmp_path: Path) -> None:
    for name in "ab":
        model().save(tmp_path / name)
    assert digest(pack(tmp_path / "a")) == digest(pack(tmp_path / "b"))
    table, _ = rows(11, (5, 5, 5), opposite=True)
    assert np.array_equal(load(tmp_path / "a").score(table).low, model().score(table).low)
    assert load(tmp_path / "a").explain(table) == model().explain(table)
    file = tmp_path / "a" / MODEL_FILE
    share = str(model().parts["OPPORTUNITY"].own["partner"].share)
    file.write_text(file.read_text("utf-8").replace(f'"share":{share}', '"share":1.5'), "utf-8")
    with pytest.raises(Poisoned):
        load(tmp_path / "a")


def test_a_lead_is_no_opportunity(tmp_path: Path) -> None:
    """There were no leads to learn from: they get a prior, and say so."""
    table, _ = rows(12, (2, 0, 0), opposite=True)
    mixed = Table(2, {**table.columns, "kind": Texts(["LEAD", "OPPORTUNITY"], np.array([0, 1]))})
    lead, opportunity = model().explain(mixed)
    assert (lead.prior, opportunity.prior) == (True, False)
    assert model().priors(mixed).tolist() == [True, False]
    assert lead.probability == pytest.approx(0.3)


def test_the_share_is_what_the_outcomes_say_and_shy_where_they_are_few() -> None:
    generator = np.random.default_rng(1)
    truth = generator.normal(size=4000) * 1.5
    won = (generator.random(4000) < sigmoid(truth)).astype(np.float64)
    weight, off = np.ones(4000), generator.normal(size=4000)
    assert best_share(np.zeros(4000), truth, won, weight) > 0.95
    assert best_share(truth, off, won, weight) == pytest.approx(0.0, abs=0.05)
    assert 0.3 < best_share(truth * 0.5, truth * 1.5, won, weight) < 0.7
    few = slice(0, 8)
    assert best_share(np.zeros(8), truth[few], won[few], weight[few]) < 0.6
    assert best_share(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0)) == 0.0


def test_who_may_learn_apart_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    made = dataset(2, (300, 150, 30))
    assert [name for name, _ in own_pipelines(made)] == ["direct", "partner"]
    monkeypatch.setattr(parts, "MOST_OWN", 1)
    assert [name for name, _ in own_pipelines(made)] == ["direct"]
    assert own_pipelines(dataset(2, (300,))) == [], "one pipeline is all of them"
