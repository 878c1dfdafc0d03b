"""Plays the three services: answers every deal event with fixed numbers and right keys."""

from __future__ import annotations

import asyncio

from nats.aio.client import Client as NATS  # noqa: N814

from dealcast.common.v1 import insights_pb2, records_pb2
from dealcast.events.v1 import events_pb2
from kit.subjects import insight_id, subject

KINDS = ("lead_score", "forecast", "next_actions")


def header(
    event: events_pb2.DealEvent, kind: str, generation: int, upstream: insights_pb2.InsightKey | None
) -> insights_pb2.InsightHeader:
    """The header of an insight on this event."""
    deal, day = event.deal, event.business_day
    version = f"v{generation}"
    up = upstream.insight_id if upstream is not None else ""
    key = insights_pb2.InsightKey(
        deal_revision=deal.revision, model_generation=generation, business_day=day, upstream=upstream,
        insight_id=insight_id(kind, deal.id, deal.revision, generation, day, up, version),
    )  # fmt: skip
    made = insights_pb2.InsightHeader(key=key, model_version=version)
    made.as_of.FromJsonString(f"{day}T12:00:00Z")
    return made


def answer(
    event: events_pb2.DealEvent, probability: float = 0.6, generation: int = 0, gain: str = "10.00", contact: str = ""
) -> events_pb2.DealEvent:
    """The event with all three insights filled in."""
    reason = insights_pb2.Reason(field="stage", value="Engaging", effect=0.4, text_en="early", text_ko="초기")
    score = insights_pb2.LeadScore(
        header=header(event, "lead_score", generation, None), probability=probability, low=probability - 0.1,
        high=probability + 0.1, reasons=[reason],
    )  # fmt: skip
    event.lead_score.CopyFrom(score)
    usd = records_pb2.Money(currency="USD", value="1000.00")
    event.forecast.CopyFrom(
        insights_pb2.Forecast(
            header=header(event, "forecast", generation, score.header.key), status=insights_pb2.FORECAST_STATUS_OPEN,
            periods=[insights_pb2.PeriodForecast(period="2017-Q4", probability=0.4, expected=usd)],
            close_date_p10="2017-10-10", close_date_p50="2017-11-10", close_date_p90="2017-12-10", amount_mean=usd,
            amount_p10=usd, amount_p90=usd, category="best_case", slip_risk=0.2, win_probability=probability,
        )
    )  # fmt: skip
    action = insights_pb2.SuggestedAction(
        id="a1", action="call", text_en="Call", text_ko="전화", channel="call", contact_id=contact,
        gain=records_pb2.Money(currency="USD", value=gain), probability_gain=0.05, propensity=0.7, reasons=[reason],
        contact_limits=insights_pb2.ContactLimits(
            windows=[insights_pb2.ContactLimits.Window(contacts=2, days=7)], unanswered=3, quiet_days=7,
        ),
    )  # fmt: skip
    actions = insights_pb2.NextActions(
        header=header(event, "next_actions", generation, event.forecast.header.key), actions=[action]
    )
    event.next_actions.CopyFrom(actions)
    return event


async def publish_answer(nc: NATS, event: events_pb2.DealEvent, kinds: tuple[str, ...] = KINDS) -> None:
    """Publish the event's insights as the services do."""
    for kind in kinds:
        await nc.publish(subject(f"INSIGHTS.{kind}", event.deal.id), event.SerializeToString())


class Player:
    """Answers everything on DEALS.> until stopped; remembers what it saw."""

    def __init__(self, nc: NATS, generation: int = 0, contact: str = "") -> None:
        self.nc = nc
        self.generation = generation
        self.contact = contact
        self.seen: list[events_pb2.DealEvent] = []
        self.headers: list[dict[str, str]] = []
        self.muted: set[str] = set()

    async def __aenter__(self) -> Player:
        self._subscription = await self.nc.subscribe("DEALS.>", cb=self._receive)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._subscription.unsubscribe()
        await asyncio.sleep(0)

    async def _receive(self, message: object) -> None:
        event = events_pb2.DealEvent.FromString(message.data)  # type: ignore[attr-defined]
        self.seen.append(event)
        self.headers.append(dict(message.headers or {}))  # type: ignore[attr-defined]
        if event.deal.id not in self.muted:
            made = events_pb2.DealEvent()
            made.CopyFrom(event)
            await publish_answer(self.nc, answer(made, generation=self.generation, contact=self.contact))
