"""Every figure on histories small enough to reckon by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from kit.money import Money
from learning.exchange import DatedRate
from learning.incidence import wilson
from learning.records import Motion
from services.gateway.figures import outcomes, revenue, stages
from services.gateway.figures.counting import Asked, Group, Line
from services.gateway.figures.spans import Span
from services.gateway.store.figures_interface import DealPast
from tests.unit.figures.figure_histories import Q2, Q3, TODAY, book_of, day, deal, everything

USD, EUR = "USD", "EUR"
Define = Callable[[Group, Span, Asked], list[Line]]


def lines(define: Define, pasts: list[DealPast], span: Span = Q2, **more: Any) -> list[Line]:
    group, asked = everything(book_of(pasts), **more)
    return define(group, span, asked)


def line(define: Define, pasts: list[DealPast], part: str = "", span: Span = Q2, **more: Any) -> Line:
    [found] = [one for one in lines(define, pasts, span, **more) if one.part == part and one.currency in ("", USD)]
    return found


def test_win_rate_counts_what_was_closed_in_the_period() -> None:
    pasts = [
        deal("before", "01-01", won="03-31"), deal("first", "01-01", won="04-01"), deal("lost", "05-01", lost="06-30"),
        deal("late", "05-01", won="07-01"), deal("open", "05-01"),
    ]  # fmt: skip
    found = line(outcomes.win_rate, pasts)
    assert (found.value, found.count, found.counts) == (0.5, 2, {"won": 1, "lost": 1})
    assert (found.low, found.high) == (wilson(1, 2).low, wilson(1, 2).high)
    assert line(outcomes.win_rate, pasts[-1:]).note == "none_closed"


def test_win_rate_of_what_was_created_knows_that_open_deals_may_still_be_won() -> None:
    """Four decided after 10 to 40 days; the open one was watched for 75 days, the other for 15."""
    decided = [deal("a", "04-01", won="04-11"), deal("b", "04-01", lost="04-21"), deal("c", "04-01", won="05-01"),
               deal("d", "04-01", lost="05-11")]  # fmt: skip
    assert line(outcomes.win_rate_created, decided).value == 0.5
    young = deal("young", "06-30")
    found = line(outcomes.win_rate_created, [*decided, young])
    # at risk 5, 4 (young has gone at 15), 3, 2, 1: won 1/5 at 10 days, 4/5·(3/4... of those left by 30 days
    after_ten = 4 / 5
    after_twenty = after_ten * (1 - 1 / 3)
    assert found.value == pytest.approx(1 / 5 + after_twenty * 1 / 2)
    assert (found.note, found.counts) == ("some_open", {"won": 2, "lost": 2, "open": 1})
    assert line(outcomes.win_rate_created, [young]).note == "none_decided"
    assert line(outcomes.win_rate_created, []).note == "none_created"


def test_cycle_length_is_no_mean_of_what_happens_to_be_closed() -> None:
    pasts = [deal("a", "04-01", won="04-11"), deal("b", "04-01", lost="04-21"), deal("c", "04-01", won="05-31")]
    assert line(outcomes.cycle_length, pasts, "decided").value == 20
    assert line(outcomes.cycle_length, pasts, "won").value == 10
    waiting = [*pasts, *(deal(f"open{at}", "04-01") for at in range(4))]
    found = line(outcomes.cycle_length, waiting, "decided")
    assert (found.value, found.high, found.note, found.count) == (None, None, "median_ahead", 7)
    assert line(outcomes.cycle_length, waiting[3:], "won").note == "none_won"


def test_slip_rate_looks_at_what_was_promised_on_the_eve() -> None:
    on_eve = {"01-01": "05-15"}
    pasts = [
        deal("won", "01-01", promised=on_eve, won="05-20"),
        deal("lost", "01-01", promised=on_eve, lost="05-20"),
        deal("pushed", "01-01", promised=on_eve | {"04-10": "07-02"}),
        deal("pushed, then lost later", "01-01", promised=on_eve | {"06-30": "12-31"}, lost="07-05"),
        deal("pushed and brought back", "01-01", promised=on_eve | {"04-10": "07-02", "04-12": "06-01"}),
        deal("left as it was", "01-01", promised=on_eve, won="07-03"),
        deal("for another period", "01-01", promised={"01-01": "07-15"}),
        deal("promised for it later", "01-01", promised={"01-01": "07-15", "04-01": "05-15"}),
        deal("created in it", "04-01", promised={"04-01": "05-15"}),
        deal("closed before", "01-01", promised=on_eve, lost="03-31"),
    ]  # fmt: skip
    found = line(outcomes.slip_rate, pasts)
    assert found.counts == {"won": 1, "lost": 1, "pushed": 2, "overdue": 2, "pending": 0}
    assert (found.value, found.count, found.note) == (2 / 6, 6, "")
    now = line(outcomes.slip_rate, [deal("a", "01-01", promised={"01-01": "08-01"})], span=Q3)
    assert (now.value, now.counts["pending"], now.note) == (0, 1, "so_far")


def test_time_in_stage_takes_every_stay_by_itself() -> None:
    pasts = [
        deal("a", "04-01", stages={"04-01": "New", "04-05": "Offer", "04-15": "New", "04-17": "Offer"}, won="04-30"),
        deal("b", "03-01", stages={"03-01": "New", "04-11": "Offer"}, lost="04-11"),
        deal("c", "04-01", stages={"04-01": "New"}),
    ]  # fmt: skip
    new, offer = lines(stages.time_in_stage, pasts)
    assert (new.part, new.count, new.value) == ("New", 3, 4), "4 and 2 days, and one of more than 100"
    assert new.counts == {"moved": 2, "won": 0, "lost": 0, "open": 1}
    assert (offer.part, offer.count, offer.value) == ("Offer", 3, 10.0)
    assert offer.counts == {"moved": 1, "won": 1, "lost": 1, "open": 0}
    assert lines(stages.time_in_stage, [])[0].note == "no_stages"


def test_conversion_with_skips_and_moves_back() -> None:
    pasts = [
        deal("straight", "04-01", stages={"04-01": "New", "04-05": "Offer", "04-08": "Contract"}, won="04-20"),
        deal("skips", "04-01", stages={"04-01": "New", "04-05": "Contract"}, lost="04-20"),
        deal("back", "04-01", stages={"04-01": "New", "04-05": "Offer", "04-08": "New"}, lost="04-20"),
        deal("again", "01-01", stages={"01-01": "New", "02-01": "Offer", "04-08": "New", "04-10": "Offer"}),
        deal("won at once", "04-01", stages={"04-01": "New"}, won="04-02"),
        deal("given up", "04-01", stages={"04-01": "New"}, lost="04-02"),
    ]  # fmt: skip
    new, offer, contract = lines(stages.stage_conversion, pasts)
    assert (new.part, new.value, new.count) == ("New", 4 / 5, 5), "`again` was there before the period"
    assert {name: new.counts[name] for name in ("onward", "lost", "open")} == {"onward": 4, "lost": 1, "open": 0}
    assert (new.counts["to:Offer"], new.counts["to:Contract"], new.counts["to_won"], new.counts["to_lost"]) == (
        2,
        1,
        1,
        1,
    )
    assert (offer.part, offer.value, offer.count) == ("Offer", 1 / 2, 2), "the one that skipped it does not count"
    assert offer.counts["to:New"] == 1
    assert (contract.part, contract.value) == ("Contract", 1 / 2)
    waits = [*pasts, deal("waits", "06-30", stages={"06-30": "Offer"})]
    assert lines(stages.stage_conversion, waits)[1].note == "some_open"


def test_stages_stand_as_they_are_set_down_else_as_they_are_seen() -> None:
    seen = book_of([deal("a", "04-01", stages={"04-01": "B", "04-02": "A", "04-03": "C"}),
                    deal("b", "04-01", stages={"04-01": "A", "04-02": "B"}),
                    deal("c", "04-01", stages={"04-01": "B", "04-02": "A"})]).deals  # fmt: skip
    assert stages.ranks_of(seen, {})["default"] == {"B": 0, "A": 1, "C": 2}
    assert stages.ranks_of(seen, {"default": ["C", "A"]})["default"] == {"C": 0, "A": 1, "B": 2}


def test_pipeline_created_takes_amounts_as_they_stood_at_the_periods_end() -> None:
    pasts = [
        deal("grew", "04-01", amounts={"04-01": Money(USD, 100), "06-30": Money(USD, 300), "07-01": Money(USD, 900)}),
        deal("later", "05-01", amounts={"07-01": Money(USD, 900)}),
        deal("euros", "05-01", amount=Money(EUR, 1_000)),
        deal("before", "03-31", amount=Money(USD, 50)),
    ]  # fmt: skip
    dollars, euros = lines(revenue.pipeline_created, pasts)
    assert (dollars.value, dollars.count, dollars.counts) == (300, 2, {"created": 3, "without_amount": 1})
    assert (euros.currency, euros.value, euros.count) == (EUR, 1_000, 1)
    rates = [DatedRate(EUR, date(2026, 4, 1), Decimal(2)), DatedRate(EUR, date(2026, 5, 2), Decimal(3))]
    [whole] = lines(revenue.pipeline_created, pasts, rates=rates)
    assert (whole.currency, whole.value) == (USD, 300 + 2_000)


def test_average_deal() -> None:
    pasts = [
        deal("a", "01-01", amount=Money(USD, 100), won="04-05"),
        deal("b", "01-01", amount=Money(USD, 301), won="04-06"),
        deal("c", "01-01", won="04-06"),
        deal("d", "01-01", amount=Money(USD, 9), lost="04-06"),
    ]
    found = line(revenue.average_deal, pasts)
    assert (found.value, found.count, found.counts) == (200, 2, {"won": 3, "without_amount": 1})
    assert (found.low, found.high) == (100, 301)
    assert line(revenue.average_deal, pasts[2:]).note == "no_amounts"
    assert line(revenue.average_deal, pasts[3:]).note == "none_won"


def contract(name: str, end: str, minor: int, **more: Any) -> DealPast:
    return deal(
        name, "2025-01-01", amount=Money(USD, minor), won="2025-02-01", fields={"contract_end": day(end), **more}
    )


def renewal(name: str, of: str, minor: int, **more: Any) -> DealPast:
    more.setdefault("won", "05-10")
    return deal(name, "03-01", amount=Money(USD, minor), motion=Motion.RENEWAL, fields={"renews": of}, **more)


CONTRACTS = [
    contract("kept", "04-30", 100), contract("grown", "05-31", 200), contract("shrunk", "06-30", 400),
    contract("gone", "06-30", 800), contract("talks", "06-30", 1_600),
    contract("cancelled", "06-30", 3_200, contract_cancelled=day("05-01")), contract("later", "07-31", 6_400),
    renewal("k", "kept", 100), renewal("g", "grown", 250), renewal("s", "shrunk", 300),
    renewal("t", "talks", 1, won=""), renewal("c", "cancelled", 1, won=""),
    renewal("x", "gone", 1, won="", lost="06-01"),
]  # fmt: skip


def test_retention_of_contracts() -> None:
    contracts, gross, net = lines(revenue.retention, CONTRACTS)
    assert (contracts.part, contracts.value, contracts.count) == ("contracts", 3 / 5, 5)
    assert contracts.counts == {"renewed": 3, "lost": 2, "pending": 1}
    base = 100 + 200 + 400 + 800 + 3_200
    assert gross.value == pytest.approx((100 + 200 + 300) / base)
    assert net.value == pytest.approx((100 + 250 + 300) / base)
    ends = [one for one in (gross.low, gross.value, gross.high) if one is not None]
    assert len(ends) == 3
    assert 0 <= ends[0] < ends[1] < ends[2]
    assert lines(revenue.retention, CONTRACTS[:1], Q3)[0].note == "no_contracts_ended"


def test_net_new_revenue_adds_up() -> None:
    sold = [deal("new", "04-01", amount=Money(USD, 5_000), won="05-01"),
            deal("more", "04-01", amount=Money(USD, 700), won="05-01", motion=Motion.EXPANSION)]  # fmt: skip
    found = {one.part: one.value for one in lines(revenue.net_new_revenue, [*CONTRACTS, *sold])}
    assert found == {
        "total": 5_000 + 700 - 50 - 4_000,
        "new": 5_000,
        "expansion": 700,
        "renewals": 50 - 100,
        "lost": -4_000,
    }
    assert lines(revenue.net_new_revenue, sold)[0].note == "no_contracts"


def test_retention_by_what_accounts_bought_needs_two_years() -> None:
    pasts = [
        deal("old", "2024-01-01", amount=Money(USD, 1), won="2024-07-10", account="x"),
        deal("a1", "2024-01-01", amount=Money(USD, 100), won="2025-01-10", account="a"),
        deal("a2", "2025-01-01", amount=Money(USD, 150), won="2026-01-10", account="a"),
        deal("b1", "2024-01-01", amount=Money(USD, 300), won="2025-06-10", account="b"),
        deal("new", "2025-01-01", amount=Money(USD, 999), won="2026-01-10", account="c"),
    ]
    accounts, gross, net = lines(revenue.retention, pasts)
    assert (accounts.part, accounts.value, accounts.counts) == ("accounts", 1 / 3, {"accounts": 3, "bought_again": 1})
    assert gross.value == pytest.approx(100 / 401)
    assert net.value == pytest.approx(150 / 401)
    assert {one.note for one in lines(revenue.retention, pasts[1:])} == {"history_too_short"}


def test_today_is_the_day_of_these_tests() -> None:
    assert date.fromordinal(everything(book_of([]))[1].today) == TODAY
