"""Deals in several currencies add up in the company's, exactly and the same in every replica."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from dealcast.events.v1 import events_pb2
from kit.clock import FixedClock
from kit.documents import read_document
from kit.errors import Poisoned
from kit.models import Pointer
from kit.money import Money
from learning.exchange import DatedRate, Rates
from learning.records import Change, DealHistory, Outcome
from learning.snapshots import end_of
from services.forecast import convert
from services.forecast.blend import Correction, Past
from services.forecast.dataset import read_cases
from services.forecast.domain import SCENARIOS, Integers
from services.forecast.exchange import BesideDeals, Exchange
from services.forecast.leaves import Update
from services.forecast.model import ForecastModel
from services.forecast.months import Allotment
from services.forecast.newbusiness import NewBusiness, OwnerRate
from services.forecast.service import Forecasts
from services.forecast.told import EXCHANGE_RATES, read_exchange
from tests.unit.forecast.forecast_builders import DAY, owner_path

MakeEvent = Callable[..., events_pb2.DealEvent]
RATES = {"EUR": "1.25", "KRW": "0.00085"}
EXCHANGE = Exchange.of("USD", RATES)
AMOUNTS = (Money("USD", 100_001), Money("EUR", 80_003), Money("KRW", 1_300_007), Money("GBP", 70_000))


class Models:
    def __init__(self, model: ForecastModel | None = None) -> None:
        self.current: tuple[ForecastModel, Pointer | None] = (model or ForecastModel(), None)


def updates(event: MakeEvent, service: Forecasts) -> list[Update]:
    events = [
        event(f"d{number}", owner=f"u{number % 3}", score=0.3 + number / 30, amount=AMOUNTS[number % 4])
        for number in range(16)
    ]
    asked = [convert.asked_from_event(one) for one in events]
    return [convert.update_of(*pair) for pair in zip(asked, service.answer(asked), strict=True)]


def service(model: ForecastModel | None = None) -> Forecasts:
    return Forecasts(Models(model), FixedClock(end_of(DAY)))


def vectors(of: Forecasts) -> dict[tuple[str, str, str], Integers]:
    return {(node.id, str(span), code): vector for node, span, code, vector in of.rollup.vectors() if vector.any()}


def test_factors_are_of_minor_units() -> None:
    assert EXCHANGE.factors == {"EUR": 1.25, "KRW": 0.085}
    assert [EXCHANGE.currency_of(code) for code in ("EUR", "GBP", "USD")] == ["USD", "GBP", "USD"]


def test_totals_are_the_deals_scenarios_as_they_count(event: MakeEvent) -> None:
    plain, counting = service(), service()
    counting.adopt_exchange(EXCHANGE, 1)
    plain.rollup.apply(updates(event, plain))
    counting.rollup.apply(updates(event, counting))
    before, after = vectors(plain), vectors(counting)
    assert {code for _, _, code in before} == {"USD", "EUR", "KRW", "GBP"}
    assert {code for _, _, code in after} == {"USD", "GBP"}, "there is no rate of GBP: it stays apart"
    for node, span, code in after:
        if code == "GBP":
            assert (after[node, span, code] == before[node, span, code]).all()
            continue
        parts = [before.get((node, span, one), np.zeros(SCENARIOS)) for one in ("USD", "EUR", "KRW")]
        exact = parts[0] + 1.25 * parts[1] + 0.085 * parts[2]
        assert np.abs(after[node, span, code] - exact).max() <= 6, "each deal is rounded by itself"
    below: dict[tuple[str, str], list[Integers]] = defaultdict(list)
    for (node, span, code), vector in after.items():
        if node.startswith("owner:"):
            below[span, code].append(vector)
    for (span, code), owners in below.items():
        assert np.array_equal(np.sum(owners, axis=0), after["company", span, code])
    assert counting.info.exchange == 1
    row = counting.rollup.rows("company")[0]
    assert convert.rollup_to_pb(row, counting.info, end_of(DAY)).exchange_edition == 1


def test_any_order_of_deals_and_rates_gives_the_same(event: MakeEvent) -> None:
    one, other = service(), service()
    one.adopt_exchange(EXCHANGE, 4)
    given = updates(event, one)
    one.rollup.apply(given)
    one.adopt_exchange(EXCHANGE, 5)
    assert len(one.rollup) == 16, "another edition of the same rates counts nothing anew"
    other.adopt_exchange(Exchange.of("USD", {"EUR": "7"}), 3)
    other.rollup.apply(given)
    other.adopt_exchange(EXCHANGE, 5)
    assert len(other.rollup) == 0, "totals begin anew and are filled from the stream"
    random.Random(5).shuffle(given)
    for each in given:
        other.rollup.apply([each])
    mine, theirs = vectors(one), vectors(other)
    assert mine.keys() == theirs.keys()
    assert all((mine[key] == theirs[key]).all() for key in mine)
    assert one.info == other.info


def test_a_simulation_counts_in_the_companys_currency_and_leaves_no_trace(event: MakeEvent) -> None:
    one = service()
    one.adopt_exchange(EXCHANGE, 1)
    one.rollup.apply(updates(event, one))
    before = vectors(one)
    dearer = convert.asked_from_event(event("d1", owner="u1", score=0.9, amount=Money("EUR", 900_000), revision=2))
    current, simulated = one.simulate([dearer], "2017-Q4")
    assert {row.currency for row in (*current, *simulated)} == {"USD"}
    assert simulated[0].deals_sum > current[0].deals_sum
    assert all((vectors(one)[key] == vector).all() for key, vector in before.items())


def test_what_stands_beside_the_deals_counts_too() -> None:
    path, span = owner_path("u1"), service().rollup.grid.wholes(DAY + timedelta(days=1))[0]
    codes = ("USD", "EUR", "GBP")
    new = {("u1", code): (OwnerRate("u1", code, path, 0.1, 10.0, 0.5), {span: np.arange(SCENARIOS)}) for code in codes}
    noise = np.linspace(-1, 1, SCENARIOS)
    past = {span: Past(100.0, np.full(SCENARIOS, 101), noise, 10.0, 1.5)}
    pasts = {("u1", code): past for code in codes}
    allotted = {
        ("u1", code): {span: Allotment(np.ones((3, SCENARIOS), dtype=np.int64), pieces)}
        for code, pieces in zip(codes, (1, 2, 3), strict=True)
    }
    found = BesideDeals(new, Correction(pasts=pasts), allotted).counted(EXCHANGE)
    assert found.new.keys() == found.correction.pasts.keys() == found.allotted.keys() == {("u1", "USD"), ("u1", "GBP")}
    rate, wins = found.new["u1", "USD"]
    assert rate.currency == "USD"
    assert (wins[span] == np.arange(SCENARIOS) + np.rint(1.25 * np.arange(SCENARIOS))).all()
    joined = found.correction.pasts["u1", "USD"][span]
    assert joined.drawn is not None
    assert (joined.mean, set(joined.drawn.tolist())) == (225.0, {101 + 126})
    assert joined.typical == pytest.approx((100 * 10 + 125 * 12.5) / 225)
    assert found.allotted["u1", "USD"][span].pieces == 2
    assert found.correction.pasts["u1", "GBP"][span] is past[span]
    nothing = BesideDeals(new, Correction(pasts=pasts), allotted)
    assert nothing.counted(Exchange()) is nothing


def test_extras_drawn_for_other_rates_are_not_taken(event: MakeEvent) -> None:
    owners = (OwnerRate("u1", "EUR", owner_path("u1"), 0.5, 11.0, 0.5),)
    one = service(ForecastModel(new_business=NewBusiness(owners, np.ones((1, 400)))))
    one.rollup.apply(updates(event, one))
    wanted = one.extras_wanted()
    assert wanted is not None
    old = one.draw_extras(*wanted)
    one.adopt_exchange(EXCHANGE, 1)
    one.rollup.apply(updates(event, one))
    one.take_extras(old)
    assert not any(row.not_yet_created_sum for row in one.rollup.rows())
    again = one.extras_wanted()
    assert again is not None
    one.take_extras(one.draw_extras(*again))
    assert {row.currency for row in one.rollup.rows() if row.not_yet_created_sum} == {"USD"}


def test_training_reads_amounts_in_the_companys_currency(history: Callable[..., DealHistory]) -> None:
    rates = Rates.of("USD", [DatedRate("EUR", date(2017, 8, 10), Decimal(2)), DatedRate("EUR", DAY, Decimal(3))])
    cases = []
    for amount in (Money("EUR", 100_000), Money("GBP", 100_000)):
        deal = history("d1", amount=amount, outcome=Outcome.WON, closed_date=DAY)
        won = Change("outcome", "WON", end_of(DAY) - timedelta(hours=1), end_of(DAY), 2)
        whole = DealHistory(deal.deal, (*deal.changes, won), owner_path=deal.owner_path)
        [case] = read_cases([whole], DAY, "USD", [date(2017, 9, 1)], rates)
        cases.append(case)
    euros, pounds = cases
    assert (euros.currency, euros.booked) == ("USD", 3_000.0), "by the rate of the day it was booked on"
    assert {row["amount"] for row in euros.rows.values()} == {2_000.0}, "by the first rate also before it"
    assert {row["currency"] for row in euros.rows.values()} == {"USD"}
    assert (pounds.currency, pounds.booked) == ("GBP", 1_000.0)
    assert {row["amount"] for row in pounds.rows.values()} == {1_000.0}


@pytest.mark.parametrize(
    "data",
    [{}, {"currency": "USD"}, {"currency": "USD", "rates": []}, {"currency": "USD", "rates": {"EUR": "x"}},
     {"currency": "USD", "rates": {"EUR": "-1"}}, {"currency": "USD", "rates": {"ZZZ": "1"}}],
)  # fmt: skip
def test_what_are_no_rates_is_refused(tmp_path: Path, data: dict[str, object]) -> None:
    (tmp_path / f"{EXCHANGE_RATES}.json").write_text(json.dumps(data), "utf-8")
    with pytest.raises(Poisoned):
        read_document(tmp_path, EXCHANGE_RATES, read_exchange)
