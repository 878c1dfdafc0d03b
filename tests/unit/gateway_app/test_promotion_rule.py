"""Which versions serve without being asked."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kit.errors import InvalidInput
from services.gateway.champions import backtests
from services.gateway.promotion import decide
from services.gateway.promotion_rule import PromotionRule

TODAY = date(2017, 8, 31)
RULE = PromotionRule()


def figure(value: float, reach: float) -> dict[str, float]:
    return {
        "value": value, "low90": value - reach, "high90": value + reach, "low95": value - 1.2 * reach,
        "high95": value + 1.2 * reach,
    }  # fmt: skip


def champion(**more: Any) -> dict[str, Any]:
    return {"version": "1", "digest": "a", "evaluation": {"model": "blend", "last_day": "2017-06-30"} | more}


def challenger(loss: float = 0.0, reach: float = 0.01, ece: float = 0.0, **more: Any) -> dict[str, Any]:
    found = {
        "version": "1", "basis": "unseen", "seen": 0.0, "records": 150,
        "models": {"champion": {"log_loss": figure(0.6, 0.02)}},
        "difference": {"log_loss": figure(loss, reach), "ece": figure(ece, 0.01)},
    }  # fmt: skip
    return {"version": "2", "digest": "b", "evaluation": {"model": "blend", "champion": found | more}}


def said(new: dict[str, Any], old: dict[str, Any] | None, rule: PromotionRule = RULE) -> tuple[bool, str]:
    decision = decide("lead_scoring", new, old, rule, TODAY)
    return decision.promote, decision.code


def test_not_worse_with_confidence_serves_and_worse_or_unsure_waits() -> None:
    assert said(challenger(-0.01), champion()) == (True, "not_worse")
    assert said(challenger(0.001), champion()) == (True, "not_worse"), "within 2 % of .6"
    assert said(challenger(0.003), champion()) == (False, "unsure")
    assert said(challenger(0.03), champion()) == (False, "worse")
    assert said(challenger(0.001, ece=0.025), champion()) == (False, "worse"), "calibration counts too"
    assert said(challenger(0.001, ece=0.025, calibration={"miscalibrated": True}), champion()) == (False, "worse")
    assert said(challenger(0.001, ece=0.025, calibration={"miscalibrated": False}), champion()) == (True, "not_worse")
    assert said(challenger(-0.02, ece=0.025), champion()) == (True, "not_worse"), "log loss counts it already"
    assert said(challenger(-0.02, ece=0.045), champion()) == (False, "worse"), "unless by more than the margin"
    assert said(challenger(0.001), champion(), PromotionRule(confidence=0.975)) == (False, "unsure")
    assert said(challenger(0.003), champion(), PromotionRule(log_loss_margin=0.05)) == (True, "not_worse")


def test_a_champion_that_knows_the_answers_shows_nobody_to_be_worse() -> None:
    models = {
        "champion": {"log_loss": figure(0.4, 0.02)}, "challenger": {"log_loss": figure(0.5, 0.02)},
        "base rate": {"log_loss": figure(0.6, 0.02)},
    }  # fmt: skip
    seen: dict[str, Any] = {"basis": "partly_seen", "seen": 0.98, "fresh_records": 3, "models": models}
    assert said(challenger(0.1, **seen), champion()) == (False, "seen")
    assert said(challenger(-0.05, **seen), champion()) == (True, "not_worse"), "even so"
    assert said(challenger(0.1, **seen), champion(last_day="2017-01-01")) == (True, "too_old")
    rate = models | {"base rate": {"log_loss": figure(0.45, 0.02)}}
    assert said(challenger(0.1, **seen | {"models": rate}), champion()) == (False, "worse")
    leads = {"basis": "none", "why": "other_horizon", "champion_prior": True}
    new = of_kinds({"loss": 0.1, **seen}, leads)
    assert said(new, champion()) == (True, "prior_served"), "what one kind gains does not wait for the other"
    assert "only 3 ended records are new" in decide("lead_scoring", new, champion(), RULE, TODAY).text


def test_a_champion_that_knew_few_of_the_deals_goes_unless_the_new_one_is_shown_to_be_worse() -> None:
    models = {
        "champion": {"log_loss": figure(0.4, 0.02)}, "challenger": {"log_loss": figure(0.5, 0.02)},
        "base rate": {"log_loss": figure(0.5, 0.02)},
    }  # fmt: skip
    seen: dict[str, Any] = {"basis": "partly_seen", "seen": 0.57, "fresh_records": 38, "models": models}
    little, most = {"outcomes": 89, "learned": 51}, {"outcomes": 89, "learned": 80}
    assert said(challenger(0.1, **seen, knew=little), champion()) == (True, "knew_little")
    assert said(challenger(0.1, **seen, knew=most), champion()) == (False, "seen")
    worse = {"records": 20, "log_loss": figure(0.1, 0.05)}
    assert said(challenger(0.1, **seen, knew=little, unlearned=worse), champion()) == (False, "worse")
    maybe = {"records": 20, "log_loss": figure(0.1, 0.2)}
    assert said(challenger(0.1, **seen, knew=little, unlearned=maybe), champion()) == (True, "knew_little")
    rate = models | {"base rate": {"log_loss": figure(0.45, 0.02)}}
    assert said(challenger(0.1, **seen | {"models": rate}, knew=little), champion()) == (False, "worse")
    assert said(challenger(0.003, knew=little), champion()) == (True, "knew_little")
    assert said(challenger(0.03, knew=little), champion()) == (False, "worse"), "shown on what neither has learned"


def test_an_old_or_drifted_champion_goes_unless_the_new_one_is_shown_to_be_worse() -> None:
    old = champion(last_day="2017-01-01")
    assert said(challenger(0.003), old) == (True, "too_old")
    assert said(challenger(0.03), old) == (False, "worse")
    assert said(challenger(0.003, drift={"miscalibrated": True}), champion()) == (True, "drifted")
    assert said(challenger(0.03, drift={"miscalibrated": True}), champion()) == (False, "worse")
    assert said(challenger(0.003, drift={"miscalibrated": False}), champion()) == (False, "unsure")


def test_without_a_comparison_it_waits_unless_the_champion_is_too_old() -> None:
    nothing = {"version": "2", "digest": "b", "evaluation": {"model": "blend", "champion": {"basis": "none"}}}
    assert said(nothing, champion()) == (False, "not_compared")
    assert said(nothing, champion(last_day="2017-01-01")) == (True, "too_old")
    assert said(challenger(-0.1, version="0"), champion()) == (False, "not_compared"), "with what served before"


def of_kinds(main: dict[str, Any], *others: dict[str, Any], **evaluation: Any) -> dict[str, Any]:
    """A challenger whose kinds differ: the first is of opportunities."""
    new = challenger(kind="OPPORTUNITY", **main)
    new["evaluation"] |= evaluation
    new["evaluation"]["champion"] |= {"others": [{"kind": "LEAD"} | one for one in others]}
    return new


def compared(loss: float, **more: Any) -> dict[str, Any]:
    return dict(challenger(loss, **more)["evaluation"]["champion"])


FALLS = {"basis": "none", "why": "falls_to_prior", "outcomes": 31}


def test_the_worst_of_the_kinds_decides() -> None:
    assert said(of_kinds({"loss": -0.01}, compared(-0.01)), champion()) == (True, "not_worse")
    assert said(of_kinds({"loss": -0.01}, compared(0.003)), champion()) == (False, "unsure")
    assert said(of_kinds({"loss": 0.003}, compared(0.03)), champion()) == (False, "worse")
    assert said(of_kinds({"loss": 0.03}, compared(-0.01)), champion()) == (False, "worse")
    assert said(of_kinds({"loss": -0.01}, FALLS), champion()) == (False, "prior")
    assert said(of_kinds({"loss": -0.01}, compared(0.03) | {"champion_prior": True}), champion()) == (True, "not_worse")
    few = {"basis": "none", "why": "few_outcomes"}
    assert said(of_kinds({"loss": -0.01}, few), champion()) == (True, "not_worse"), "too few rows to judge by"
    decision = decide("lead_scoring", of_kinds({"loss": -0.01}, FALLS), champion(), RULE, TODAY)
    assert decision.text.startswith("opportunities: not worse on 150 records")
    assert "the champion predicts leads" in decision.text
    assert "31 outcomes" in decision.text
    assert {kind: one["code"] for kind, one in decision.figures["kinds"].items()} == {
        "OPPORTUNITY": "not_worse", "LEAD": "prior",
    }  # fmt: skip


def test_another_horizon_is_the_peoples_decision_and_needs_only_to_beat_the_rate() -> None:
    other = {"basis": "none", "why": "other_horizon"}
    days = {"lead_horizon_days": {"champion": 90, "challenger": 45}}

    def new(loss: float, value: float, **more: Any) -> dict[str, Any]:
        leads = {"kind": "LEAD", "test": {"log_loss": {"value": value}}, "baseline": {"log_loss": 0.5}} | more
        made = of_kinds({"loss": loss}, other, kinds=[{"kind": "OPPORTUNITY"}, leads])
        made["evaluation"]["champion"] |= days
        return made

    assert said(new(-0.01, 0.45), champion()) == (True, "new_horizon")
    assert "from 90 to 45" in decide("lead_scoring", new(-0.01, 0.45), champion(), RULE, TODAY).text
    assert said(new(0.03, 0.45), champion()) == (False, "worse"), "opportunities are judged as ever"
    assert said(new(-0.01, 0.52), champion()) == (False, "worse")
    assert said(new(-0.01, 0.52, model="base_rate"), champion()) == (True, "new_horizon")
    assert said(new(-0.01, 0.45, test=None), champion()) == (False, "not_compared")
    alone = {"kind": "LEAD", "version": "1", **other, "lead_horizon_days": {"champion": None, "challenger": 45}}
    figures = {"test": {"log_loss": {"value": 0.45}}, "baseline": {"log_loss": 0.5}, "kinds": [{"kind": "LEAD"}]}
    row = {"version": "2", "digest": "b", "evaluation": {"model": "blend", "champion": alone} | figures}
    assert said(row, champion()) == (True, "new_horizon")
    assert "from any number to 45" in decide("lead_scoring", row, champion(), RULE, TODAY).text


def test_a_champion_that_reads_what_was_left_out_since_is_told_of() -> None:
    decision = decide("lead_scoring", challenger(0.03, left_out_now=["fields.Tags"]), champion(), RULE, TODAY)
    assert (decision.promote, decision.code) == (False, "worse")
    assert "fields.Tags, left out since" in decision.text
    assert "dealcast models promote lead_scoring 2 --reason" in decision.text
    better = decide("lead_scoring", challenger(-0.03, left_out_now=["fields.Tags"]), champion(), RULE, TODAY)
    assert "fields.Tags" not in better.text


def test_first_same_and_prior() -> None:
    assert said(challenger(), None) == (True, "first")
    assert said(challenger() | {"digest": "a"}, champion()) == (False, "same")
    prior = challenger() | {"evaluation": {"model": "prior"}}
    assert said(prior, champion()) == (False, "prior")
    assert said(challenger(), champion(model="prior")) == (True, "prior_served")
    assert said(prior, champion(model="prior")) == (True, "prior_served")


def test_what_held_an_erased_person_goes_whatever_is_compared() -> None:
    old = champion() | {"erased": {"erasure": "e1", "time": "2026-11-22T00:00:00Z"}}
    for new in (challenger(0.5), challenger(0.5) | {"digest": old["digest"]}):
        assert said(new, champion())[0] is False
        assert said(new, old) == (True, "erased")


def test_the_figures_stand_in_the_sentence() -> None:
    decision = decide("lead_scoring", challenger(-0.03, seen=0.4), champion(), RULE, TODAY)
    assert "log loss -0.030 [-0.040, -0.020], allowed +0.012" in decision.text
    assert "part of which the champion learned from" in decision.text
    assert decision.figures["margins"] == {"log_loss": 0.012, "ece": 0.03}


def replayed(owner: float, quarters: tuple[str, ...] = ("2017-Q1", "2017-Q2")) -> dict[str, Any]:
    level = {"nodes": 4, "crps": owner, "dealcast": {"wape": owner}}
    path = {"columns": ["as_of"], "rows": []}  # which is no level
    return {"quarters": list(quarters), "path": path, "company": level, "owner": level}


def test_a_forecast_is_judged_by_replays_of_the_same_quarters() -> None:
    def judged(new: dict[str, Any], old: dict[str, Any]) -> tuple[bool, str]:
        row = {"version": "2", "digest": "b", "evaluation": {"champion": {"version": "1"} | backtests(new, old)}}
        decision = decide("forecast", row, champion(), RULE, TODAY)
        return decision.promote, decision.code

    assert set(backtests(replayed(0.2), replayed(0.19))["levels"]) == {"company", "owner"}
    assert judged(replayed(0.2), replayed(0.19)) == (True, "not_worse")
    assert judged(replayed(0.25), replayed(0.19)) == (False, "worse")
    assert judged(replayed(0.25), replayed(0.19, ("2017-Q1",))) == (True, "not_compared")
    assert judged({"quarters": []}, {"quarters": []}) == (True, "not_compared")


@pytest.mark.parametrize(
    ("given", "field"),
    [({"confidence": 0.5}, "confidence"), ({"ece_margin": -1}, "ece_margin"), ({"max_age_days": 1.5}, "max_age_days"),
     ({"log_loss_margin": True}, "log_loss_margin"), ({"x": 1}, "x")],
)  # fmt: skip
def test_wrong_rules_are_refused_by_name(given: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        PromotionRule.of(given)
    assert caught.value.field == f"promotion.{field}"
