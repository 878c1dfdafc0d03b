"""The renewal talk is due at 90, 60 and 30 days before the contract's end, each until somebody got in touch."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from learning.records import Motion
from services.next_best_action import catalogue
from services.next_best_action.model import ActionModel
from services.next_best_action.ranking import rank
from services.next_best_action.service import situation
from tests.unit.next_best_action.nba_builders import DAY, activity, asked, person

ACTIONS = catalogue.load()
EVERY = replace(ACTIONS, policy=replace(ACTIONS.policy, shown=20))


@pytest.mark.parametrize(
    ("left", "contacted", "due"),
    [
        (91, None, False), (90, None, True), (75, None, True), (75, 16, True), (75, 14, False), (60, 10, True),
        (60, 1, False), (55, 4, False), (55, 6, True), (31, 28, False), (30, 28, True), (10, 15, False), (10, 25, True),
        (-5, None, True),
    ],
)  # fmt: skip
def test_when_it_is_due(left: int, contacted: int | None, *, due: bool) -> None:
    done = () if contacted is None else (activity("call", "outbound", contacted + 0.5),)
    question = asked(
        motion=Motion.RENEWAL, contacts=((person(), "decides"),), activities=done,
        close_date=DAY + timedelta(days=200), fields={"renews_end": DAY + timedelta(days=left)},
    )  # fmt: skip
    found = rank(situation(question, EVERY, ActionModel()), EVERY, ActionModel())
    talk = [one for one in found.suggestions if one.action.name == "renewal_talk"]
    assert bool(talk) is due
    if due and left >= 0:
        assert talk[0].reasons[0].text_en == f"the contract ends in {left} days"
