"""A new model beside the one that serves, on made-up companies whose truth is known."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kit.models import pack, unpack
from learning.blend import Stack
from learning.metrics import log_loss
from learning.parallel import workers
from learning.records import DealHistory, Outcome
from learning.testing import company, last_day
from services.lead_scoring.champion import Champion, _stack, _stretches, beside
from services.lead_scoring.dataset import Dataset, build_dataset
from services.lead_scoring.forward import Forward, folds_of, validate
from services.lead_scoring.forward import last_day as last
from services.lead_scoring.learned_from import digests, keep, kept, learned_rows
from services.lead_scoring.model import EVALUATION_FILE, prior_model
from services.lead_scoring.parts import Study
from services.lead_scoring.training import train

EARLIER = last_day() - timedelta(days=320)


def quiet(_: str, __: float) -> None:
    """No progress."""


@cache
def histories() -> tuple[DealHistory, ...]:
    return tuple(company(190, signal=2.5))


@cache
def champion() -> Champion:
    return Champion("1", train(build_dataset(histories(), EARLIER), 0, quiet).model)


def flipped(one: DealHistory, chance: random.Random) -> DealHistory:
    """With two in five outcomes of the champion's time turned round."""
    deal = one.deal
    if deal.outcome is Outcome.OPEN or (deal.closed_date or date.max) > EARLIER or chance.random() > 0.4:
        return one
    other = Outcome.LOST if deal.outcome is Outcome.WON else Outcome.WON
    changes = tuple(
        replace(each, value=str(other)) if each.field == "outcome" and each.value == str(deal.outcome) else each
        for each in one.changes
    )
    return replace(one, deal=replace(deal, outcome=other), changes=changes)


def validated(data: Dataset) -> Forward:
    with workers(data, 1) as run:
        return validate(data, 0, quiet, run)


def compared(data: Dataset, forward: Forward, with_: Champion) -> dict[str, Any]:
    with workers(data, 1) as run:
        return beside(data, forward, with_, Study(0), run)


@cache
def data() -> Dataset:
    model = champion().model
    assert model is not None
    return build_dataset(histories(), last_day(), also=model.columns)


@cache
def forward() -> Forward:
    return validated(data())


@cache
def found() -> dict[str, Any]:
    return compared(data(), forward(), champion())


def test_both_are_judged_on_what_closed_after_the_champions_data() -> None:
    model, rows = champion().model, data().closed > EARLIER.toordinal()
    assert model is not None
    assert found()["basis"] == "unseen"
    assert found()["last_day"] <= EARLIER.isoformat() < found()["closed"][0]
    assert found()["records"] == len(np.unique(data().record[rows])) > 80
    told = model.score(data().table.take(rows)).probability
    said = log_loss(data().won[rows], told, data().weight[rows])
    models = found()["models"]
    assert models["champion"]["log_loss"]["value"] == pytest.approx(said, abs=1e-5)
    assert set(models) == {"challenger", "champion", "logistic regression", "LightGBM", "base rate"}
    for name, figure in found()["difference"].items():
        apart = models["challenger"][name]["value"] - models["champion"][name]["value"]
        assert figure["value"] == pytest.approx(apart, abs=2e-6)
        assert figure["low95"] <= figure["low90"] <= figure["value"] + 0.05
        assert figure["low90"] < figure["high90"] <= figure["high95"]


def test_a_stretch_is_learned_from_what_was_known_before_it() -> None:
    fresh = data().labelled & (data().closed > EARLIER.toordinal())
    folds = _stretches(data(), fresh)
    assert len(folds) > 1
    assert sum(fold.test.sum() for fold in folds) == fresh.sum()
    for fold in folds:
        assert data().closed[fold.train].max() <= fold.cut < data().closed[fold.test].min()
        assert not set(data().record[fold.train]) & set(data().record[fold.test])


def test_the_stack_of_a_stretch_knows_nothing_of_what_came_later() -> None:
    """Answers that came after the cut, turned round or not there yet, change nothing; those before it do."""
    known = folds_of(data(), 0)
    cut = int(np.quantile(data().closed[data().labelled], 0.8))
    later = data().closed > cut
    stack = _stack(data(), forward(), known, cut)
    assert stack != Stack(), "enough were known to fit one"
    for other in (
        replace(data(), won=np.where(later, 1 - data().won, data().won)),
        replace(data(), closed=np.where(later, 0, data().closed), won=np.where(later, 0, data().won)),
    ):
        assert _stack(other, forward(), known, cut) == stack
    assert _stack(replace(data(), won=np.where(later, data().won, 1 - data().won)), forward(), known, cut) != stack
    assert _stack(data(), forward(), known, last(data())) != stack, "the last day's choice is another"


def test_a_sound_challenger_is_near_the_champion_and_a_spoiled_one_is_worse() -> None:
    assert found()["difference"]["log_loss"]["high90"] < 0.06
    assert found()["models"]["challenger"]["log_loss"]["high90"] < found()["models"]["base rate"]["log_loss"]["value"]
    chance = random.Random(1)
    other = build_dataset([flipped(one, chance) for one in histories()], last_day())
    spoiled = compared(other, validated(other), champion())
    assert spoiled["models"]["champion"] == found()["models"]["champion"], "what came is the same"
    assert spoiled["difference"]["log_loss"]["low90"] > 0
    assert spoiled["difference"]["auc"]["high90"] < 0


def test_with_few_new_outcomes_the_champion_has_seen_a_part_and_it_is_said() -> None:
    model = champion().model
    assert model is not None
    late = Champion("1", replace(model, evaluation={"last_day": (last_day() - timedelta(days=7)).isoformat()}))
    told = compared(data(), forward(), late)
    assert told["basis"] == "partly_seen"
    assert 0.8 < told["seen"] < 1
    assert 0 < told["fresh_records"] < 40
    before = compared(data(), forward(), Champion("1", replace(model, evaluation={})))
    assert (before["basis"], before["seen"], before["last_day"]) == ("partly_seen", 1.0, None)


def test_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    (tmp_path / EVALUATION_FILE).write_text("{}")
    assert compared(data(), forward(), Champion.of(tmp_path, "3")) == {
        "version": "3", "last_day": None, "basis": "none", "why": "unreadable",
    }  # fmt: skip
    few = train(build_dataset(company(12), last_day()), 0, quiet, champion=Champion("2", prior_model()))
    assert few.beside == {"version": "2", "basis": "none", "why": "few_outcomes"}


def test_the_columns_that_the_champion_reads_are_there_whatever_the_guard_says() -> None:
    late = [
        replace(one, changes=(*one.changes, replace(one.changes[0], field="fields.code", value=f"X{number}")))
        for number, one in enumerate(histories())
    ]
    without = build_dataset(late, last_day())
    assert "fields.code" in without.guard.absent, "an identifier"
    kept = build_dataset(late, last_day(), also=["fields.code", "fields.source", "nowhere"])
    assert set(kept.whole(["fields.code", "fields.source", "nowhere"]).columns) == {"fields.code", "fields.source"}
    assert set(kept.table.columns) == set(without.table.columns)
    assert set(kept.left_out.columns) == {"fields.code"}, "nothing is held twice"
    assert not without.left_out.columns


def test_deals_brought_in_later_are_not_taken_for_learned_though_they_had_ended_before() -> None:
    half = [one for number, one in enumerate(histories()) if number % 2]
    known = build_dataset(half, last_day())
    model = train(known, 0, quiet).model
    learned = frozenset(digests(one for one in known.deal_ids))
    told = compared(data(), forward(), Champion("1", model, learned))
    assert told["basis"] == "brought_in"
    assert told["seen"] == 0.0
    assert told["knew"]["learned"] < 0.6 * told["knew"]["outcomes"]
    assert told["fresh_records"] == told["knew"]["outcomes"] - told["knew"]["learned"]
    ids = {data().deal_ids[record] for record in np.unique(data().record[data().labelled]).tolist()}
    assert told["fresh_records"] == len(ids - set(known.deal_ids))
    most = Champion("1", model, frozenset(digests(sorted(ids)[25:])))
    some = compared(data(), forward(), most)
    assert (some["basis"], some["fresh_records"]) == ("partly_seen", 25)
    assert 0.5 < some["seen"] < 1
    counted = compared(data(), forward(), Champion("1", model))
    assert counted["basis"] == "partly_seen"
    assert counted["seen"] < 0.6, "which deals it had is not kept, but how many"


def test_which_deals_a_model_learned_from_is_kept_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "served"
    folder.mkdir()
    keep(data(), folder)
    unpack(pack(folder), tmp_path)
    found = kept(tmp_path)
    assert found is not None
    assert learned_rows(data(), found)[data().labelled].all()
    assert len(found) == len(np.unique(data().record[data().labelled]))
    assert kept(tmp_path / "nowhere") is None
