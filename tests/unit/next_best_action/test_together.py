"""Conditions answered together say the same as one by one."""

from __future__ import annotations

from services.next_best_action import catalogue, expressions
from services.next_best_action.features import variables
from tests.unit.next_best_action.nba_builders import DAY, activity, asked

ACTIONS = catalogue.load()
TEXTS = ["contacts == 0", "10 / contacts > 1", "overdue // or not", "kind == 'OPPORTUNITY'"] * 20


def activation() -> object:
    question = asked(activities=(activity("mail", "inbound", 3, "discount?"),))
    found = variables(question.history, DAY, probability=0.4, slip_risk=0.0, amount=1.0, usual=1.0,
                      signals=ACTIONS.signals.read(question.history.activities, DAY).names)  # fmt: skip
    return expressions.activation(found)


def test_more_than_a_sum_holds_and_one_that_fails_does_not_spoil_the_others() -> None:
    conditions = [expressions.Condition(text, where=str(place)) for place, text in enumerate(TEXTS)]
    values = activation()
    bits = expressions.Together(conditions).holding(values)
    assert [bool(bits >> place & 1) for place in range(len(TEXTS))] == [each.holds(values) for each in conditions]
    assert [bool(bits >> place & 1) for place in range(4)] == [True, False, False, True]


def test_phrases_too() -> None:
    values = activation()
    bits = ACTIONS.said.holding(values)
    for place, (_, condition) in enumerate(ACTIONS.phrases.values()):
        assert bool(bits >> place & 1) == condition.holds(values)
    assert bits


def test_conditions_too_deep_for_one_expression_are_answered_one_by_one() -> None:
    deep = expressions.Condition("(" * 20 + "overdue" + " || true)" * 20, where="deep")
    bits = expressions.Together([deep] * 40).holding(activation())
    assert bits == (1 << 40) - 1
