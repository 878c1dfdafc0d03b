"""What the catalogue's conditions would have let be suggested on past days: what may not be suggested gains nothing.

Conditions are those of the catalogue in use, on the record as it stood. Contact limits, consent and answers are not
counted: a history holds them as they are now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from kit.money import Money
from learning.records import DealHistory, Outcome
from services.next_best_action.catalogue import Catalogue
from services.next_best_action.domain import Asked
from services.next_best_action.expressions import activation
from services.next_best_action.features import standing
from services.next_best_action.model import ActionModel
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
        places = [[action.name for action in self.catalogue.actions].index(name) for name in self.actions]
        found = np.ones((len(rows), 1 + len(places)), dtype=np.bool_)
        for number, row in enumerate(rows.tolist()):
            holding = self._holding(self.histories[row], self.days[row])
            found[number, 1:] = [holding >> place & 1 for place in places]
        return found

    def _holding(self, history: DealHistory, day: date) -> int:
        deal = replace(history.deal, outcome=Outcome.OPEN, deleted=False)
        amount = standing(history, day).state["amount"]
        worth = amount if isinstance(amount, Money) else None
        asked = Asked(replace(history, deal=deal), day, self._chance(deal.id, day), worth)
        return self.catalogue.gates.holding(activation(situation(asked, self.catalogue, self.model).variables))

    def _chance(self, deal_id: str, day: date) -> float:
        """The last score up to the day, else the first, else the usual share won."""
        scores = self.scores.get(deal_id, {})
        if not scores:
            return self.catalogue.win_rate if self.model.win_rate is None else self.model.win_rate
        return scores[max((each for each in scores if each <= day), default=min(scores))]
