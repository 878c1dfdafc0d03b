"""How long an answer keeps an action away."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from kit.money import Money
from learning.answers import About, Answered, Verb, hidden_until
from learning.records import Deal

DAY = date(2026, 3, 2)
DEAL = Deal("d", 1, stage="Proposal", amount=Money("USD", 100_000), close_date=date(2026, 4, 30))
DISMISSED = Answered("call", Verb.DISMISS, DAY, about=About.of(DEAL))


@pytest.mark.parametrize(("verb", "days"), [(Verb.DONE, 7), (Verb.DISMISS, 14)])
def test_done_and_dismissed_stay_away_for_their_days(verb: Verb, days: int) -> None:
    one = replace(DISMISSED, verb=verb)
    again = DAY + timedelta(days=days)
    assert hidden_until(one, DEAL, again - timedelta(days=1)) == again
    assert hidden_until(one, DEAL, again) is None


def test_a_snooze_lasts_until_its_day_whatever_happens() -> None:
    one = Answered("call", Verb.SNOOZE, DAY, date(2026, 3, 9), About.of(DEAL))
    assert hidden_until(one, replace(DEAL, stage="Closing"), date(2026, 3, 8)) == date(2026, 3, 9)
    assert hidden_until(one, DEAL, date(2026, 3, 9)) is None


def test_an_accepted_action_stays() -> None:
    assert hidden_until(replace(DISMISSED, verb=Verb.ACCEPT), DEAL, DAY) is None


@pytest.mark.parametrize(
    ("changed", "hidden"),
    [
        (replace(DEAL, stage="Closing"), False),
        (replace(DEAL, close_date=date(2026, 5, 31)), False),
        (replace(DEAL, amount=Money("USD", 111_000)), False),
        (replace(DEAL, amount=None), False),
        (replace(DEAL, amount=Money("EUR", 100_000)), False),
        (replace(DEAL, amount=Money("USD", 109_000)), True),
        (replace(DEAL, name="Another name", revision=7), True),
    ],
)
def test_a_dismissal_ends_when_the_deal_is_another_one(changed: Deal, hidden: bool) -> None:
    assert (hidden_until(DISMISSED, changed, DAY) is not None) is hidden
    assert hidden_until(replace(DISMISSED, about=None), changed, DAY) is not None
    assert hidden_until(replace(DISMISSED, verb=Verb.DONE), changed, DAY) is not None
