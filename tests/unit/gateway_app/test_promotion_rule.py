"""Which versions serve without being asked."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kit.errors import InvalidInput
from services.gateway.champions import backtests
from services.gateway.promotion import PromotionRule, decide

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
    assert said(challenger(-0.01, ece=0.025), champion()) == (False, "worse"), "calibration counts too"
    assert said(challenger(0.001), champion(), PromotionRule(confidence=0.975)) == (False, "unsure")
    assert said(challenger(0.003), champion(), PromotionRule(log_loss_margin=0.05)) == (True, "not_worse")


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


def test_first_same_and_prior() -> None:
    assert said(challenger(), None) == (True, "first")
    assert said(challenger() | {"digest": "a"}, champion()) == (False, "same")
    prior = challenger() | {"evaluation": {"model": "prior"}}
    assert said(prior, champion()) == (False, "prior")
    assert said(challenger(), champion(model="prior")) == (True, "prior_served")
    assert said(prior, champion(model="prior")) == (True, "prior_served")


def test_the_figures_stand_in_the_sentence() -> None:
    decision = decide("lead_scoring", challenger(0.03, seen=0.4), champion(), RULE, TODAY)
    assert "log loss +0.030 [+0.020, +0.040], allowed +0.012" in decision.text
    assert "part of which the champion learned from" in decision.text
    assert decision.figures["margins"] == {"log_loss": 0.012, "ece": 0.03}


def replayed(owner: float, quarters: tuple[str, ...] = ("2017-Q1", "2017-Q2")) -> dict[str, Any]:
    level = {"nodes": 4, "crps": owner, "dealcast": {"wape": owner}}
    return {"quarters": list(quarters), "company": level, "owner": level}


def test_a_forecast_is_judged_by_replays_of_the_same_quarters() -> None:
    def judged(new: dict[str, Any], old: dict[str, Any]) -> tuple[bool, str]:
        row = {"version": "2", "digest": "b", "evaluation": {"champion": {"version": "1"} | backtests(new, old)}}
        decision = decide("forecast", row, champion(), RULE, TODAY)
        return decision.promote, decision.code

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
