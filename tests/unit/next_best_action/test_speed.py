"""Ranking must not hold the flow up: at most 5 ms a deal for the whole catalogue, and in practice far less."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

from kit.clock import FixedClock
from kit.money import Money
from learning.records import Activity, Change, Consent, Contact, ContactRole, Deal, DealHistory
from services.next_best_action import catalogue
from services.next_best_action.domain import Asked
from services.next_best_action.model import ActionModel
from services.next_best_action.service import NextBestAction

DAY = date(2026, 3, 31)
START = datetime(2025, 12, 1, tzinfo=UTC)


class Prior:
    current = (ActionModel(), None)


def busy_deal(number: int, activities: int) -> Asked:
    kinds = ("call", "mail", "meeting", "note", "chat")
    log = tuple(
        Activity(f"a{i}", f"d{number}", kinds[i % 5], ("inbound", "outbound")[i % 2], START + timedelta(hours=12 * i),
                 text="가격이 비싸다고 합니다. " * 20)
        for i in range(activities)
    )  # fmt: skip
    changes = tuple(
        Change("stage", f"s{i}", START + timedelta(days=10 * i), START + timedelta(days=10 * i)) for i in range(6)
    )
    person = Contact("p1", "", consents=(Consent("mail", granted=True), Consent("chat", granted=True)))
    deal = Deal(f"d{number}", 3, stage="s5", amount=Money("USD", 900_000), created_time=START,
                close_date=DAY - timedelta(days=5), contacts=(ContactRole("p1", "uses"),))  # fmt: skip
    history = DealHistory(deal, changes, log, contacts=((person, "uses"),), activity_count=activities)
    return Asked(history, DAY, 0.4, Money("USD", 900_000), 0.5)


def test_ranking_the_catalogue_takes_under_five_milliseconds() -> None:
    service = NextBestAction(catalogue.load(), Prior(), FixedClock(DAY))
    deals = [busy_deal(number, 100) for number in range(50)]
    service.answer(deals)
    fastest = float("inf")
    for _ in range(3):
        started = time.perf_counter()
        service.answer(deals)
        fastest = min(fastest, (time.perf_counter() - started) / len(deals))
    assert fastest < 0.005, f"{fastest * 1e6:.0f} µs a deal with 100 activities"
