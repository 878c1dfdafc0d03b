"""Decisions: probabilities by policy, replayed from the log alone, and as frequent as they say."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date
from functools import cache

import pytest

from learning.action_policies import ActionPolicies, ActionPolicy
from services.next_best_action import catalogue, convert
from services.next_best_action.domain import Decision, Effect, Policy, Ranking
from services.next_best_action.model import ActionModel
from services.next_best_action.policy import draw, uniform
from services.next_best_action.ranking import rank
from services.next_best_action.service import situation
from tests.unit.next_best_action.nba_builders import asked, person

ACTIONS = replace(catalogue.load(), policy=Policy(near=0.6, most_exploring=0.5))
MODEL = ActionModel(
    effects={name: Effect(mean, mean - 0.2, mean + 0.2, learned=True)
             for name, mean in (("call", 0.25), ("meeting", 0.3), ("mail", 0.22), ("demo", 0.28))},
    outcomes=500,
)  # fmt: skip
POLICIES = ActionPolicies(
    "default", (ActionPolicy("default"), ActionPolicy("playbook", 0.3, "playbook"), ActionPolicy("one", 0.1, near=0.0)),
    control_share=0.1,
)  # fmt: skip
SEED, DEALS = 11, 1_000


def ranked(place: int, model: ActionModel = MODEL, policies: ActionPolicies = POLICIES) -> Ranking:
    question = asked(id=f"d{place}", contacts=((person(), "decides"),), owner_id=f"u{place % 7}")
    return rank(situation(question, ACTIONS, model), ACTIONS, model, policies, seed=SEED)


@cache
def log() -> list[tuple[Ranking, Decision]]:
    found = [ranked(place) for place in range(DEALS)]
    return [(each, each.decision) for each in found if each.decision is not None]


def test_probabilities_of_each_policy_sum_to_one_and_its_own_is_the_propensity() -> None:
    assert len(log()) == DEALS
    for _, one in log():
        sums: dict[str, float] = defaultdict(float)
        for policy, _, chance in one.chances:
            sums[policy] += chance
        assert sums == pytest.approx({"default": 1.0, "playbook": 1.0, "one": 1.0}, abs=1e-12)
        assert one.propensity in [chance for policy, action, chance in one.chances
                                  if (policy, action) == (one.policy, one.action)]  # fmt: skip


def test_a_replay_of_the_log_draws_the_same_with_the_same_propensity() -> None:
    for place, (_, one) in enumerate(log()):
        mine = [(action, chance) for policy, action, chance in one.chances if policy == one.policy]
        at = uniform(SEED, f"d{place}", one.since, one.policy, [action for action, _ in mine if action])
        action, chance = mine[draw([chance for _, chance in mine], at)]
        assert (action, chance) == (one.action, one.propensity)
    assert [each for each, _ in log()[:50]] == [ranked(place) for place in range(50)]


def test_actions_are_drawn_as_often_as_their_propensities_say() -> None:
    for policy in ("default", "playbook"):
        rows = [one for _, one in log() if one.policy == policy]
        expected: dict[str, float] = defaultdict(float)
        for one in rows:
            for name, action, chance in one.chances:
                expected[action] += chance if name == policy else 0
        drawn = Counter(one.action for one in rows)
        assert len([action for action, count in expected.items() if count > 0]) > 1
        for action, count in expected.items():
            assert drawn[action] == pytest.approx(count, abs=4 * (len(rows) * 0.25) ** 0.5)


def test_the_control_group_sees_nothing_and_has_its_size() -> None:
    kept_apart = [each for each, one in log() if one.control]
    assert all(each.suggestions == () for each in kept_apart)
    assert all(each.suggestions for each, one in log() if not one.control)
    assert len(kept_apart) / DEALS == pytest.approx(0.1, abs=4 * (0.09 / DEALS) ** 0.5)
    assert dict(log()[0][1].shares) == pytest.approx({"": 0.1, "default": 0.54, "playbook": 0.27, "one": 0.09})


def test_the_control_group_stays_whoever_decides_by_whatever_model() -> None:
    def apart(policies: ActionPolicies, model: ActionModel = MODEL) -> set[int]:
        decisions = {place: ranked(place, model, policies).decision for place in range(80)}
        return {place for place, one in decisions.items() if one is not None and one.control}

    known, other = apart(POLICIES), replace(MODEL, outcomes=900, effects={"call": MODEL.effects["mail"]})
    assert known
    assert apart(ActionPolicies(control_share=0.1)) == apart(POLICIES, other) == known
    assert apart(replace(POLICIES, control_share=0.2)) > known


def test_without_a_model_nothing_is_left_to_chance_and_nobody_is_kept_apart() -> None:
    for place in range(50):
        found = ranked(place, ActionModel(), ActionPolicies())
        assert found.suggestions
        assert found.decision is not None
        assert not found.decision.control
        assert [chance for _, _, chance in found.decision.chances] == [1.0]
        assert found.decision.shares == {"default": 1.0}


def test_owners_may_be_assigned_as_a_whole() -> None:
    policies = replace(POLICIES, unit="owner", control_share=0.5)
    found: dict[int, set[tuple[bool, str]]] = defaultdict(set)
    for place in range(140):
        one = ranked(place, policies=policies).decision
        assert one is not None
        found[place % 7].add((one.control, one.policy))
    assert all(len(each) == 1 for each in found.values())
    assert len({control for each in found.values() for control, _ in each}) == 2


def test_a_decision_travels_with_the_insight() -> None:
    from kit.clock import FixedClock
    from services.next_best_action.service import NextBestAction
    from tests.unit.next_best_action.nba_builders import DAY, Prior

    (answer,) = NextBestAction(ACTIONS, Prior(), FixedClock(DAY)).answer([asked()])
    sent = convert.next_actions_to_pb(answer).decision
    assert (sent.policy, sent.control, date.fromisoformat(sent.since).weekday()) == ("default", False, 0)
    assert [(one.policy, one.action, one.probability) for one in sent.chances] == [("default", sent.action, 1.0)]
    assert sent.propensity == 1.0
