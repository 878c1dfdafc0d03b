"""Use cases: deals in, scores out, by the model in use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from kit.clock import Clock, as_of
from kit.models import Pointer
from kit.subjects import insight_id
from learning.columns import Table
from learning.linear import Scores
from learning.records import DealHistory
from learning.snapshots import Row, row_at
from services.lead_scoring.domain import PRIOR_VERSION, ModelInfo, Score, settled, shares
from services.lead_scoring.features import names_of, rows_table
from services.lead_scoring.model import Mask, ScoreModel
from services.lead_scoring.whatif import Difference, Hypothesis, check, check_known, differences, supposed

KIND = "lead_score"


class CurrentModel(Protocol):
    """Tells the model in use; without a pointer it is the built-in prior."""

    @property
    def current(self) -> tuple[ScoreModel, Pointer | None]: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A deal to be scored as of the end of a business day.

    row: its columns where whoever asks has read them already; `history` then holds what is told beside them alone.
    """

    history: DealHistory
    day: date
    row: Row | None = None

    @property
    def columns(self) -> Row:
        """As `learning.snapshots.row_at` gives them."""
        return row_at(self.history, self.day) if self.row is None else self.row


@dataclass(frozen=True, slots=True)
class Answer:
    """A score with what orders and identifies it."""

    deal_revision: int
    generation: int
    day: date
    insight_id: str
    model_version: str
    as_of: datetime
    score: Score


@dataclass(frozen=True, slots=True)
class Supposed:
    """A deal's answer as it is and as it would be, and what makes the difference."""

    before: Answer
    after: Answer
    differences: list[Difference]


class LeadScoring:
    """Scores and explains deals with the model in use; every call sees one model from start to end."""

    def __init__(self, models: CurrentModel, clock: Clock) -> None:
        self._models = models
        self._clock = clock

    def info(self) -> ModelInfo:
        """The model in use."""
        model, pointer = self._models.current
        version, generation, digest = _identity(pointer)
        return ModelInfo(version, generation, digest, model.prior, model.columns, dict(model.evaluation))

    def answer(self, deals: Sequence[Asked]) -> list[Answer]:
        """Each deal's score with its reasons, in order. A closed record carries its outcome, a deleted one 0."""
        model, pointer = self._models.current
        version, generation, _ = _identity(pointer)
        scores = _fill(deals, lambda table: model.explain(table, names_of([one.history for one in deals])), model)
        full = map(_with_contributions, scores)
        return [self._answer(deal, score, version, generation) for deal, score in zip(deals, full, strict=True)]

    def what_if(self, asked: Asked, hypothesis: Hypothesis) -> Supposed:
        """An open deal's score as it is and as it would be. Raises Conflict, InvalidInput (check and check_known)."""
        check(asked.history, hypothesis.values)
        model, pointer = self._models.current
        check_known(asked.history, hypothesis.values, model.encoded, model.known)
        other = Asked(supposed(asked.history, asked.day, hypothesis.values), asked.day)
        version, generation, _ = _identity(pointer)
        names = names_of([asked.history, replace(other.history, owner_path=())])
        if "owner_id" in hypothesis.values and hypothesis.owner_name:
            names["owner_id"][other.history.deal.owner_id] = hypothesis.owner_name
        pair = [asked, other]
        rows = asked.columns, other.columns
        table = rows_table(rows, [one.day for one in pair], model.columns)
        before, after = (_with_contributions(score) for score in model.explain(table, names))
        return Supposed(
            self._answer(asked, before, version, generation),
            replace(self._answer(other, after, version, generation), insight_id=""),  # nobody takes it for the record's
            differences(before, after, rows, asked.day, names),
        )  # fmt: skip

    def score(self, deals: Sequence[Asked]) -> tuple[list[Score], str]:
        """The same without reasons, and the model's version."""
        model, pointer = self._models.current
        return _fill(deals, lambda table: _plain(model.score(table), model.priors(table)), model), _identity(pointer)[0]

    def score_table(self, table: Table) -> tuple[Scores, ModelInfo]:
        """Scores of feature rows given as columns, vectorised."""
        model, pointer = self._models.current
        return model.score(table), ModelInfo(*_identity(pointer), bool(model.priors(table).all()))

    def _answer(self, asked: Asked, score: Score, version: str, generation: int) -> Answer:
        deal, day = asked.history.deal, asked.day
        name = insight_id(KIND, deal.id, deal.revision, generation, day.isoformat(), "", version)
        return Answer(deal.revision, generation, day, name, version, as_of(self._clock.now(), day), score)


def _identity(pointer: Pointer | None) -> tuple[str, int, str]:
    return (pointer.version, pointer.generation, pointer.digest) if pointer else (PRIOR_VERSION, 0, "")


def _with_contributions(score: Score) -> Score:
    """The score with contributions, made from its reasons where the model tells no more."""
    if score.contributions or not score.reasons:
        return score
    effects = [(reason.field, reason.effect) for reason in score.reasons]
    return replace(score, contributions=shares(effects, sum(effect for _, effect in effects)))


class _Scorer(Protocol):
    def __call__(self, table: Table, /) -> list[Score]: ...


def _fill(deals: Sequence[Asked], scorer: _Scorer, model: ScoreModel) -> list[Score]:
    """Settled scores where the deal is over, the scorer's for all others at once."""
    known = [settled(asked.history.deal) for asked in deals]
    wanted = [asked for asked, score in zip(deals, known, strict=True) if score is None]
    if not wanted:
        return [score for score in known if score is not None]
    table = rows_table([one.columns for one in wanted], [one.day for one in wanted], model.columns)
    computed = iter(scorer(table))
    return [next(computed) if score is None else score for score in known]


def _plain(scores: Scores, priors: Mask) -> list[Score]:
    rows = zip(scores.probability.tolist(), scores.low.tolist(), scores.high.tolist(), priors.tolist(), strict=True)
    return [Score(probability, low, high, prior=prior) for probability, low, high, prior in rows]
