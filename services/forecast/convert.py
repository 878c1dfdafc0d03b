"""The only place of this service that touches protobuf fields."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import numpy as np
from google.protobuf.message import DecodeError

from dealcast.common.v1 import insights_pb2 as pb
from dealcast.common.v1 import records_pb2
from dealcast.events.v1 import events_pb2
from kit.errors import DealcastError, InvalidInput
from kit.money import format_minor
from learning.insight_keys import key_from_pb
from learning.periods import Period
from learning.placements import WHOLE
from learning.records import Node, Placement
from learning.wire import bare_history, business_day, day_from_pb, time_from_pb, time_to_pb
from learning.wire_values import change_value_from_pb, fill_time, money_from_pb, product_line_from_pb
from services.forecast.domain import (
    SCENARIOS,
    DealForecast,
    Loadings,
    ModelInfo,
    Numbers,
    Parameters,
    Reason,
    RollupRow,
    SpanTotal,
    Status,
)
from services.forecast.grid import quarter_of
from services.forecast.leaves import Path, Update, Won
from services.forecast.model import Ask, region_of
from services.forecast.rows import HISTORY_FIELDS, Move, Row, rows_at, rows_of
from services.forecast.service import Answer, Asked
from services.forecast.spans import Span

_STATUS = {
    Status.OPEN: pb.FORECAST_STATUS_OPEN, Status.NOT_APPLICABLE: pb.FORECAST_STATUS_NOT_APPLICABLE,
    Status.CLOSED: pb.FORECAST_STATUS_CLOSED, Status.DELETED: pb.FORECAST_STATUS_DELETED,
}  # fmt: skip
_LARGEST, LAST_YEAR = 2**63 - 1, 9_990


def asked_from_event(event: events_pb2.DealEvent, *, scored: bool = True) -> Asked:
    """The question an event asks. Raises InvalidInput where the deal or its score is missing or wrong.

    Where it need not be scored, a deal without a score is won at the rate of past ones.
    """
    if not event.deal.id:
        raise InvalidInput("the event has no deal", field="deal.id", mend="Set the deal and its id")
    if scored and not event.HasField("lead_score"):
        raise InvalidInput("the event carries no lead score", field="lead_score", value=event.deal.id,
                           mend="Ask lead scoring first, and pass its answer on")  # fmt: skip
    day, deal = _usable(business_day(event)), event.deal
    path = _path(deal.owner.path)
    status, ask = _status(event), None
    if status is Status.OPEN:
        known = event.HasField("lead_score")
        probability = _probability(event.lead_score.probability) if known else None
        ask = Ask(deal.id, day, _row(event, day), day_from_pb(deal.close_date), probability, region_of(path),
                  deal.amount.currency)  # fmt: skip
    key = event.lead_score.header.key
    placements = _placements(deal)
    return Asked(deal.id, deal.revision, day, status, path, key_from_pb(key).flat, key.insight_id, ask, placements,
                 _numbers(deal), _won(deal))  # fmt: skip


@lru_cache(maxsize=4096)
def _node(name: str, level: str, title: str, parent: str) -> Node:
    """A place in the tree; those of one company are few."""
    return Node(name, level, title, parent)


def _path(nodes: Iterable[records_pb2.Node]) -> Path:
    return tuple([_node(one.id, one.level, one.name, one.parent) for one in nodes])


def _placements(deal: records_pb2.Deal) -> tuple[Placement, ...]:
    """Raises InvalidInput where the shares of a tree are not one deal in all."""
    found = tuple([Placement(one.tree, _path(one.path), one.share) for one in deal.placements])
    wholes: dict[str, int] = {}
    for one in found:
        wholes[one.tree] = wholes.get(one.tree, 0) + one.share
        if not one.path or one.share < 0:
            wholes[one.tree] = -1
            break
    for tree, whole in wholes.items():
        if whole != WHOLE:
            raise InvalidInput("the shares of a tree do not add up to 10,000", field="deal.placements", value=tree[:60],
                               mend="Publish the deal anew")  # fmt: skip
    return found


def _numbers(deal: records_pb2.Deal) -> Numbers | None:
    found = {name: value.number for name, value in deal.fields.items() if 0 < value.number < math.inf}
    asked = money_from_pb(deal.amount) if found else None
    return Numbers(float(asked.value) if asked else 0.0, found) if found else None


def _won(deal: records_pb2.Deal) -> Won | None:
    won = deal.outcome == records_pb2.OUTCOME_WON and not deal.deleted
    day, money = (day_from_pb(deal.closed_date), money_from_pb(deal.amount)) if won else (None, None)
    return Won(day, money.currency, money.minor) if day and money else None


def _row(event: events_pb2.DealEvent, day: date) -> Row:
    """The deal's row, straight from the event where its whole history is in it: at a third of the cost."""
    deal = event.deal
    moves: list[Move] = [
        (time_from_pb(one.effective_time), one.field, change_value_from_pb(one.value))
        for one in event.history
        if one.field in HISTORY_FIELDS
    ]
    if event.truncated or not moves:
        bare = events_pb2.DealEvent(deal=deal, history=event.history, truncated=event.truncated)
        return rows_at(bare_history(bare), [day])[day]
    changed = any(name == "products" for _, name, _ in moves)
    products = () if changed else tuple([product_line_from_pb(one) for one in deal.products])
    first = time_from_pb(deal.created_time) if deal.HasField("created_time") else moves[0][0]
    return rows_of(moves, {"products": products}, lambda _: first.astimezone(UTC).date(), [day])[day]


def _status(event: events_pb2.DealEvent) -> Status:
    deal = event.deal
    if deal.deleted:
        return Status.DELETED
    if deal.outcome in (records_pb2.OUTCOME_WON, records_pb2.OUTCOME_LOST):
        return Status.CLOSED
    return Status.NOT_APPLICABLE if deal.kind == records_pb2.DEAL_KIND_LEAD else Status.OPEN


def _probability(value: float) -> float:
    if not (math.isfinite(value) and 0 <= value <= 1):
        raise InvalidInput("the lead score is no probability", field="lead_score.probability", value=str(value),
                           mend="Give a number from 0 to 1")  # fmt: skip
    return value


def event_with_answer(event: events_pb2.DealEvent, answer: Answer) -> bytes:
    """The event as it travels on, with its forecast. Changes the event given."""
    event.ClearField("forecast")
    _fill(event.forecast, event, answer)
    return event.SerializeToString()


def forecast_to_pb(event: events_pb2.DealEvent, answer: Answer) -> pb.Forecast:
    """An answer as the insight that travels and is stored; the event is the one it answers."""
    message = pb.Forecast()
    _fill(message, event, answer)
    return message


def _fill(message: pb.Forecast, event: events_pb2.DealEvent, answer: Answer) -> None:
    forecast, header = answer.forecast, message.header
    header.key.deal_revision, header.key.model_generation = answer.revision, answer.generation
    header.key.business_day, header.key.insight_id = answer.day.isoformat(), answer.insight_id
    header.key.upstream.CopyFrom(event.lead_score.header.key)
    header.model_version = answer.model_version
    fill_time(header.as_of, answer.as_of)
    message.status = _STATUS[forecast.status]
    message.win_probability = forecast.win_probability if forecast.parameters else event.lead_score.probability
    if forecast.parameters is not None:
        _fill_open(message, forecast, forecast.parameters)


def _fill_open(message: pb.Forecast, forecast: DealForecast, parameters: Parameters) -> None:
    currency = parameters.currency
    for shares, rows in ((forecast.periods, message.periods), (forecast.months, message.months)):
        for share in shares:
            period, start, end = _texts(share.period)
            each = rows.add(period=period, start_date=start, end_date=end, probability=share.probability)
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
    given, loadings = message.parameters, parameters.loadings
    given.seed, given.win_probability = parameters.seed, parameters.win_probability
    given.week_weights.extend(parameters.week_weights.tolist())
    given.log_amount_mean, given.log_amount_sd = parameters.log_amount_mean, parameters.log_amount_sd
    given.shock_company, given.shock_region = loadings.company, loadings.region
    given.shock_quarter = loadings.quarter


@lru_cache(maxsize=1024)
def _texts(span: Span) -> tuple[str, str, str]:
    """A period's name, first and last day."""
    return str(span), span.start.isoformat(), span.end.isoformat()


def _reason_to_pb(reason: Reason) -> pb.Reason:
    return pb.Reason(
        field=reason.field, value=reason.value, effect=reason.effect, text_en=reason.text_en, text_ko=reason.text_ko
    )


def update_of(asked: Asked, answer: Answer) -> Update:
    """What update_from_event reads from the event that an answer travels in."""
    order, parameters = answer.order(asked.upstream), answer.forecast.parameters
    told = (asked.placements, asked.numbers, asked.won, answer.generation)
    return Update(asked.deal_id, order, asked.day, asked.path, parameters, *told)


def update_from_event(event: events_pb2.DealEvent) -> Update:
    """What a published forecast means for the totals. Raises InvalidInput where it cannot be read."""
    if not event.deal.id or not event.HasField("forecast"):
        raise InvalidInput("the event carries no forecast", field="forecast", value=event.deal.id,
                           mend="Publish it anew")  # fmt: skip
    forecast, path = event.forecast, _path(event.deal.owner.path)
    key = forecast.header.key
    day = _day(key.business_day)
    parameters = None
    if forecast.status == pb.FORECAST_STATUS_OPEN:
        parameters = parameters_from_pb(event.deal.id, forecast, region_of(path))
    told = (_placements(event.deal), _numbers(event.deal), _won(event.deal), key.model_generation)
    return Update(event.deal.id, key_from_pb(key).flat, day, path, parameters, *told)


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
    node, generation = row.node, min(info.order, info.order if row.generation is None else row.generation)
    return pb.Rollup(
        node=node.id, level=node.level, name=node.name, parent=node.parent, period=str(row.period),
        currency=row.currency, open_deals=row.open_deals, scenarios=SCENARIOS, deals_sum=_bounded(row.deals_sum),
        not_yet_created_sum=_bounded(row.not_yet_created_sum), correction_sum=_bounded(row.correction_sum),
        quantiles=row.quantiles, as_of=time_to_pb(as_of), business_day=row.business_day.isoformat(),
        model_version=info.version, model_generation=generation, start_date=row.period.start.isoformat(),
        end_date=row.period.end.isoformat(), spans=[_span_total(each) for each in row.others],
        exchange_edition=info.exchange,
    )  # fmt: skip


def _span_total(each: SpanTotal) -> pb.SpanTotal:
    return pb.SpanTotal(
        start_date=each.start.isoformat(), end_date=each.end.isoformat(), open_deals=each.open_deals,
        deals_sum=_bounded(each.deals_sum), not_yet_created_sum=_bounded(each.not_yet_created_sum),
        correction_sum=_bounded(each.correction_sum), quantiles=each.quantiles,
    )  # fmt: skip


def _bounded(value: int) -> int:
    return max(-_LARGEST, min(value, _LARGEST))


def standing_from_bytes(data: bytes) -> tuple[Node, Span, str] | None:
    """Which node, period and currency a published total is of; None where it is zero or unreadable."""
    try:
        rollup = pb.Rollup.FromString(data)
        if not (rollup.open_deals or rollup.deals_sum or any(rollup.quantiles)):
            return None
        day = date.fromisoformat(rollup.start_date) if rollup.start_date else Period.parse(rollup.period).start
        node = Node(rollup.node, rollup.level, rollup.name, rollup.parent)
        return node, quarter_of(day, day.month), rollup.currency
    except (DecodeError, DealcastError, ValueError):
        return None
