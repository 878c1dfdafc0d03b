"""The only place of this service that touches protobuf fields."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta

import numpy as np
from google.protobuf.message import DecodeError

from dealcast.common.v1 import insights_pb2 as pb
from dealcast.events.v1 import events_pb2
from kit.errors import DealcastError, InvalidInput
from kit.money import format_minor
from learning.insight_keys import key_from_pb
from learning.periods import Period
from learning.records import DealKind, Node, Outcome
from learning.wire import business_day, history_from_event, time_to_pb
from services.forecast.domain import SCENARIOS, DealForecast, Loadings, ModelInfo, Parameters, Reason, RollupRow, Status
from services.forecast.leaves import Path, Update
from services.forecast.model import Ask, region_of
from services.forecast.rows import HISTORY_FIELDS, rows_at
from services.forecast.service import Answer, Asked

_STATUS = {
    Status.OPEN: pb.FORECAST_STATUS_OPEN,
    Status.NOT_APPLICABLE: pb.FORECAST_STATUS_NOT_APPLICABLE,
    Status.CLOSED: pb.FORECAST_STATUS_CLOSED,
    Status.DELETED: pb.FORECAST_STATUS_DELETED,
}
_LARGEST = 2**63 - 1
LAST_YEAR = 9_990


def asked_from_event(event: events_pb2.DealEvent) -> Asked:
    """The question an event asks. Raises InvalidInput where the deal or its score is missing or wrong."""
    if not event.deal.id:
        raise InvalidInput("the event has no deal", field="deal.id", mend="Set the deal and its id")
    if not event.HasField("lead_score"):
        raise InvalidInput("the event carries no lead score", field="lead_score", value=event.deal.id,
                           mend="Ask lead scoring first, and pass its answer on")  # fmt: skip
    day = _usable(business_day(event))
    changes = [change for change in event.history if change.field in HISTORY_FIELDS]
    lean = events_pb2.DealEvent(deal=event.deal, history=changes, truncated=event.truncated)
    for unused in ("account", "contacts", "fields"):
        lean.deal.ClearField(unused)
    history = history_from_event(lean)
    deal = history.deal
    status = _status(deal.kind, deal.outcome, deleted=deal.deleted)
    ask = None
    if status is Status.OPEN:
        probability = _probability(event.lead_score.probability)
        region = region_of(history.owner_path)
        ask = Ask(deal.id, day, rows_at(history, [day])[day], deal.close_date, probability, region)
    key = event.lead_score.header.key
    return Asked(deal.id, deal.revision, day, status, history.owner_path, key_from_pb(key).flat, key.insight_id, ask)


def _status(kind: DealKind, outcome: Outcome, *, deleted: bool) -> Status:
    if deleted:
        return Status.DELETED
    if outcome is not Outcome.OPEN:
        return Status.CLOSED
    return Status.NOT_APPLICABLE if kind is DealKind.LEAD else Status.OPEN


def _probability(value: float) -> float:
    if not (math.isfinite(value) and 0 <= value <= 1):
        raise InvalidInput("the lead score is no probability", field="lead_score.probability", value=str(value),
                           mend="Give a number from 0 to 1")  # fmt: skip
    return value


def event_with_answer(event: events_pb2.DealEvent, answer: Answer) -> bytes:
    """The event as it travels on, with its forecast. Changes the event given."""
    event.forecast.CopyFrom(forecast_to_pb(event, answer))
    return event.SerializeToString()


def forecast_to_pb(event: events_pb2.DealEvent, answer: Answer) -> pb.Forecast:
    """An answer as the insight that travels and is stored; the event is the one it answers."""
    forecast = answer.forecast
    key = pb.InsightKey(
        deal_revision=answer.revision, model_generation=answer.generation, business_day=answer.day.isoformat(),
        upstream=event.lead_score.header.key, insight_id=answer.insight_id,
    )  # fmt: skip
    message = pb.Forecast(
        header=pb.InsightHeader(key=key, model_version=answer.model_version, as_of=time_to_pb(answer.as_of)),
        status=_STATUS[forecast.status],
        win_probability=forecast.win_probability if forecast.parameters else event.lead_score.probability,
    )
    if forecast.parameters is not None:
        _fill_open(message, forecast, forecast.parameters)
    return message


def _fill_open(message: pb.Forecast, forecast: DealForecast, parameters: Parameters) -> None:
    currency = parameters.currency
    for share in forecast.periods:
        each = message.periods.add(
            period=str(share.period), start_date=share.period.start.isoformat(),
            end_date=share.period.end.isoformat(), probability=share.probability,
        )  # fmt: skip
        each.expected.currency = currency
        each.expected.value = format_minor(currency, share.total, SCENARIOS)
    if forecast.close_dates is not None:
        days = [day.isoformat() for day in forecast.close_dates]
        message.close_date_p10, message.close_date_p50, message.close_date_p90 = days
    if forecast.amounts is not None:
        targets = (message.amount_mean, message.amount_p10, message.amount_p90)
        for target, money in zip(targets, forecast.amounts, strict=True):
            target.currency, target.value = money.currency, money.value
    message.category = forecast.category
    if forecast.slip_risk is not None:
        message.slip_risk = forecast.slip_risk
    message.reasons.extend(_reason_to_pb(reason) for reason in forecast.reasons)
    message.parameters.CopyFrom(
        pb.ScenarioParameters(
            seed=parameters.seed, win_probability=parameters.win_probability,
            week_weights=parameters.week_weights.tolist(), log_amount_mean=parameters.log_amount_mean,
            log_amount_sd=parameters.log_amount_sd, shock_company=parameters.loadings.company,
            shock_region=parameters.loadings.region, shock_quarter=parameters.loadings.quarter,
        )
    )  # fmt: skip


def _reason_to_pb(reason: Reason) -> pb.Reason:
    return pb.Reason(
        field=reason.field, value=reason.value, effect=reason.effect, text_en=reason.text_en, text_ko=reason.text_ko
    )


def update_from_event(event: events_pb2.DealEvent) -> Update:
    """What a published forecast means for the totals. Raises InvalidInput where it cannot be read."""
    if not event.deal.id or not event.HasField("forecast"):
        raise InvalidInput("the event carries no forecast", field="forecast", value=event.deal.id,
                           mend="Publish it anew")  # fmt: skip
    forecast = event.forecast
    path: Path = tuple(Node(one.id, one.level, one.name, one.parent) for one in event.deal.owner.path)
    key = forecast.header.key
    day = _day(key.business_day)
    parameters = None
    if forecast.status == pb.FORECAST_STATUS_OPEN:
        parameters = parameters_from_pb(event.deal.id, forecast, region_of(path))
    return Update(event.deal.id, key_from_pb(key).flat, day, path, parameters)


def parameters_from_pb(deal_id: str, forecast: pb.Forecast, region: str) -> Parameters:
    """What the deal's scenarios depend on, as any replica reads it."""
    given = forecast.parameters
    weights = np.array(given.week_weights, dtype=np.float64)
    loadings = Loadings(given.shock_company, given.shock_region, given.shock_quarter)
    numbers = (given.win_probability, given.log_amount_mean, given.log_amount_sd, *given.week_weights)
    if not len(weights) or not all(map(math.isfinite, numbers)):
        raise InvalidInput("the scenario parameters are no numbers", field="forecast.parameters", value=deal_id,
                           mend="Publish the forecast anew")  # fmt: skip
    start = _day(forecast.header.key.business_day) + timedelta(days=1)
    return Parameters(
        deal_id, given.seed, start, forecast.amount_mean.currency,
        given.win_probability, weights, given.log_amount_mean, given.log_amount_sd, loadings, region,
    )  # fmt: skip


def _usable(day: date) -> date:
    if day.year > LAST_YEAR:
        raise InvalidInput("four quarters and five years do not follow this day", field="business_day", value=str(day),
                           mend=f"Set the business clock to {LAST_YEAR} or earlier")  # fmt: skip
    return day


def _day(text: str) -> date:
    try:
        return _usable(date.fromisoformat(text))
    except ValueError:
        raise InvalidInput("the forecast names no business day", field="business_day", value=text,
                           mend="Publish the forecast anew") from None  # fmt: skip


def rollup_to_pb(row: RollupRow, info: ModelInfo, as_of: datetime) -> pb.Rollup:
    """A node's total as it travels; sums beyond 64 bits stand at the bound."""
    node = row.node
    return pb.Rollup(
        node=node.id, level=node.level, name=node.name, parent=node.parent, period=str(row.period),
        currency=row.currency, open_deals=row.open_deals, scenarios=SCENARIOS, deals_sum=_bounded(row.deals_sum),
        not_yet_created_sum=_bounded(row.not_yet_created_sum), correction_sum=_bounded(row.correction_sum),
        quantiles=row.quantiles, as_of=time_to_pb(as_of), business_day=row.business_day.isoformat(),
        model_version=info.version, model_generation=info.generation,
    )  # fmt: skip


def _bounded(value: int) -> int:
    return max(-_LARGEST, min(value, _LARGEST))


def standing_from_bytes(data: bytes) -> tuple[Node, Period, str] | None:
    """Which node, period and currency a published total is of; None where it is zero or unreadable."""
    try:
        rollup = pb.Rollup.FromString(data)
        if not (rollup.open_deals or rollup.deals_sum or any(rollup.quantiles)):
            return None
        return Node(rollup.node, rollup.level, rollup.name, rollup.parent), Period.parse(rollup.period), rollup.currency
    except (DecodeError, DealcastError):
        return None
