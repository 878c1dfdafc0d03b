"""What figures read off a deal's history, and the periods they are taken of."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from kit.errors import InvalidInput
from kit.money import Money
from learning.fiscal import FiscalCalendar
from learning.records import Deal, DealKind, Outcome
from services.gateway.figures.facts import day_of, end_of, facts_of
from services.gateway.figures.spans import spans_of
from services.gateway.renewals.terms import contract_of
from services.gateway.store.codec import to_us
from services.gateway.store.figures_interface import DealPast
from tests.unit.figures.figure_histories import day, deal, facts


def stays(past: DealPast) -> list[tuple[str, str, str, str]]:
    return [
        (one.stage, date.fromordinal(day_of(one.entered)).isoformat()[5:], one.ended, one.after)
        for one in facts(past).visits
    ]


def test_stays_in_stages_with_skips_and_moves_back() -> None:
    past = deal(
        "d", "04-01", stages={"04-01": "New", "04-05": "Offer", "04-09": "New", "04-12": "Contract"}, won="04-20"
    )
    assert stays(past) == [
        ("New", "04-01", "moved", "Offer"), ("Offer", "04-05", "moved", "New"), ("New", "04-09", "moved", "Contract"),
        ("Contract", "04-12", "won", ""),
    ]  # fmt: skip
    assert facts(past).visits[-1].left == end_of(day("04-20").toordinal()) - 999_999


def test_what_is_written_at_one_time_is_one_step() -> None:
    moment = to_us(datetime(2026, 4, 5, tzinfo=UTC))
    past = deal("d", "04-01", stages={"04-01": "New"})
    past.changes = [*past.changes, ("stage", "Offer", moment), ("stage", "Contract", moment)]
    assert stays(past) == [("New", "04-01", "moved", "Contract"), ("Contract", "04-05", "", "")]


def test_a_reopened_deal_comes_into_its_stage_again() -> None:
    past = deal("d", "04-01", stages={"04-01": "New"})
    hours = [to_us(datetime(2026, 4, 5, hour, tzinfo=UTC)) for hour in (1, 2)]
    past.changes = [*past.changes, ("outcome", "LOST", hours[0]), ("outcome", "OPEN", hours[1])]
    assert stays(past) == [("New", "04-01", "lost", ""), ("New", "04-05", "", "")]


def test_a_lead_counts_from_when_it_became_an_opportunity() -> None:
    begun, later = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 5))
    changes = [("kind", "LEAD", to_us(begun)), ("stage", "New", to_us(begun)), ("kind", "OPPORTUNITY", to_us(later))]
    found = facts_of(DealPast(Deal("d", kind=DealKind.OPPORTUNITY, created_time=begun), changes))
    assert date.fromordinal(found.created) == later.date()
    assert [day_of(one.entered) for one in found.visits] == [later.date().toordinal()]


def test_what_was_promised_and_worth_at_a_moment() -> None:
    past = deal("d", "04-01", promised={"04-01": "05-01", "04-20": "07-01"},
                amounts={"04-01": Money("USD", 1), "05-01": Money("USD", 2)})  # fmt: skip
    found = facts(past)
    assert found.promised_at(end_of(day("04-19").toordinal())) == day("05-01").toordinal()
    assert found.promised_at(end_of(day("04-20").toordinal())) == day("07-01").toordinal()
    assert found.promised_at(end_of(day("03-20").toordinal())) == 0
    assert found.amount_at(end_of(day("04-30").toordinal())) == Money("USD", 1)


def test_periods_and_weeks() -> None:
    calendar = FiscalCalendar(4)
    assert [one.id for one in spans_of(calendar, "FY2026", 2, date(2026, 7, 1))] == ["FY2025", "FY2026"]
    [week] = spans_of(calendar, "2026-W01", 1, date(2026, 7, 1))
    assert (date.fromordinal(week.start), week.end - week.start) == (date(2025, 12, 29), 6)
    assert [one.id for one in spans_of(calendar, "2026-W01", 3, date(2026, 7, 1))] == [
        "2025-W51",
        "2025-W52",
        "2026-W01",
    ]
    assert spans_of(calendar, "", 1, date(2026, 7, 1))[0].id == "2027-Q2"
    for wrong in ("2026-W54", "2025-W53", "0001-W01", "2026-W1", "1901-Q1"):
        with pytest.raises(InvalidInput):
            spans_of(calendar, wrong, 60, date(2026, 7, 1))


@pytest.mark.parametrize(
    ("fields", "end"),
    [
        ({"contract_end": date(2027, 1, 31)}, "2027-01-31"),
        ({"contract_start": date(2026, 1, 31), "contract_months": 1.0}, "2026-02-27"),
        ({"contract_months": 12.0}, "2027-03-30"),
        ({"contract_start": date(2026, 1, 1)}, ""),
        ({"contract_months": 0.0}, ""),
        ({"contract_months": True}, ""),
        ({"contract_end": "soon"}, ""),
    ],
)  # fmt: skip
def test_the_end_of_a_contract(fields: dict[str, object], end: str) -> None:
    closed = date(2026, 3, 31)
    given = Deal("d", outcome=Outcome.WON, closed_date=closed, fields=fields)  # type: ignore[arg-type]
    found = contract_of(given)
    assert (found.end.isoformat() if found else "") == end
    assert contract_of(Deal("d", fields=fields)) is None, "nothing is agreed before it is won"  # type: ignore[arg-type]
