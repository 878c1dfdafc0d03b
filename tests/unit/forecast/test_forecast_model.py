"""The model as a whole, its artifact, the wire, and the handler."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from dealcast.common.v1 import insights_pb2 as pb
from dealcast.events.v1 import events_pb2
from kit.clock import FixedClock, day_end
from kit.errors import InvalidInput, Poisoned, Unavailable
from kit.messaging import Message, Outgoing
from kit.models import Pointer
from learning.records import DealHistory, DealKind, Node, Outcome
from services.forecast import convert
from services.forecast.blend import Blend, Level, Weights
from services.forecast.dataset import read_cases
from services.forecast.domain import SCENARIOS, CategoryBounds
from services.forecast.draws import Drawer, draw_deals
from services.forecast.events import score_handler
from services.forecast.model import Ask, ForecastModel
from services.forecast.newbusiness import NewBusiness, OwnerRate, draw_owner
from services.forecast.service import Forecasts

DAY = date(2017, 9, 30)
MakeEvent = Callable[..., events_pb2.DealEvent]


class Models:
    def __init__(self, model: ForecastModel | None = None) -> None:
        self.current: tuple[ForecastModel, Pointer | None] = (model or ForecastModel(), None)


def service(model: ForecastModel | None = None) -> Forecasts:
    return Forecasts(Models(model), FixedClock(DAY))


def answered(event: events_pb2.DealEvent, by: Forecasts | None = None) -> pb.Forecast:
    [answer] = (by or service()).answer([convert.asked_from_event(event)])
    return convert.forecast_to_pb(event, answer)


def test_a_pinned_company_sees_its_own_day(event: MakeEvent) -> None:
    for now in (datetime(2026, 1, 1, 12, tzinfo=UTC), datetime(2017, 9, 30, 12, tzinfo=UTC)):
        [answer] = Forecasts(Models(), FixedClock(now)).answer([convert.asked_from_event(event())])
        assert answer.day == DAY
        assert answer.as_of == min(now, day_end(DAY))


@pytest.mark.parametrize("score", [0.0, 0.001, 0.37, 1.0])
def test_periods_agree_with_the_score_and_the_deals_own_scenarios(event: MakeEvent, score: float) -> None:
    made = event(score=score)
    forecast = answered(made)
    assert [each.period for each in forecast.periods] == ["2017-Q4", "2018-Q1", "2018-Q2", "2018-Q3"]
    assert forecast.periods[0].start_date == "2017-10-01"
    assert sum(each.probability for each in forecast.periods) <= score + 1e-12
    made.forecast.CopyFrom(forecast)
    update = convert.update_from_event(made)
    assert update.parameters is not None
    [draw] = draw_deals([update.parameters])
    for period, total in zip(forecast.periods, draw.totals(), strict=True):
        assert Decimal(period.expected.value) * 100 * SCENARIOS == total
    assert 0 <= forecast.slip_risk <= 1
    assert forecast.close_date_p10 <= forecast.close_date_p50 <= forecast.close_date_p90
    assert Decimal(forecast.amount_p10.value) <= Decimal(forecast.amount_mean.value)
    assert forecast.category in {"commit", "best_case", "pipeline", "omitted"}
    for reason in forecast.reasons:
        assert reason.text_en
        assert reason.text_ko


def test_the_next_business_day_of_a_quarter_end_is_the_next_quarter(event: MakeEvent) -> None:
    assert answered(event(day=date(2017, 12, 30))).periods[0].period == "2017-Q4"
    assert answered(event(day=date(2017, 12, 31))).periods[0].period == "2018-Q1"


@pytest.mark.parametrize(
    ("members", "status"),
    [
        ({"deleted": True}, pb.FORECAST_STATUS_DELETED),
        ({"deleted": True, "outcome": Outcome.WON}, pb.FORECAST_STATUS_DELETED),
        ({"outcome": Outcome.WON}, pb.FORECAST_STATUS_CLOSED),
        ({"outcome": Outcome.LOST, "kind": DealKind.LEAD}, pb.FORECAST_STATUS_CLOSED),
        ({"kind": DealKind.LEAD}, pb.FORECAST_STATUS_NOT_APPLICABLE),
    ],
)
def test_what_is_not_open_contributes_nothing(
    event: MakeEvent, members: dict[str, object], status: pb.ForecastStatus
) -> None:
    made = event(**members)
    made.forecast.CopyFrom(answered(made))
    assert made.forecast.status == status
    assert not made.forecast.periods
    assert convert.update_from_event(made).parameters is None


def test_the_key_names_the_score_it_used(event: MakeEvent) -> None:
    header = answered(event(revision=4)).header
    assert (header.key.deal_revision, header.key.model_generation, header.key.business_day) == (4, 0, "2017-09-30")
    assert header.key.upstream.insight_id == "score"
    assert header.model_version == "prior"
    assert answered(event(revision=4)).header.key.insight_id == header.key.insight_id


def test_absurd_and_missing_amounts_are_bounded(event: MakeEvent) -> None:
    made = event()
    made.deal.amount.value = "999999999999999.00"
    made.history[4].value.money.value = "999999999999999.00"
    assert Decimal(answered(made).amount_p90.value) < Decimal(10) ** 16
    zero = event()
    zero.deal.amount.value = zero.history[4].value.money.value = "0.00"
    assert {Decimal(period.expected.value) for period in answered(zero).periods} == {0}
    none = event(amount=None)
    assert Decimal(answered(none).amount_mean.value) > 0


def test_a_deal_without_an_amount_makes_no_currency_of_its_own(event: MakeEvent) -> None:
    """Before anything is trained too: it counts in the company's, where that is known."""
    for given, currency in ({"amount": None, "currency": "KRW"}, "KRW"), ({"currency": "KRW"}, "USD"):
        forecast = answered(event(**given))
        assert {each.expected.currency for each in forecast.periods} == {forecast.amount_mean.currency} == {currency}


def test_bad_events_are_named(event: MakeEvent) -> None:
    unscored = event()
    unscored.ClearField("lead_score")
    with pytest.raises(InvalidInput, match="lead_score"):
        convert.asked_from_event(unscored)
    with pytest.raises(InvalidInput, match=r"lead_score.probability"):
        convert.asked_from_event(event(score=float("nan")))
    with pytest.raises(InvalidInput, match="forecast"):
        convert.update_from_event(event())
    with pytest.raises(InvalidInput, match="business_day"):
        convert.asked_from_event(event(day=date(9999, 12, 31)))


def test_far_days_and_odd_histories_are_answered(event: MakeEvent) -> None:
    assert answered(event(close_date=date(9999, 12, 31))).slip_risk < 0.5
    assert answered(event(close_date=date(1, 1, 1))).slip_risk == 1.0
    assert not answered(event(close_date=None)).HasField("slip_risk")
    bare = event()
    del bare.history[:]
    bare.deal.ClearField("created_time")
    assert answered(bare).periods
    late = event()
    late.deal.created_time.FromDatetime(datetime(2030, 1, 1, tzinfo=UTC))
    assert answered(late).periods


def test_two_days_in_one_batch_are_answered_in_order(event: MakeEvent) -> None:
    events = [event(f"d{i}", day=date(2017, 12, 30 + i % 2)) for i in range(5)]
    forecasts = service()
    answers = forecasts.answer([convert.asked_from_event(one) for one in events])
    found = [convert.forecast_to_pb(one, answer) for one, answer in zip(events, answers, strict=True)]
    assert [each.periods[0].period for each in found] == ["2017-Q4", "2018-Q1", "2017-Q4", "2018-Q1", "2017-Q4"]
    for one, each in zip(events, found, strict=True):
        alone = answered(one)
        assert (alone.periods, alone.parameters) == (each.periods, each.parameters)


def test_serving_reads_the_row_that_training_read(history: Callable[..., DealHistory], event: MakeEvent) -> None:
    [case] = read_cases([history()], DAY, "USD", [DAY])
    asked = convert.asked_from_event(event())
    assert asked.ask is not None
    assert asked.ask.row == case.rows[DAY]


def test_a_saved_model_forecasts_the_same(tmp_path: Path) -> None:
    path = (Node("company", "company", "Company"), Node("owner:u1", "owner", "u1", "company"))
    owners = (OwnerRate("u1", "USD", path, 0.2, 11.0, 0.4),)
    ripening = np.linspace(0, 0.4, 200)
    blend = Blend((Level(0.9, Weights(0.7, 0.3, 0.0), 0.1),), sizes={("u1", "USD"): (15.0, 20.0)})
    model = ForecastModel(new_business=NewBusiness(owners, ripening, note="t"), blend=blend, evaluation={"a": 1})
    model.save(tmp_path)
    first = (tmp_path / "model.json").read_bytes()
    again = ForecastModel.load(tmp_path)
    again.save(tmp_path)
    assert (tmp_path / "model.json").read_bytes() == first
    ask = Ask("d1", DAY, {"amount": 10.0, "currency": "USD", "age_days": 4.0}, None, 0.4)
    one, other = (each.forecast([ask], Drawer(), CategoryBounds())[0] for each in (model, again))
    assert one.periods == other.periods
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(Poisoned, match="no forecast model"):
        ForecastModel.load(tmp_path)


def test_new_business_has_the_expected_mean_and_redraws_exactly() -> None:
    path = (Node("company", "company", "Company"), Node("owner:u1", "owner", "u1", "company"))
    model = ForecastModel(new_business=NewBusiness((), np.minimum(np.arange(100) / 100, 0.5)))
    exposures = model.new_business.exposures(date(2017, 10, 1))
    for rate in (0.05, 2.0, 10.0):
        owner = OwnerRate("u1", "USD", path, rate, float(np.log(50_000)), 0.5)
        drawn = draw_owner(owner, exposures, seed=3, loadings=model.loadings)
        again = draw_owner(owner, exposures, seed=3, loadings=model.loadings)
        for period, wins in drawn.items():
            assert (wins == again[period]).all()
            expected = rate * exposures[period] * 50_000 * np.exp(0.125)
            assert wins.mean() == pytest.approx(expected, rel=0.12)
    # All of the first quarter's wins come from deals created in it: no more than rate × days × share ever won.
    assert exposures[min(exposures)] < 0.5 * 92


class Recorder:
    def __init__(self, error: Exception | None = None) -> None:
        self.sent: list[Outgoing] = []
        self.error = error

    async def publish(self, messages: Sequence[Outgoing]) -> list[Exception | None]:
        self.sent += messages
        return [self.error] * len(messages)


def message(data: bytes) -> Message:
    return Message("INSIGHTS.lead_score.d1", data, {"traceparent": "00-a-b-01"}, 1, 1, 0)


async def test_the_handler_answers_each_message(event: MakeEvent) -> None:
    recorder = Recorder()
    handler = score_handler(service(), recorder)
    unscored = event("d2")
    unscored.ClearField("lead_score")
    batch = [
        event("d1").SerializeToString(),
        b"\xff\xff",
        unscored.SerializeToString(),
        event("딜").SerializeToString(),
    ]
    fates = await handler([message(data) for data in batch])
    assert [type(fate) for fate in fates] == [type(None), Poisoned, InvalidInput, type(None)]
    assert recorder.sent[0].subject == "INSIGHTS.forecast.d1"
    assert recorder.sent[0].headers == {"traceparent": "00-a-b-01"}
    assert events_pb2.DealEvent.FromString(recorder.sent[1].data).forecast.periods


async def test_what_could_not_be_published_is_not_done(event: MakeEvent) -> None:
    handler = score_handler(service(), Recorder(Unavailable("no")))
    [fate] = await handler([message(event().SerializeToString())])
    assert isinstance(fate, Unavailable)


async def test_an_overtaken_deal_is_not_published_again(event: MakeEvent) -> None:
    forecasts, recorder = service(), Recorder()
    newer = event(revision=5)
    newer.forecast.CopyFrom(answered(newer, forecasts))
    forecasts.rollup.apply([convert.update_from_event(newer)])
    handler = score_handler(forecasts, recorder)
    fates = await handler([message(event(revision=revision).SerializeToString()) for revision in (4, 5)])
    assert fates == [None, None]
    assert len(recorder.sent) == 1
