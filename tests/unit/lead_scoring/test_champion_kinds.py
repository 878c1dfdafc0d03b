"""Champion and challenger kind by kind: leads, whose answers come within a horizon, beside opportunities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from learning.overrules import Overrules
from learning.parallel import workers
from learning.records import DealHistory, DealKind
from learning.testing import company as opportunities
from learning.testing import last_day
from services.lead_scoring.champion import Champion, _stretches
from services.lead_scoring.champion_kinds import beside_kinds
from services.lead_scoring.dataset import Dataset, build_dataset
from services.lead_scoring.model import ScoreModel
from services.lead_scoring.part_model import constant_part, prior_part
from services.lead_scoring.parts import Learned, Study, learn, shared_folds
from services.lead_scoring.pooled import Own, Pooled
from tests.unit.lead_scoring.test_lead_target import SPAN, company, day

HORIZON = 28
CUT = 260  # days after the first lead: the champion's data end
LEAD, OPPORTUNITY = DealKind.LEAD, DealKind.OPPORTUNITY


def team(data: Dataset) -> Any:
    return workers(data, 1)


@cache
def histories() -> tuple[DealHistory, ...]:
    """Leads, none of which has been won or lost after converting, and opportunities that never were leads."""
    return (*company(210), *opportunities(150, signal=2.5, days=SPAN))


@cache
def data(days: int = SPAN, horizon: int = HORIZON) -> Dataset:
    assert day(SPAN) == last_day(SPAN), "both companies stand on the same day"
    return build_dataset(histories(), day(days), horizon_days=horizon)


def learned(data: Dataset) -> list[Learned]:
    with team(data) as run:
        return learn(data, Study(0, shared_folds(data, 0)), run, team)


@cache
def challenger() -> Sequence[Learned]:
    return learned(data())


@cache
def champion() -> ScoreModel:
    earlier = data(CUT)
    parts = {one.kind: one.model for one in learned(earlier)}
    return ScoreModel(parts, {"last_day": day(CUT).isoformat()}, HORIZON)


def beside(model: ScoreModel, parts: Sequence[Learned] = ()) -> dict[str, Any]:
    return beside_kinds(data(), parts or challenger(), Champion("1", model), Study(0, shared_folds(data(), 0)), team)


@cache
def found() -> dict[str, Any]:
    return beside(champion())


def test_each_kind_is_compared_on_rows_of_its_own() -> None:
    (other,) = found()["others"]
    assert (found()["kind"], other["kind"], found()["version"]) == (LEAD, OPPORTUNITY, "1")
    for one, part in zip((found(), other), challenger(), strict=True):
        fresh = part.data.labelled & (part.data.closed > day(CUT).toordinal())
        assert (one["basis"], one["records"]) == ("unseen", len(np.unique(part.data.record[fresh])))
        assert one["rows"] == fresh.sum()
        assert np.isfinite(one["difference"]["log_loss"]["low90"])
        assert "left_out_now" not in one


def test_every_row_of_a_lead_is_in_one_stretch() -> None:
    """Each of its rows has an answer of its own day: a lead may stand in several stretches, and its rows once each."""
    (leads,) = (one.data for one in challenger() if one.kind == LEAD)
    fresh = leads.labelled & (leads.closed > day(CUT).toordinal())
    folds = _stretches(leads, fresh)
    assert len(folds) > 1
    assert np.array_equal(sum(fold.test.astype(int) for fold in folds), fresh.astype(int))
    assert set(leads.record[folds[0].test]) & set(leads.record[folds[1].test])
    for fold in folds:
        assert leads.closed[fold.train].max() <= fold.cut < leads.closed[fold.test].min()


def test_a_kind_that_falls_to_a_prior_is_told() -> None:
    leads, others = challenger()
    fallen = [replace(leads, forward=None), others]
    told = beside(champion(), fallen)
    falls = {"kind": LEAD, "basis": "none", "why": "falls_to_prior"}
    assert told["others"] == [falls | {"outcomes": sum(leads.data.outcomes)}]
    assert (told["kind"], told["difference"]) == (OPPORTUNITY, found()["others"][0]["difference"]), "compared as before"
    never = replace(champion(), parts={**champion().parts, LEAD: Pooled(prior_part())})
    assert "others" not in beside(never, fallen), "nobody predicted it before either"
    gone = beside(replace(champion(), parts={**champion().parts, OPPORTUNITY: Pooled(prior_part())}), [others])
    assert (gone["champion_prior"], gone["others"]) == (True, [falls | {"outcomes": 0}])


def test_another_horizon_leaves_opportunities_comparable() -> None:
    told = beside(replace(champion(), horizon_days=90))
    assert (told["kind"], told["basis"], told["why"]) == (LEAD, "none", "other_horizon")
    assert told["lead_horizon_days"] == {"champion": 90, "challenger": HORIZON}
    assert told["others"] == found()["others"]


def test_what_pipelines_teach_alone_is_said_to_be_left_out() -> None:
    part = champion().parts[OPPORTUNITY]
    own = replace(part, own={"default": Own(0.9, constant_part("base_rate", [3.0, 3.0]))})
    told = beside(replace(champion(), parts={**champion().parts, OPPORTUNITY: own}))
    (others,) = told["others"]
    assert others["pipelines_left_out"] is True
    assert "pipelines_left_out" not in told
    before = found()["others"][0]
    assert others["models"] == before["models"], "the pipeline's own part would say .95 of all"
    assert others["drift"]["mean"] > before["drift"]["mean"], "but drift is judged of what serves"


def test_a_column_that_is_left_out_since_is_told() -> None:
    """After people overrule the leak guard the champion still reads what the new one does not."""
    few = build_dataset(
        opportunities(60, signal=2.5), last_day(), Overrules.of((), ["fields.source"]), also=champion().columns
    )
    reading = replace(champion(), parts={**champion().parts, OPPORTUNITY: champion().parts[LEAD]})
    told = beside_kinds(few, learned(few), Champion("1", reading), Study(0, shared_folds(few, 0)), team)
    assert told["left_out_now"] == ["fields.source"]
