"""What the forecast call shows: the bridge's bars, the tree's order, the record of past periods, and deals in doubt."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.money import Money
from learning.exchange import Rates
from learning.fiscal import FiscalCalendar
from learning.records import Deal, DealHistory
from services.gateway.bridge import CAUSES
from services.gateway.disagreements import disagreements
from services.gateway.domain import Insight, InsightKey, InsightKind, Record
from services.gateway.gap_search import LEAST_GAIN, told_apart
from services.gateway.quarter_totals import View
from services.gateway.rest.schemas_forecast import GapNote
from services.gateway.web.below_views import BelowSaid, below_said
from services.gateway.web.bridge_view import bridge_view
from services.gateway.web.call_views import past_views, tree_view, walk
from services.gateway.web.doubt_views import gap_view
from services.gateway.web.words import Words
from tests.e2e.web.site import AS_OF, TODAY

EN = Words("en")
AMOUNTS = st.integers(-(10**9), 10**9)


@given(start=st.integers(0, 10**9), moves=st.dictionaries(st.sampled_from(CAUSES), AMOUNTS))
def test_bars_lie_within_the_chart_and_each_begins_where_the_last_ended(start: int, moves: dict[str, int]) -> None:
    shown = bridge_view(bridge(start, moves), "company", {}, EN)
    assert shown is not None
    assert all(step.left >= 0 and step.left + step.width <= 100.5 for step in shown.steps)
    assert len(shown.steps) == 2 + len(moves)
    ends = [(step.left, step.left + step.width) for step in shown.steps]
    for before, after in pairwise(ends[1:-1]):
        assert min(abs(one - other) for one in before for other in after) < 1  # as wide as the least bar
    assert shown.still == (not moves)


def bridge(start: int, moves: dict[str, int]) -> dict[str, Any]:
    parts = {cause: worth(moves.get(cause, 0)) | {"deals": int(cause in moves)} for cause in CAUSES}
    end = start + sum(moves.values())
    row = {"node": "company", "start": worth(start), "end": worth(end), "parts": parts}
    return {"nodes": [row], "deals": [], "currency": "KRW", "from": "2026-09-30T23:59:59Z"}


def test_what_was_won_is_told_with_what_became_booked() -> None:
    given, won = bridge(500, {"lost": -100}), {"open": "-300", "booked": "300", "total": "0"}
    given["nodes"][0]["parts"]["won"] = won | {"deals": 2}
    given["deals"] = [won | {"id": "d", "name": "D", "account": "A", "owner_id": "", "cause": "won"}]
    shown = bridge_view(given, "company", {}, EN)
    assert shown is not None
    assert [step.amount for step in shown.steps] == ["₩500", "₩300, now booked", "−₩100", "₩400"]
    assert [step.to for step in shown.steps] == ["", "#moved-won", "", ""], "each step leads to its deals"
    [cause] = shown.causes
    assert (cause.id, [(one.name, one.amount) for one in cause.deals]) == ("moved-won", [("A · D", "₩300, now booked")])


def worth(amount: int) -> dict[str, str]:
    return {"open": str(amount), "booked": "0", "total": str(amount)}


def row(node: str, parent: str | None, *, seen: bool = True) -> dict[str, Any]:
    amounts = ("p10", "mean", "p50", "p90", "booked", "commit", "quota", "submitted", "quota_probability")
    level = node.partition(":")[0]
    values = dict.fromkeys(amounts, "10" if seen else None) | {"quota_probability": 0.5 if seen else None}
    return {"node": node, "name": node.upper(), "parent": parent, "level": level} | values


TREE = [
    row("company", None), row("region:n", "company"), row("region:s", "company"),
    row("manager:1", "region:n") | {"adjustment": "1"},
    row("owner:a", "manager:1"), row("owner:b", "region:s"), row("owner:c", "region:s", seen=False),
]  # fmt: skip
FORECAST = {"nodes": TREE, "currency": "KRW"}


def test_each_is_followed_by_those_below_it() -> None:
    shown = tree_view(FORECAST, None, "company", EN)
    assert [(one.name, one.depth) for one in shown] == [
        ("Everybody", 0), ("REGION:N", 1), ("MANAGER:1", 2), ("REGION:S", 1), ("OWNER:B", 2), ("OWNER:C", 2),
    ]  # fmt: skip
    assert [one.hidden for one in shown] == [False, False, False, False, False, True]


def test_no_row_says_what_the_one_above_it_says() -> None:
    rows = [row("company", None), row("region:all", "company"), row("manager:1", "region:all"),
            row("owner:a", "manager:1"), row("owner:b", "manager:1")]  # fmt: skip
    shown = tree_view({"nodes": rows, "currency": "KRW"}, None, "company", EN)
    assert [(one.node, one.depth) for one in shown] == [("company", 0), ("owner:a", 1), ("owner:b", 1)]
    rows[2] |= {"submitted": "11"}
    shown = tree_view({"nodes": rows, "currency": "KRW"}, None, "company", EN)
    assert [one.node for one in shown][:2] == ["company", "manager:1"], "what they say of their own stays"


def test_the_walk_passes_everybody_who_is_seen_once() -> None:
    node, passed = "company", ["company"]
    while following := walk(FORECAST, node)[1]:
        assert walk(FORECAST, following)[0] == node
        node = following
        passed.append(node)
    assert passed == ["company", "region:n", "manager:1", "owner:a", "region:s", "owner:b"]
    assert [one["node"] for one in walk(FORECAST, "owner:a")[2]] == ["company", "region:n", "manager:1"]


def test_what_those_below_submitted_stands_beside_what_is_expected_of_them_alone() -> None:
    """A team's submission counts instead of its people's; owners without any business are not counted."""
    said = {"manager:1": "40", "owner:a": "12", "owner:b": None, "region:n": None, "region:s": None, "company": None}
    rows = [{**one, "submitted": said.get(one["node"])} for one in TREE]
    rows.append({**row("owner:idle", "region:s"), "booked": "0", "mean": "0.00", "quota": None, "submitted": None})
    rows[3] |= {"mean": "35.5"}
    assert below_said(rows, "company") == BelowSaid(Decimal(40), Decimal("35.5"), count=1, owners=1, of=2)
    assert below_said(rows, "manager:1") == BelowSaid(Decimal(12), Decimal(10), count=1, owners=1, of=1)
    assert below_said(rows, "region:s") is None


def test_a_perfect_forecast_is_a_flat_line() -> None:
    sources = {
        "mean": {"error": 0.0, "said": ["100", "100", "100"]}, "p50": {"error": 0.1, "said": ["90", "90", "90"]},
        "submitted": {"error": 0.25, "said": [None, "150", "100"]},
    }  # fmt: skip
    periods = [{"period": "2026-Q3", "booked": "100", "range_held": 0.9, "sources": sources}]
    [shown] = past_views({"currency": "KRW", "periods": periods}, EN)
    assert shown.ai_line == "0,10.0 33,10.0 67,10.0 100,10.0"
    assert shown.people_line == "33,5.0 67,10.0 100,10.0"
    assert (shown.ai, shown.people, shown.held) == ("0%", "25%", "90%")


@pytest.mark.parametrize(
    ("category", "close", "chance", "found"),
    [
        ("commit", TODAY, 0.2, "doubtful"), ("commit", TODAY, 0.8, ""), ("pipeline", TODAY, 0.7, "likely"),
        ("commit", date(2027, 3, 1), 0.2, ""), ("commit", date(2026, 9, 30), 0.2, ""), ("commit", None, 0.2, ""),
        ("commit", date(2027, 3, 1), 0.7, ""), ("pipeline", date(2027, 3, 1), 0.7, ""), ("", None, 0.3, ""),
    ],
)  # fmt: skip
def test_of_the_deals_promised_in_the_period_those_in_commit_are_doubted(
    category: str, close: date | None, chance: float, found: str
) -> None:
    said = judged([record("d", category, close, chance), record("other", "commit", None, 0.9)])
    assert {"doubtful": "d" in said[0], "likely": "d" in said[1]} == {
        "doubtful": found == "doubtful",
        "likely": found == "likely",
    }


def test_without_categories_a_promise_is_a_close_date() -> None:
    deals = [record("soon", "", TODAY, 0.2), record("later", "", date(2027, 9, 1), 0.6), record("far", "", None, 0.1)]
    deals.append(record("overdue", "", date(2026, 9, 1), 0.2))
    assert judged(deals) == (["soon"], ["later"])


def test_another_owners_deals_are_not_asked_about() -> None:
    assert judged([replace_owner(record("d", "commit", TODAY, 0.1), "u9")]) == ([], [])


def judged(records: list[Record]) -> tuple[list[str], list[str]]:
    quarter = FiscalCalendar().parse("2026-Q4")
    view = View(quarter, over=False, quarters=[quarter], start=quarter.start)
    said = disagreements(records, view, frozenset({"u1"}), Rates(), "KRW", TODAY)
    return [one.deal.id for one in said.doubtful], [one.deal.id for one in said.likely]


def record(deal_id: str, category: str, close: date | None, chance: float) -> Record:
    deal = Deal(id=deal_id, owner_id="u1", category=category, close_date=close, amount=Money("KRW", 1_000))
    period = {"start_date": "2026-10-01", "end_date": "2026-12-31", "probability": chance}
    key = InsightKey(1, 0, TODAY.isoformat(), deal_id)
    told = Insight(deal_id, InsightKind.FORECAST, key, "f1", AS_OF, {"periods": [period]}, {})
    return Record(DealHistory(deal), "", {InsightKind.FORECAST: told})


def replace_owner(given: Record, owner: str) -> Record:
    return replace(given, history=replace(given.history, deal=replace(given.history.deal, owner_id=owner)))


def test_whatever_is_to_be_said_of_a_gap_has_words() -> None:
    gap = {"currency": "USD", "quota": "900.00", "quota_probability": None, "quota_probability_all": 0.25, "tried": 7}
    for code in get_args(GapNote.model_fields["code"].annotation):
        shown = gap_view(gap | {"deals": [], "note": {"code": code, "text": ""}}, EN)
        assert shown.note
        assert ("25%" in shown.note) == (code in ("out_of_reach", "more_needed", "not_sure"))
    assert gap_view(gap | {"deals": [], "note": None}, EN).note == ""
    notes = ({"code": "more_needed", "text": ""}, None)
    one = {"id": "d1", "name": "One", "account": "", "stage": "", "owner": None, "close_date": None, "effect": 0.0,
           "amount": {"currency": "USD", "value": "5.00"}, "probability": 0.3, "quota_probability": 0.21}  # fmt: skip
    gap |= {"quota_probability": 0.001, "note": None}
    hardly = gap_view(gap | {"deals": [one | {"quota_probability": 0.009}]}, Words("ko"))
    assert "<1%에서 거의 달라지지 않습니다" in hardly.told
    together = gap_view(gap | {"deals": [one], "note": None}, EN)
    assert "together they lift it" in together.told, "where none alone moves the chance, that is said"
    assert "points" not in together.deals[0].told
    alone = gap_view(gap | {"deals": [one | {"effect": 0.04}, one], "note": None}, EN)
    assert ["points" in each.told for each in alone.deals] == [True, False]
    assert ["fewest" in gap_view(gap | {"deals": [], "note": note}, EN).told for note in notes] == [False, True]


def test_what_a_chance_moves_by_is_told_by_enough_scenarios_alone() -> None:
    assert told_apart(0.16, 2_000) > 0.01, "two standard errors"
    assert told_apart(0.16, 200) > 2 * told_apart(0.16, 2_000)
    assert told_apart(0.0, 2_000) == LEAST_GAIN
