"""Builders of deals, events and parameters that forecast tests share."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np

from dealcast.events.v1 import events_pb2
from kit.money import Money
from learning.records import Change, Deal, DealHistory, DealKind, Node, Outcome
from learning.wire_event import deal_event
from services.forecast.domain import Loadings, Parameters

DAY = date(2017, 9, 30)
COMPANY = Node("company", "company", "Company")


def owner_path(owner: str, region: str = "Central", manager: str = "m1") -> tuple[Node, ...]:
    """Company, region, manager, owner."""
    place = Node(f"region:{region}", "region", region, "company")
    leader = Node(f"manager:{manager}", "manager", manager, place.id)
    return COMPANY, place, leader, Node(f"owner:{owner}", "owner", owner, leader.id)


def parameters(deal_id: str = "d1", **members: object) -> Parameters:
    """An open deal of some 1,000 USD."""
    given: dict[str, object] = {
        "seed": 7, "start": date(2017, 10, 1), "currency": "USD", "win_probability": 0.4,
        "week_weights": np.full(53, 1 / 60), "log_amount_mean": float(np.log(100_000)), "log_amount_sd": 0.3,
        "loadings": Loadings(0.1, 0.1, 0.1), "region": "region:Central",
    }  # fmt: skip
    return Parameters(deal_id, **(given | members))  # type: ignore[arg-type]


def history(deal_id: str = "d1", owner: str = "u1", **members: object) -> DealHistory:
    """An open opportunity of August with its creation as history."""
    created = datetime(2017, 8, 1, 9, tzinfo=UTC)
    given: dict[str, object] = {
        "revision": 1, "stage": "Engaging", "owner_id": owner, "amount": Money("USD", 100_000),
        "created_time": created, "close_date": date(2017, 11, 15),
    }  # fmt: skip
    deal = Deal(deal_id, **(given | members))  # type: ignore[arg-type]
    values = {
        "kind": str(DealKind.OPPORTUNITY), "outcome": str(Outcome.OPEN), "stage": deal.stage,
        "pipeline": deal.pipeline, "amount": deal.amount, "close_date": deal.close_date, "owner_id": owner,
    }  # fmt: skip
    changes = tuple(Change(name, value, created, created, 1) for name, value in values.items())
    return DealHistory(deal, changes, owner_path=owner_path(owner))


def scored_event(
    deal_id: str = "d1", *, score: float = 0.5, day: date = DAY, currency: str = "", **members: object
) -> events_pb2.DealEvent:
    """What lead scoring publishes."""
    made = deal_event(history(deal_id, **members), business_day=day, company_currency=currency)  # type: ignore[arg-type]
    made.lead_score.probability = score
    key = made.lead_score.header.key
    key.deal_revision, key.business_day, key.insight_id = made.deal.revision, day.isoformat(), "score"
    return made
