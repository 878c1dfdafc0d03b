"""Where reps act on what no record shows, training tells of poor overlap and of no gain."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np

from learning.records import Activity, Change, Deal, DealHistory, DealKind, Outcome
from services.next_best_action import catalogue
from services.next_best_action.model import ActionModel
from services.next_best_action.situations_training import learn

BORN = datetime(2025, 1, 6, 9, tzinfo=UTC)
WEEKS = 4
CLOSED = timedelta(days=7 * WEEKS + 1)


def logged(hunch: float, deals: int = 450) -> Iterator[DealHistory]:
    """Deals of a hidden health that half of a field tells of; reps call by chance, and the healthy ones by `hunch`."""
    rng = np.random.default_rng(1)
    for number in range(deals):
        health = float(rng.normal())
        won = rng.random() < 1 / (1 + np.exp(-1.5 * health))
        calls = rng.random(WEEKS) < 1 / (1 + np.exp(-hunch * health))
        born = BORN + timedelta(days=7 * (number % 40))
        log = tuple(Activity(f"a{number}-{week}", f"d{number}", "call", "outbound", born + timedelta(days=7 * week + 8))
                    for week in np.flatnonzero(calls).tolist())  # fmt: skip
        outcome = Outcome.WON if won else Outcome.LOST
        seen = health + float(rng.normal())
        end = Change("outcome", outcome.value, born + CLOSED, born + CLOSED)
        first: dict[str, str | float] = {
            "kind": "OPPORTUNITY", "outcome": "OPEN", "stage": "Open", "fields.Fit": seen
        }  # fmt: skip
        changes = (*(Change(name, value, born, born) for name, value in first.items()), end)
        deal = Deal(f"d{number}", kind=DealKind.OPPORTUNITY, outcome=outcome, created_time=born,
                    closed_date=(born + CLOSED).date())  # fmt: skip
        yield DealHistory(deal, changes, log)


def test_reasons_to_act_that_no_record_shows_are_told_as_poor_overlap() -> None:
    effects, told = learn(logged(hunch=1.2), date(2026, 3, 1), catalogue.load(), (), ActionModel(), {})
    assert effects is None
    assert told["claim"] == "none"
    assert told["why"].startswith("poor overlap")


def test_actions_left_to_chance_are_not_called_poor_overlap() -> None:
    _, told = learn(logged(hunch=0.0), date(2026, 3, 1), catalogue.load(), (), ActionModel(), {})
    assert told["deeds"] > 500
    assert not told["why"].startswith("poor overlap")
    assert told["claim"] != "gain"  # a call does nothing here
