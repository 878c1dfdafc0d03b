"""The effect of showing: first decisions, known rewards, and "cannot tell" where the log cannot."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from accuracy.showing import World, simulate
from learning.answers import Verb
from learning.decisions import NOTHING, Decided, Said
from learning.history import HistoryWriter, Manifest, read_history
from learning.history_rows import deal_row
from learning.records import Deal, Outcome
from services.next_best_action import showing
from services.next_best_action.domain import Action, Effect
from services.next_best_action.model import ActionModel

START = date(2026, 1, 5)
ACTIONS = (Action("call", "Call", ""), Action("mail", "Mail", ""))
MODEL = ActionModel(effects={"call": Effect(0.5, 0.2, 0.8, learned=True), "mail": Effect(0.3, 0.0, 0.6, learned=True)})


def test_policies_and_actions_are_told_apart_where_the_log_can() -> None:
    world = World(deals=4_000, effects={"call": 1.2, "mail": 0.0}, seed=1)
    decided, won = simulate(world)
    table = showing.gather(decided, won, {})
    values, differences = showing.policies(table)
    assert set(values) == {"default", "mails"}
    assert differences["default"]["mails"]["low"] > 0
    assert differences["mails"]["default"]["high"] < 0
    assert differences["default"]["mails"]["value"] == pytest.approx(-differences["mails"]["default"]["value"])
    shown, told = showing.effects(table, MODEL, ACTIONS, {NOTHING: 0.5})
    assert told["call"]["learned"]
    assert told["call"]["low"] > 0
    assert shown["call"].effect.mean > shown["mail"].effect.mean


def test_rows_are_the_first_decision_of_each_deal() -> None:
    decided, _ = simulate(World(deals=5))
    later = [replace(one, day=one.day + timedelta(days=7)) for one in decided]
    assert showing.first_of_each([*decided, *later]) == list(decided)


def test_without_a_control_group_the_effect_of_an_action_stays_the_belief() -> None:
    decided, won = simulate(World(deals=600, control=0.0))
    shown, told = showing.effects(showing.gather(decided, won, {}), MODEL, ACTIONS, {NOTHING: 0.5})
    assert told["call"]["why"] == "never done in this log"
    assert not told["call"]["learned"]
    assert shown["call"].effect.mean == pytest.approx(0.25)


def test_a_policy_that_would_do_what_was_never_shown_cannot_be_told() -> None:
    decided, won = simulate(World(deals=600))
    stranger = [replace(one, chances={**one.chances, "visits": {"visit": 1.0}}) for one in decided]
    values, differences = showing.policies(showing.gather(stranger, won, {}))
    assert values["visits"]["why"]
    assert differences["visits"]["default"]["why"]
    assert values["visits"]["value"] is None


def test_uptake_is_what_was_answered_within_two_weeks() -> None:
    decided, _ = simulate(World(deals=300, control=0.0))
    said = [Said(one.deal_id, one.shown, Verb.DONE if place % 2 else Verb.ACCEPT,
                 datetime.combine(one.day, datetime.min.time(), UTC) + timedelta(days=place % 5))
            for place, one in enumerate(decided) if one.shown == "call"]  # fmt: skip
    late = [replace(one, time=one.time + timedelta(days=40)) for one in said]
    today = START + timedelta(days=200)
    found, none = showing.taken_up(decided, said, today), showing.taken_up(decided, late, today)
    assert found["call"] > 0.8
    assert found["mail"] < found[NOTHING] < found["call"]
    assert none["call"] < 0.1
    assert showing.taken_up(decided, said, START) == {NOTHING: showing.USUAL_UPTAKE}


def logged(one: Decided) -> dict[str, Any]:
    chances = [{"policy": policy, "action": action, "probability": chance}
               for policy, each in one.chances.items() for action, chance in each.items()]  # fmt: skip
    return {
        "deal_id": one.deal_id, "since": one.since, "day": one.day, "policy": one.policy, "control": one.control,
        "action": one.action, "propensity": one.propensity, "chances": json.dumps(chances),
        "shares": json.dumps(dict(one.shares)),
    }  # fmt: skip


def test_training_reads_the_log_from_the_history(tmp_path: Path) -> None:
    world = World(deals=400)
    decided, won = simulate(world)
    as_of = datetime(2026, 12, 31, 23, tzinfo=UTC)
    with HistoryWriter(tmp_path, Manifest(as_of, as_of.date(), "USD")) as writer:
        deals = [Deal(one.deal_id, 1, outcome=Outcome.WON if one.deal_id in won else Outcome.LOST,
                      closed_date=won.get(one.deal_id, one.day)) for one in decided]  # fmt: skip
        writer.append("deals", [deal_row(deal) for deal in deals])
        writer.append("decisions", [logged(one) for one in decided])
        writer.append("feedback", [{
            "id": "f1", "deal_id": decided[0].deal_id, "action": "call", "verb": "done", "time": as_of, "undone": False,
        }])  # fmt: skip
    folder = read_history(tmp_path)
    assert folder.decisions() == sorted(decided, key=lambda one: (one.day, one.deal_id))
    assert [one.verb for one in folder.feedback()] == [Verb.DONE]
    shown, told = showing.learn(folder, {}, MODEL, ACTIONS)
    assert (told["rows"], told["waiting"]) == (400, 0)
    assert set(told) >= {"policies", "differences", "actions", "uptake"}
    json.dumps(told, allow_nan=False)
    model = replace(MODEL, showing=shown, evaluation={"showing": told})
    model.save(tmp_path)
    assert ActionModel.load(tmp_path) == model
    action = ACTIONS[0]
    assert model.effect_by("showing", action) == (shown["call"].effect, shown["call"].uptake)
    assert model.effect_by("doing", action)[0] == MODEL.effects["call"]
    early = read_history(tmp_path)
    early.manifest = replace(early.manifest, business_day=START + timedelta(days=30))
    assert showing.learn(early, {}, MODEL, ACTIONS)[1]["rows"] == 0
