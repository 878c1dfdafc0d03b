"""Training on made-up companies whose truth is known."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from kit.artifacts import digest, pack
from kit.errors import NotFound
from learning.columns import Floats, Table
from learning.linear import Scores
from learning.records import Account, Change, DealHistory, Node, Outcome
from learning.snapshots import row_at
from learning.testing import START, company, finished, last_day, opened, win_probability, write
from services.lead_scoring import training
from services.lead_scoring.card import MOST_BYTES
from services.lead_scoring.dataset import build_dataset
from services.lead_scoring.evaluation import facts_of
from services.lead_scoring.features import names_of, rows_table
from services.lead_scoring.model import load
from services.lead_scoring.training import Trained, train, train_folder


def quiet(_: str, __: float) -> None:
    """No progress."""


def trained_on(histories: list[DealHistory], seed: int = 0) -> Trained:
    return train(build_dataset(histories, last_day()), seed, quiet)


@cache
def predictable() -> Trained:
    """What most tests look at: training costs more than all of them."""
    return train(build_dataset(company(1200, signal=1.5), last_day()), 0, quiet, card=True)


def test_it_finds_what_predicts_and_is_calibrated() -> None:
    evaluation = predictable().model.evaluation
    assert evaluation["model"] in ("blend", "logistic")
    test, base = evaluation["test"], evaluation["baseline"]
    assert test["auc"]["low90"] > 0.7
    assert test["log_loss"]["high95"] < base["log_loss"]
    assert test["ece"]["value"] < 0.06
    assert test["lift"]["low90"] > 1.3


def scored(trained: Trained, seed: int) -> tuple[Scores, Floats]:
    """Scores of open deals whose meetings are all held by now, and their true chances."""
    histories = [
        one for one in company(1200, signal=1.5, seed=seed)
        if one.deal.outcome is Outcome.OPEN and one.deal.created_time
        and (last_day() - one.deal.created_time.date()).days > 14
    ]  # fmt: skip
    table = rows_table(
        [row_at(one, last_day()) for one in histories], [last_day()] * len(histories), trained.model.columns
    )
    truth = [win_probability(str(one.deal.fields["source"]), len(one.activities), 1.5) for one in histories]
    return trained.model.score(table), np.array(truth)


def test_scores_are_near_the_truth() -> None:
    scores, truth = scored(predictable(), 0)
    assert np.abs(scores.probability - truth).mean() < 0.1
    assert np.corrcoef(scores.probability, truth)[0, 1] > 0.9


def test_intervals_cover_the_truth() -> None:
    """Nominally 90 %, but the errors of one company's scores go together; accuracy/ looks at many companies."""
    scores, truth = scored(predictable(), 0)
    assert len(truth) > 50
    assert np.mean((scores.low <= truth) & (truth <= scores.high)) >= 0.75


def test_the_card_stands_beside_plain_models_on_the_same_rows() -> None:
    evaluation = predictable().model.evaluation
    models = evaluation["card"]["models"]
    assert list(models) == ["Dealcast", "logistic regression", "LightGBM", "base rate"]
    assert models["Dealcast"]["log_loss"] == pytest.approx(evaluation["test"]["log_loss"], abs=1e-4)
    assert models["base rate"]["log_loss"]["value"] == pytest.approx(evaluation["baseline"]["log_loss"], abs=1e-4)
    for figures in list(models.values())[1:]:
        saved = figures["log_loss"]["value"] - models["Dealcast"]["log_loss"]["value"]
        assert figures["gain"]["value"] == pytest.approx(saved, abs=1e-4)
    assert models["LightGBM"]["auc"]["value"] > 0.6  # it has learned something, so the comparison is one


def test_the_card_has_curves_and_influence_and_is_small() -> None:
    card = predictable().model.evaluation["card"]
    assert sum(one["records"] for one in card["calibration"]) >= predictable().model.evaluation["test"]["records"]
    assert card["gain"][-1]["won"] == pytest.approx(1.0)
    first = {one["name"]: one for one in card["columns"][:4]}
    assert first["fields.source"]["kind"] == "choice"
    assert first["fields.source"]["influence"] > 0.5
    assert 0.01 < card["ece_bound"] < 0.2
    assert len(json.dumps(card)) < MOST_BYTES


def test_the_reasons_name_what_matters() -> None:
    history = next(one for one in company(1200, signal=1.5) if one.deal.fields["source"] == "partner")
    model = predictable().model
    (score,) = model.explain(rows_table([row_at(history, last_day())], [last_day()], model.columns))
    reason = {one.field: one for one in score.reasons}["fields.source"]
    assert reason.effect > 0.5
    assert reason.value == "partner"
    assert reason.evidence_won / reason.evidence_count > 0.5


def test_reasons_call_owner_and_account_by_name() -> None:
    history = next(one for one in company(1200, signal=1.5) if one.deal.outcome is Outcome.OPEN)
    named = replace(
        history, account=Account("a1", "Acme"), owner_path=(Node(f"owner:{history.deal.owner_id}", "owner", "Kim"),)
    )
    assert names_of([named]) == {
        "owner_id": {history.deal.owner_id: "Kim"},
        "account_id": {"a1": "Acme"},
        "product": {},
    }
    assert names_of([history]) == {"owner_id": {}, "account_id": {}, "product": {}}
    model = predictable().model
    (score,) = model.explain(
        rows_table([row_at(named, last_day())], [last_day()], model.columns), names_of([named]), top=99
    )
    owner = next(one for one in score.reasons if one.field == "owner_id")
    assert (owner.value, owner.text_en[:10], owner.text_ko[:8]) == (history.deal.owner_id, "Owner: Kim", "담당자: Kim")


def rate(trained: Trained) -> float:
    """What everybody gets."""
    return float(trained.model.score(Table(1, {})).probability[0])


def test_deals_that_had_ended_when_they_were_first_seen_teach_nothing_and_are_counted() -> None:
    seen = company(60)
    ended = Change("outcome", "LOST", START, START, 1)
    late = [finished(opened(f"L{n}", START, stage="Lost"), [ended], [], outcome=Outcome.LOST,
                     closed_date=START.date()) for n in range(3)]  # fmt: skip
    data = build_dataset([*seen, *late], last_day())
    closed = sum(one.deal.outcome is not Outcome.OPEN for one in seen)
    facts = facts_of(data, 0)
    assert (facts["outcomes"], facts["never_open"]) == (closed, 3)


def test_nothing_predicts_so_everyone_gets_the_base_rate() -> None:
    trained = trained_on(company(400, signal=0.0, seed=3))
    assert trained.model.kind == "base_rate"
    assert "do not predict" in trained.model.evaluation["why"]
    assert rate(trained) == pytest.approx(0.5, abs=0.09)
    scores = trained.scores[~np.isnan(trained.scores)]
    assert 1 <= len(np.unique(scores.round(9))) <= 4  # one rate a fold


@pytest.mark.parametrize("count", [0, 1, 12, 30])
def test_few_outcomes_give_a_labelled_prior(count: int) -> None:
    trained = trained_on(company(count))
    assert trained.model.prior
    assert trained.model.evaluation["model"] == "prior"
    assert 0.1 < rate(trained) < 0.9


def test_one_outcome_only_is_no_error() -> None:
    histories = [one for one in company(400) if one.deal.outcome is not Outcome.LOST]
    assert trained_on(histories).model.prior


def test_a_leak_is_dropped_with_its_evidence() -> None:
    account = Account("a", "Acme", {"sector": "retail"})

    def filled(one: DealHistory) -> DealHistory:
        when = one.changes[0].effective_time
        return replace(one, changes=(*one.changes, Change("account_id", "a", when, when)), account=account)

    histories = [filled(one) if one.deal.outcome is not Outcome.OPEN else one for one in company(300)]
    trained = trained_on(histories)
    dropped = {one["column"]: one["evidence"] for one in trained.model.evaluation["dropped"]}
    assert set(dropped) == {"account_id", "account.sector"}
    assert dropped["account_id"]["fill_rate_open"] == 0.0
    assert all("기록" in one["reason_ko"] for one in trained.model.evaluation["dropped"])
    assert not {"account_id", "account.sector"} & set(trained.model.columns)


def test_the_same_data_and_seed_give_the_same_artifact_however_many_processes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    history = write(tmp_path / "history", company(180, signal=1.5), last_day())
    first = train_folder(history, tmp_path / "alone", 5, quiet)
    monkeypatch.setattr(training, "PARALLEL_CELLS", 1)
    train_folder(history, tmp_path / "spread", 5, quiet)
    names = {path.name for path in (tmp_path / "alone" / "artifact").iterdir()}
    kept = {"evaluation.json", "inputs.json", "learned.txt"}
    assert names - {"0-trees.txt"} == {"model.json", "0-weights.npz", "1-weights.npz", *kept}
    assert digest(pack(tmp_path / "alone" / "artifact")) == digest(pack(tmp_path / "spread" / "artifact"))
    assert load(tmp_path / "alone" / "artifact").evaluation == first.model.evaluation
    scores = pq.read_table(tmp_path / "alone" / "scores.parquet")
    assert scores.equals(pq.read_table(tmp_path / "spread" / "scores.parquet"))
    assert scores.column_names == ["deal_id", "day", "probability"]
    assert len(scores) == int((~np.isnan(first.scores)).sum()) > 0


def test_the_command_trains_and_says_how_far_it_is(tmp_path: Path) -> None:
    history = write(tmp_path / "history", company(80), last_day())
    command = [sys.executable, "-m", "services.lead_scoring", "train", "--history", str(history)]
    done = subprocess.run([*command, "--out", str(tmp_path / "out")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["stage"] == "done"
    shares = [line["progress"] for line in lines]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert json.loads((tmp_path / "out" / "evaluation.json").read_text())["records"] > 50


def test_a_missing_history_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        train_folder(tmp_path, tmp_path / "out", 0, quiet)
