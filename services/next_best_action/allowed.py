"""What would have been suggested on past days: what may not be suggested gains nothing.

By the catalogue in use, on the record as it stood: its conditions, its contact limits by the contacts logged by then,
and who could be reached, by the people on the deal and what they had said yes or no to by then (a consent without a day
counts as always given). What was dismissed or snoozed is not known: that is logged of what was shown only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from kit.money import Money
from learning.contact_counts import count_contacts
from learning.records import Contact, ContactRole, DealHistory, Outcome
from learning.snapshots import end_of
from services.next_best_action.catalogue import Catalogue
from services.next_best_action.domain import Asked
from services.next_best_action.expressions import activation
from services.next_best_action.features import standing
from services.next_best_action.model import ActionModel
from services.next_best_action.ranking import open_now
from services.next_best_action.service import situation

Scores = Mapping[str, Mapping[date, float]]  # by deal and day


@dataclass(frozen=True)
class Allowed:
    """Of decisions, by row: the deal's history and the day whose end is looked at."""

    catalogue: Catalogue
    actions: Sequence[str]
    histories: Sequence[DealHistory]
    days: Sequence[date]
    model: ActionModel = field(default_factory=ActionModel)  # of usual amounts
    scores: Scores = field(default_factory=dict)

    def __call__(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(rows, 1 + actions) whether each may be suggested. Nothing, the first, always may."""
        found = np.ones((len(rows), 1 + len(self.actions)), dtype=np.bool_)
        for number, row in enumerate(rows.tolist()):
            may = self._open(self.histories[row], self.days[row])
            found[number, 1:] = [name in may for name in self.actions]
        return found

    def _open(self, history: DealHistory, day: date) -> set[str]:
        state = standing(history, day).state
        deal = replace(history.deal, outcome=Outcome.OPEN, deleted=False)
        worth = state["amount"] if isinstance(state["amount"], Money) else None
        counters = count_contacts(history.activities, end_of(day) - timedelta(microseconds=1))
        on_it = state["contacts"] if isinstance(state["contacts"], tuple) else ()
        roles = {one.contact_id: one.role for one in on_it if isinstance(one, ContactRole)}
        people = tuple((_as_of(person, day), roles[person.id]) for person, _ in history.contacts if person.id in roles)
        then = replace(history, deal=deal, counters=counters, contacts=people)
        seen = situation(Asked(then, day, self._chance(deal.id, day), worth), self.catalogue, self.model)
        open_actions, _ = open_now(seen, self.catalogue, self.model, activation(seen.variables))
        return {action.name for action, _ in open_actions}

    def _chance(self, deal_id: str, day: date) -> float:
        """The last score up to the day, else the first, else the usual share won."""
        scores = self.scores.get(deal_id, {})
        if not scores:
            return self.catalogue.win_rate if self.model.win_rate is None else self.model.win_rate
        return scores[max((each for each in scores if each <= day), default=min(scores))]


def _as_of(person: Contact, day: date) -> Contact:
    """With what was said by then."""
    return replace(person, consents=tuple(one for one in person.consents if one.day is None or one.day <= day))
