"""One kind's model: what all pipelines teach together, and beside it what some of them teach alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from learning.columns import Codes, Floats, Table, Texts
from learning.encoder import ChoiceColumn, Column
from learning.linear import Scores
from learning.reasons import Names
from services.lead_scoring.domain import Score
from services.lead_scoring.part_model import Describer, PartModel

PIPELINE = "pipeline"


@dataclass(frozen=True, slots=True)
class Own:
    """What a pipeline teaches alone, and its share of the score, between 0 and 1."""

    share: float
    model: PartModel


@dataclass(frozen=True)
class Pooled:
    """log-odds = (1 − share) × together's + share × the pipeline's own; together's alone where a pipeline has none."""

    together: PartModel
    own: Mapping[str, Own] = field(default_factory=dict)

    @property
    def prior(self) -> bool:
        """Whether no trained model stands behind any number."""
        return self.together.prior and not self.own

    def priors(self, table: Table) -> NDArray[np.bool_]:
        """The rows of which that is true."""
        found = np.full(table.rows, self.together.prior)
        for rows, _ in self._alone(table):
            found[rows] = False
        return found

    @cached_property
    def encoded(self) -> tuple[Column, ...]:
        """Every column that is read: together's first."""
        found = {column.name: column for column in self.together.encoded}
        if self.own and PIPELINE not in found:  # it tells the pipelines' different averages
            found[PIPELINE] = ChoiceColumn(PIPELINE, tuple(self.own))
        for one in self.own.values():
            found = {column.name: column for column in one.model.encoded} | found
        first = [column.name for column in self.together.encoded]
        return tuple(found[name] for name in [*first, *sorted(set(found) - set(first))])

    @cached_property
    def _describer(self) -> Describer:
        evidence = dict(self.together.evidence)
        for one in self.own.values():
            evidence = {**one.model.evidence, **evidence}
        return Describer(self.encoded, evidence)

    def score(self, table: Table) -> Scores:
        """Every row's log-odds and interval."""
        found = self.together.score(table)
        log_odds, deviation = found.log_odds, found.deviation
        for rows, one in self._alone(table):
            told = one.model.score(table.take(rows))
            log_odds[rows] += one.share * (told.log_odds - log_odds[rows])
            deviation[rows] = _joined(deviation[rows], told.deviation, one.share)
        return Scores(log_odds, deviation)

    def explain(self, table: Table, names: Names | None, top: int, horizon_days: int = 0) -> Iterator[Score]:
        """Every row's score with its reasons. What sets a pipeline's average apart is told of its column."""
        found = self.together.explained(table)
        flags = [(self.together.prior, self.together.nothing_predicts)] * table.rows
        if not self.own:
            return self._describer.scores(table, found, flags, names, top, horizon_days)
        place = {name: index for index, name in enumerate(self._describer.names)}
        effects = np.zeros((table.rows, len(place)))
        effects[:, : found.effects.shape[1]] = found.effects
        deviation = found.deviation
        for rows, one in self._alone(table):
            told = one.model.explained(table.take(rows))
            own = np.zeros((len(rows), len(place)))
            own[:, [place[column.name] for column in one.model.encoded]] = told.effects
            own[:, place[PIPELINE]] += told.base - found.base
            effects[rows] += one.share * (own - effects[rows])
            deviation[rows] = _joined(deviation[rows], told.deviation, one.share)
            for row in rows.tolist():
                flags[row] = (False, False)
        mixed = replace(found, effects=effects, deviation=deviation)
        return self._describer.scores(table, mixed, flags, names, top, horizon_days)

    def _alone(self, table: Table) -> Iterator[tuple[Codes, Own]]:
        """The rows of each pipeline that has something of its own."""
        column = table.columns.get(PIPELINE)
        if not self.own or not isinstance(column, Texts):
            return
        for code, name in enumerate(column.dictionary):
            if name in self.own:
                rows = np.flatnonzero(column.codes == code)
                if len(rows):
                    yield rows, self.own[name]


def _joined(together: Floats, alone: Floats, share: float) -> Floats:
    """The deviation of both as if they always erred alike: the most it can be, and both learn from the same rows."""
    return (1 - share) * together + share * alone
