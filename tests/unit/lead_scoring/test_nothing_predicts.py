"""Where nothing predicts, that is found out, and said all the way to the page."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from dealcast.events.v1 import events_pb2
from kit.clock import FixedClock
from kit.models import Pointer
from learning.blend import Stack
from learning.calibration import logit, sigmoid
from learning.columns import Floats, Table, Texts
from learning.guard_histories import Verdict
from learning.parallel import workers
from learning.records import Deal, DealHistory, Outcome
from learning.wire import deal_event
from services.gateway.convert import add_insight, insight_from_event
from services.gateway.domain import InsightKind, Record
from services.gateway.merged import View, merged
from services.gateway.web.views import deal_view
from services.gateway.web.words import Words
from services.lead_scoring import convert, forward
from services.lead_scoring.dataset import Dataset
from services.lead_scoring.forward import validate
from services.lead_scoring.model import ScoreModel, constant_model, prior_model
from services.lead_scoring.service import Asked, LeadScoring
from services.lead_scoring.verdict import FEW, LEVEL, predicts

DAY = date(2017, 9, 30)


def shuffled_under_a_moving_rate(rows: int, seed: int) -> Dataset:
    """Columns that have nothing to do with outcomes, whose rate goes from a quarter to three quarters."""
    generator = np.random.default_rng([seed, 7])
    days = np.arange(1, rows + 1)
    won: Floats = (generator.random(rows) < sigmoid(np.linspace(-1.1, 1.1, rows))).astype(np.float64)
    columns: dict[str, Floats | Texts] = {
        "n": generator.normal(size=rows), "a": Texts(list("abcd"), generator.integers(0, 4, rows)),
        "b": Texts(list("xyz"), generator.integers(0, 3, rows)),
    }  # fmt: skip
    return Dataset(
        Table(rows, columns), tuple(map(str, range(rows))), np.arange(rows), days, days.copy(), won, np.ones(rows),
        Verdict(),
    )  # fmt: skip


def test_shuffled_columns_predict_nothing_while_the_rate_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forward, "tree_rounds", lambda _: 0)  # of the time, trees take most
    alarms = []
    for seed in range(20):
        data = shuffled_under_a_moving_rate(500, seed)
        with workers(data, 1) as run:
            alarms.append(validate(data, seed, lambda *_: None, run).predicts)
    assert sum(alarms) <= 1


def judged(gain: float, stack: Stack = Stack(), aged: float = 0.0) -> bool:  # noqa: B008
    """The verdict where the model beats the plain rate by so many standard errors, and the aged one by `aged` more."""
    rows = 2 * FEW
    data = shuffled_under_a_moving_rate(rows, 0)
    rate = np.zeros(rows)
    noise = np.tile([1.0, -1.0], rows // 2)
    error = float(np.sqrt(rows / (rows - 1)) / np.sqrt(rows))  # of the mean of the noise
    wanted = np.log(2) - 0.1 * (noise + gain * error)
    scores = -np.log(np.expm1(wanted)) * np.where(data.won > 0, 1, -1)  # whose loss is just that
    ours = np.logaddexp(0.0, scores) - data.won * scores
    assert ours == pytest.approx(wanted)
    lost = ours + 0.1 * (noise + (gain + aged) * error)
    other = -np.log(np.expm1(lost)) * np.where(data.won > 0, 1, -1)
    return predicts(data, stack, scores, (rate, other), np.ones(rows))


def test_a_model_must_beat_both_rates_by_more_than_chance() -> None:
    assert judged(LEVEL + 0.1)
    assert not judged(LEVEL - 0.1)
    assert not judged(LEVEL + 0.1, aged=-0.3)  # an older rate lost to it, a recent one did not


def test_a_stack_without_weight_predicts_nothing() -> None:
    assert not judged(10.0, Stack(0.3, 0.0, 0.0))
    assert judged(10.0, Stack(0.3, 0.0, 0.4))


class Serving:
    """A model in use."""

    def __init__(self, model: ScoreModel) -> None:
        self.current = (model, Pointer("v3", 3, "x"))


def shown(model: ScoreModel, deal: Deal, language: str) -> tuple[bool, bool, bool]:
    """What the record says, what the same says sent on again, and what the page is given."""
    history = DealHistory(deal)
    (answer,) = LeadScoring(Serving(model), FixedClock(datetime(2026, 1, 1, tzinfo=UTC))).answer([Asked(history, DAY)])
    event = events_pb2.DealEvent.FromString(convert.event_with_answer(deal_event(history, business_day=DAY), answer))
    insight = insight_from_event(event, InsightKind.LEAD_SCORE)
    event.ClearField("lead_score")
    add_insight(event, insight)
    record = merged(
        Record(history, "", {InsightKind.LEAD_SCORE: insight}), View(DAY.isoformat(), {}, language=language)
    )
    view = deal_view(record, Words(language), DAY)
    assert view.score is not None
    return record["lead_score"]["nothing_predicts"], event.lead_score.nothing_predicts, view.score.nothing_predicts


def test_the_record_and_the_page_say_so() -> None:
    rate = constant_model("base_rate", [logit(0.4)] * 21)
    for language in ("en", "ko"):
        assert shown(rate, Deal("a"), language) == (True, True, True)
        assert shown(rate, Deal("a", outcome=Outcome.WON), language) == (False, False, False)
        assert shown(prior_model(), Deal("a"), language) == (False, False, False)
        assert Words(language)("part.nothing_predicts")
