"""What precedes progress, on weeks whose truth is known: calls go to deals that progress anyhow, or bring something."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from learning.records import Deal, Outcome
from services.gateway.figures.counting import Line
from services.gateway.figures.effectiveness import activity_effectiveness, chosen
from services.gateway.figures.facts import facts_of
from services.gateway.figures.groups import groups_of
from services.gateway.figures.spans import Span
from services.gateway.store.codec import to_us
from services.gateway.store.figures_interface import DealPast, Done
from tests.unit.figures.figure_histories import asked_in_dollars, book_of

START, TODAY = date(2026, 1, 1), date(2026, 4, 30)
SPAN = Span("2026-Q1", START.toordinal(), date(2026, 3, 31).toordinal())
DEALS = 1_500


def lines(effect: float, seed: int, called: float = 0.25) -> dict[str, Line]:
    """Every second deal is in a stage in which progress is likelier and calls are three times as frequent; a call in
    the first week adds `effect` to the chance to go on within the four weeks after. Mails are never sent."""
    dice = np.random.default_rng(seed)
    pasts, done = [], {}
    for number in range(DEALS):
        late, name = number % 2, f"d{number:04d}"
        begun = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(days=int(dice.integers(0, 20)))
        calls = bool(dice.random() < called * (1 + 2 * late))
        moves = bool(dice.random() < 0.1 + 0.4 * late + effect * calls)
        rows = [("outcome", "OPEN", to_us(begun)), ("stage", "Offer" if late else "New", to_us(begun))]
        if moves:
            rows.append(("stage", "Contract" if late else "Offer", to_us(begun + timedelta(days=10))))
        closed = begun.date() + timedelta(days=13)  # one week a deal counts in full
        rows.append(("outcome", "LOST", to_us(begun + timedelta(days=13))))
        deal = Deal(name, 1, outcome=Outcome.LOST, owner_id="ann", created_time=begun, closed_date=closed)
        pasts.append(facts_of(DealPast(deal, rows)))
        if calls:
            done[name] = [Done(name, begun + timedelta(days=3), "call", "outbound")]
    orders = {"default": ["New", "Offer", "Contract"]}
    book = replace(book_of([]), deals=pasts, orders=orders, version=(1, TODAY))
    asked = asked_in_dollars(book)
    [group] = groups_of(book, "all", (), None)
    deals = chosen(group, SPAN, asked)
    assert len(deals) == DEALS
    return {one.part: one for one in activity_effectiveness(deals, SPAN, asked, done)}


def test_calls_to_deals_that_go_on_anyhow_bring_nothing() -> None:
    found = lines(0.0, 1)["call"]
    counts = found.counts
    plain = counts["progressed_with"] / counts["with"] - counts["progressed_without"] / counts["without"]
    assert plain > 0.08, "as they look"
    assert found.value is not None
    assert abs(found.value) < plain / 2
    assert found.note == "not_sure"


def test_calls_that_bring_something_are_told_with_an_interval() -> None:
    found = lines(0.25, 2)["call"]
    assert found.low is not None
    assert found.high is not None
    assert found.note == "observed"
    assert 0 < found.low < found.high


def test_what_was_hardly_done_or_always_cannot_be_told() -> None:
    found = lines(0.0, 3, called=0.005)
    assert (found["call"].value, found["call"].note) == (None, "too_few")
    assert (found["mail"].value, found["mail"].note, found["mail"].count) == (None, "too_few", 0)
