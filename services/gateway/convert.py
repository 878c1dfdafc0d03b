"""Insights as messages carry them, as the gateway keeps them: the only place that touches their _pb2 fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from dealcast.common.v1 import insights_pb2, records_pb2
from dealcast.events.v1 import events_pb2
from kit.errors import Poisoned
from learning.insight_keys import key_from_pb, key_to_pb
from services.gateway.convert_actions import next_actions, next_actions_to_pb
from services.gateway.convert_parts import money, money_to_pb, reasons, reasons_to_pb
from services.gateway.domain import Insight, InsightKind
from services.gateway.store.interface import StoredRollup

_STATUS = {
    insights_pb2.FORECAST_STATUS_OPEN: "open",
    insights_pb2.FORECAST_STATUS_NOT_APPLICABLE: "not_applicable",
    insights_pb2.FORECAST_STATUS_CLOSED: "closed",
    insights_pb2.FORECAST_STATUS_DELETED: "deleted",
}
_STATUS_CODES = {name: code for code, name in _STATUS.items()}


def insight_from_event(event: events_pb2.DealEvent, kind: InsightKind) -> Insight:
    """The event's insight of that kind. Raises Poisoned where it is missing or has no key."""
    if not event.deal.id or not event.HasField(kind.value):
        raise Poisoned(f"the event carries no {kind.value}", field=kind.value, mend="Look at the service that sent it")
    message = getattr(event, kind.value)
    header = message.header
    key = key_from_pb(header.key)
    if not key.insight_id or not key.business_day:
        raise Poisoned("the insight has no key", field=f"{kind.value}.header.key", mend="Look at the service")
    body, sort = _BODIES[kind](message)
    text, as_of = _moment(header.as_of.seconds, header.as_of.nanos)
    model_version = header.model_version
    body |= {
        "as_of": text,
        "deal_revision": key.deal_revision,
        "model_version": model_version,
        "model_generation": key.model_generation,
        "business_day": key.business_day,
        "insight_id": key.insight_id,
    }
    return Insight(event.deal.id, kind, key, model_version, as_of, body, sort)


def add_insight(event: events_pb2.DealEvent, insight: Insight) -> None:
    """Put a stored insight back onto an event; scenario parameters are not kept and stay absent."""
    header = insights_pb2.InsightHeader(key=key_to_pb(insight.key), model_version=insight.model_version)
    header.as_of.FromDatetime(insight.as_of)
    body = insight.body
    if insight.kind is InsightKind.LEAD_SCORE:
        event.lead_score.CopyFrom(_lead_score_to_pb(header, body))
    elif insight.kind is InsightKind.FORECAST:
        event.forecast.CopyFrom(_forecast_to_pb(header, body))
    else:
        event.next_actions.CopyFrom(next_actions_to_pb(header, body))


def rollup_from_pb(rollup: insights_pb2.Rollup) -> StoredRollup:
    """A node's totals as stored. Raises Poisoned where it names no node, period, currency or scenarios."""
    if not (rollup.node and rollup.period and rollup.currency and rollup.scenarios > 0):
        raise Poisoned("the rollup names no node, period, currency or scenarios", field="rollup", value=rollup.node)
    body = {
        "level": rollup.level,
        "name": rollup.name,
        "parent": rollup.parent,
        "open_deals": rollup.open_deals,
        "scenarios": rollup.scenarios,
        "deals_sum": rollup.deals_sum,
        "not_yet_created_sum": rollup.not_yet_created_sum,
        "correction_sum": rollup.correction_sum,
        "quantiles": list(rollup.quantiles),
        "as_of": rollup.as_of.ToJsonString(),
        "business_day": rollup.business_day,
        "model_version": rollup.model_version,
        "model_generation": rollup.model_generation,
        "start_date": rollup.start_date,
        "end_date": rollup.end_date,
        "spans": [_span_total(each) for each in rollup.spans],
        "exchange_edition": rollup.exchange_edition,
    }
    return StoredRollup(rollup.node, rollup.period, rollup.currency, body)


def _span_total(each: insights_pb2.SpanTotal) -> dict[str, Any]:
    return {
        "start_date": each.start_date, "end_date": each.end_date, "open_deals": each.open_deals,
        "deals_sum": each.deals_sum, "not_yet_created_sum": each.not_yet_created_sum,
        "correction_sum": each.correction_sum, "quantiles": list(each.quantiles),
    }  # fmt: skip


@lru_cache(maxsize=4_096)
def _moment(seconds: int, nanos: int) -> tuple[str, datetime]:
    """A time as text and as such; the insights of a batch mostly share theirs."""
    stamp = Timestamp(seconds=seconds, nanos=nanos)
    return str(stamp.ToJsonString()), stamp.ToDatetime(tzinfo=UTC)


def _lead_score(score: insights_pb2.LeadScore) -> tuple[dict[str, Any], dict[str, Any]]:
    body = {
        "probability": score.probability,
        "low": score.low,
        "high": score.high,
        "base_log_odds": score.base_log_odds,
        "reasons": reasons(score.reasons),
        "prior": score.prior,
        "nothing_predicts": score.nothing_predicts,
        "horizon_days": score.horizon_days or None,
        "contributions": dict(zip(score.contributions.fields, score.contributions.effects, strict=False)),
    }
    return body, {"probability": score.probability}


def _forecast(forecast: insights_pb2.Forecast) -> tuple[dict[str, Any], dict[str, Any]]:
    slip_risk = forecast.slip_risk if forecast.HasField("slip_risk") else None
    body = {
        "status": _STATUS.get(forecast.status, "open"),
        "periods": [_period(each) for each in forecast.periods],
        "months": [_period(each) for each in forecast.months],
        "close_date": _span(forecast.close_date_p10, forecast.close_date_p50, forecast.close_date_p90),
        "amount": _amount(forecast),
        "category": forecast.category.upper(),
        "slip_risk": slip_risk,
        "win_probability": forecast.win_probability,
        "reasons": reasons(forecast.reasons),
    }
    current = next((period for period in forecast.periods if period.HasField("expected")), None)
    expected = float(current.expected.value) if current else None  # of this quarter: a dead deal is not worth a look
    return body, {"expected_amount": expected, "slip_risk": slip_risk, "category": forecast.category}


def _period(period: insights_pb2.PeriodForecast) -> dict[str, Any]:
    return {
        "period": period.period,
        "start_date": period.start_date,
        "end_date": period.end_date,
        "probability": period.probability,
        "expected": money(period.expected),
    }


def _span(p10: str, p50: str, p90: str) -> dict[str, str] | None:
    return {"p10": p10, "p50": p50, "p90": p90} if p50 else None


def _amount(forecast: insights_pb2.Forecast) -> dict[str, str] | None:
    if not forecast.amount_mean.currency:
        return None
    return {
        "currency": forecast.amount_mean.currency,
        "mean": forecast.amount_mean.value,
        "p10": forecast.amount_p10.value,
        "p90": forecast.amount_p90.value,
    }


Parts = tuple[dict[str, Any], dict[str, Any]]

_BODIES: dict[InsightKind, Callable[[Any], Parts]] = {
    InsightKind.LEAD_SCORE: _lead_score,
    InsightKind.FORECAST: _forecast,
    InsightKind.NEXT_ACTIONS: next_actions,
}


def _lead_score_to_pb(header: insights_pb2.InsightHeader, body: Mapping[str, Any]) -> insights_pb2.LeadScore:
    return insights_pb2.LeadScore(
        header=header, probability=body["probability"], low=body["low"], high=body["high"],
        base_log_odds=body["base_log_odds"], reasons=reasons_to_pb(body["reasons"]), prior=body["prior"],
        nothing_predicts=body.get("nothing_predicts", False), horizon_days=body.get("horizon_days") or 0,
        contributions=_contributions_to_pb(body.get("contributions")),
    )  # fmt: skip


def _contributions_to_pb(effects: Mapping[str, float] | None) -> insights_pb2.Contributions | None:
    return insights_pb2.Contributions(fields=effects.keys(), effects=effects.values()) if effects else None


def _forecast_to_pb(header: insights_pb2.InsightHeader, body: Mapping[str, Any]) -> insights_pb2.Forecast:
    days, amount = body["close_date"] or {}, body["amount"]
    periods = [
        insights_pb2.PeriodForecast(
            period=each["period"], start_date=each["start_date"], end_date=each["end_date"],
            probability=each["probability"], expected=money_to_pb(each["expected"]),
        )
        for each in body["periods"]
    ]  # fmt: skip
    sums = {
        name: records_pb2.Money(currency=amount["currency"], value=amount[name]) if amount else None
        for name in ("mean", "p10", "p90")
    }
    return insights_pb2.Forecast(
        header=header, status=_STATUS_CODES[body["status"]], periods=periods, close_date_p10=days.get("p10", ""),
        close_date_p50=days.get("p50", ""), close_date_p90=days.get("p90", ""), category=body["category"].lower(),
        slip_risk=body["slip_risk"], reasons=reasons_to_pb(body["reasons"]),
        win_probability=body["win_probability"], amount_mean=sums["mean"], amount_p10=sums["p10"],
        amount_p90=sums["p90"],
    )  # fmt: skip
