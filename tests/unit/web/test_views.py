"""What the templates are given: parts, reasons, totals and the timeline."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.money import Money
from learning.records import Activity, Change, Contact, Deal, DealHistory
from services.gateway.web.rendering import templates
from services.gateway.web.timeline import marked, timeline
from services.gateway.web.totals import totals_view
from services.gateway.web.views import deal_view
from services.gateway.web.words import Words

EN = Words("en")
TODAY = date(2026, 11, 20)
T0 = datetime(2026, 9, 1, 8, tzinfo=UTC)
TOLD = {"as_of": "2026-11-20T10:00:00Z", "model_version": "m7", "stale": False}


def record(**members: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "id": "a/ß", "revision": 3, "kind": "OPPORTUNITY", "motion": "NEW", "pipeline": "p", "stage": "Demo",
        "outcome": "OPEN", "name": "", "amount": None, "owner": None, "account": None, "close_date": "2026-11-01",
        "closed_date": None, "category": "", "deleted": False, "contacts": [], "lead_score": None, "forecast": None,
        "next_actions": None,
    }  # fmt: skip
    return base | members


def score(**members: Any) -> dict[str, Any]:
    base = {
        "probability": 0.6, "low": 0.5, "high": 0.7, "grade": "B", "trend": "STEADY", "trend_since": None,
        "trend_reasons": [], "reasons": [], "prior": False,
    }  # fmt: skip
    return TOLD | base | members


def reason(effect: float, text: str = "t", count: int = 0) -> dict[str, Any]:
    return {"field": "f", "value": "v", "effect": effect, "text": text, "evidence": {"count": count, "won": 1}}


def test_a_bare_deal() -> None:
    view = deal_view(record(), EN, TODAY)
    assert (view.score, view.forecast, view.actions) == (None, None, None)
    assert (view.href, view.name, str(view.owner), view.amount) == ("/deals/a%2F%C3%9F", "a/ß", "nobody", "–")
    assert view.overdue
    assert not deal_view(record(outcome="LOST"), EN, TODAY).overdue


def test_a_leads_score_says_within_how_many_days() -> None:
    for words, said in ((EN, "Chance to convert within 45 days"), (Words("ko"), "45일 안에 전환할 확률")):
        view = deal_view(record(kind="LEAD", lead_score=score(horizon_days=45)), words, TODAY)
        assert view.score is not None
        assert view.score.within == 45
        page = templates().from_string(
            '{% from "_macros.html" import range_bar, grade, meta %}{% include "_score.html" %}'
        )
        assert f'<h2 id="score-title">{said}</h2>' in page.render(deal=view, w=words)
    for found in (score(horizon_days=None), score()):
        view = deal_view(record(kind="LEAD", lead_score=found), EN, TODAY)
        assert view.score is not None
        assert view.score.within == 0


def test_reasons_are_the_strongest_first_with_bars_against_the_longest() -> None:
    reasons = [reason(0.2), reason(-0.8, count=10), reason(0.4, text="", count=10)]
    view = deal_view(record(lead_score=score(reasons=reasons)), EN, TODAY).score
    assert view is not None
    assert [(each.for_it, each.width) for each in view.reasons] == [(False, 100), (True, 50), (True, 25)]
    assert (view.reasons[0].text, view.reasons[0].value, view.reasons[0].evidence) == ("t", "", "")
    assert (view.reasons[1].text, view.reasons[1].value) == ("f", "v")
    assert view.reasons[1].evidence == "1 of 10 such closed records were won"


@pytest.mark.parametrize(
    ("version", "note", "model"),
    [
        ("prior", "No trained model yet: a default, not a prediction", "no trained model yet"),
        ("1", "Too few closed records to learn from: model 1 gives a default, not a prediction", "model 1"),
    ],
)
def test_a_default_is_called_one_by_what_is_trained(version: str, note: str, model: str) -> None:
    view = deal_view(record(lead_score=score(prior=True, model_version=version)), EN, TODAY).score
    assert view is not None
    assert (view.prior, view.part.model) == (note, model)


def test_what_moved_the_score_is_headed_by_the_day_since() -> None:
    moved = {"cause": "deal", "field": "stage", "effect": -0.4, "text": "Stage lowered the chance"}
    view = deal_view(record(lead_score=score(trend_since="2026-10-22", trend_reasons=[moved])), EN, TODAY).score
    assert view is not None
    assert view.moved_since == f"What moved it since {EN.day('2026-10-22')}"
    assert [(each.text, each.for_it) for each in view.moved] == [("Stage lowered the chance", False)]
    plain = deal_view(record(lead_score=score()), EN, TODAY).score
    assert plain is not None
    assert (plain.moved_since, plain.moved) == ("", ())


def test_the_rest_of_all_reasons_stands_last() -> None:
    rest = reason(-2.0) | {"field": "", "text": "Everything else"}
    view = deal_view(record(lead_score=score(reasons=[rest, reason(0.5)])), EN, TODAY).score
    assert view is not None
    assert [each.text for each in view.reasons] == ["t", "Everything else"]


def test_no_effect_at_all_divides_by_nothing() -> None:
    view = deal_view(record(lead_score=score(reasons=[reason(0.0)])), EN, TODAY).score
    assert view is not None
    assert view.reasons[0].width == 0


def forecast(status: str) -> dict[str, Any]:
    periods = [{"period": "2026-Q4", "probability": 0.4, "expected": None}]
    return TOLD | {
        "status": status, "periods": periods, "close_date": None, "amount": None, "category": "", "slip_risk": None
    }  # fmt: skip


def test_only_open_deals_have_a_chance_in_the_quarter() -> None:
    chances = {}
    for status in ("open", "not_applicable", "closed", "deleted"):
        view = deal_view(record(forecast=forecast(status)), EN, TODAY).forecast
        assert view is not None
        chances[status] = view.first_period
        assert bool(view.note) == (status != "open")
    assert chances == {"open": "40%", "not_applicable": "–", "closed": "–", "deleted": "–"}


def test_actions_name_their_contact_and_what_they_offer() -> None:
    action: dict[str, Any] = {
        "text": "", "action": "call", "contact_id": "c1", "gain": None, "probability_gain": 0.02,
        "probability_gain_low": -0.01, "probability_gain_high": 0.05, "reasons": [],
        "products": [{"product_id": "P-1", "name": "Pump", "quantity": 4.0, "text": "9 of 12 customers bought it"},
                     {"product_id": "P-2", "name": "Valve", "quantity": None, "text": "2 of 12 customers bought it"}],
    }  # fmt: skip
    part = TOLD | {"actions": [action], "look_again_date": "2026-12-01"}
    contacts = [{"contact_id": "c1", "name": "Kim"}]
    view = deal_view(record(next_actions=part, contacts=contacts), EN, TODAY).actions
    assert view is not None
    assert (view.actions[0].text, view.actions[0].contact, view.actions[0].gain) == ("call", "Kim", "")
    assert view.look_again == "Look again on Dec 1, 2026."
    assert view.actions[0].points == "+2.0 points of win chance, 90% range -1.0 to +5.0"
    assert view.actions[0].reasons == (
        "Pump × 4: 9 of 12 customers bought it", "Valve: 2 of 12 customers bought it",
    )  # fmt: skip
    assert not view.order
    worth = [action | {"gain": {"currency": "KRW", "value": value}} for value in ("9470000", "10760000")]
    for actions, said in ((worth, True), (worth[::-1], False)):
        view = deal_view(record(next_actions=part | {"actions": actions}, contacts=contacts), EN, TODAY).actions
        assert view is not None
        assert ("now and then" in view.order) is said


def node(**members: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "level": "company", "name": "Company", "booked": "100", "p10": "150", "mean": "200", "p90": "300",
        "quota": "400", "quota_probability": 0.01, "stale": False,
    }  # fmt: skip
    return base | members


def totals(*nodes: dict[str, Any], period: str = "2026-Q4") -> list[dict[str, Any]]:
    told = {
        "currency": "USD",
        "currencies": ["USD"],
        "as_of": TOLD["as_of"],
        "business_day": "2017-09-30",
        "model_version": "f",
    }
    return [told | {"period": period, "nodes": list(nodes)}]


def test_the_bar_stands_in_proportion_and_inside() -> None:
    view = totals_view(totals(node()), EN)
    assert view is not None
    assert view.quota_at is not None
    assert view.quota_at < 100
    assert view.mean_at == 2 * view.booked_at
    assert (view.booked, view.quota_chance, view.missing) == ("$100", "1%", False)
    assert view.as_of == "Business day Sep 30, 2017", "the company's day, not the hour at which a machine worked it out"


def test_a_forecast_that_is_not_there_yet_leaves_what_is_booked() -> None:
    view = totals_view(totals(node(p10=None, mean=None, p90=None, quota=None, quota_probability=None)), EN)
    assert view is not None
    assert (view.missing, view.mean_at, view.quota_at, view.booked) == (True, None, None, "$100")
    assert totals_view(totals(), EN) is None


def test_nothing_at_all_divides_by_nothing() -> None:
    empty = node(booked="0", p10="0", mean="0", p90="0", quota=None, quota_probability=None)
    view = totals_view(totals(empty), EN)
    assert view is not None
    assert view.booked_at == 0


def test_the_quarters_as_a_table_and_as_the_charts_data() -> None:
    unknown = node(p10=None, mean=None, p90=None, quota=None, quota_probability=None, booked="0")
    view = totals_view([*totals(node()), *totals(unknown, period="2027-Q1")], EN)
    assert view is not None
    rows = [(row.period, row.booked, row.range_text, row.mean, row.quota, row.quota_chance) for row in view.quarters]
    assert rows == [
        ("2026-Q4", "$100", "$150 to $300", "$200", "$400", "1%"), ("2027-Q1", "$0", "–", "–", "–", "–"),
    ]  # fmt: skip
    assert json.loads(view.chart) == {
        "currency": "USD",
        "unit": None,
        "quarters": [
            {"period": "2026-Q4", "booked": 100.0, "p10": 150.0, "mean": 200.0, "p90": 300.0, "quota": 400.0},
            {"period": "2027-Q1", "booked": 0.0, "p10": None, "mean": None, "p90": None, "quota": None},
        ],
    }
    chosen = totals_view(totals(node()), Words("ko", "eok"))
    assert chosen is not None
    assert json.loads(chosen.chart)["unit"] == {"size": 100_000_000, "suffix": "억", "places": 1}


def test_a_reason_names_the_owner_instead_of_the_id() -> None:
    given = reason(0.5, "Owner: U-7 raises the chance") | {"field": "owner_id", "value": "U-7"}
    other = reason(0.4, "Seats: U-7") | {"value": "U-7"}
    shown = record(owner={"id": "U-7", "name": "Tan"}, lead_score=score(reasons=[given, other]))
    view = deal_view(shown, EN, TODAY).score
    assert view is not None
    assert [each.text for each in view.reasons] == ["Owner: Tan raises the chance", "Seats: U-7"]


def test_many_reasons_stand_in_two_parts() -> None:
    view = deal_view(record(lead_score=score(reasons=[reason(0.1 * n) for n in range(1, 9)])), EN, TODAY).score
    assert view is not None
    assert (len(view.reasons), len(view.more)) == (5, 3)
    view = deal_view(record(lead_score=score(reasons=[reason(0.1 * n) for n in range(1, 7)])), EN, TODAY).score
    assert view is not None
    assert (len(view.reasons), len(view.more)) == (6, 0)


def test_what_is_expected_of_an_open_deal() -> None:
    quarters = [("2026-Q4", "250.00"), ("2027-Q1", "400.00")]
    periods = [
        {"period": name, "probability": 0.3, "expected": {"currency": "USD", "value": value}}
        for name, value in quarters
    ]
    told = forecast("open") | {"periods": periods, "win_probability": 0.9}
    view = deal_view(record(forecast=told), EN, TODAY).forecast
    assert view is not None
    assert view.expected == "$250 expected"
    view = deal_view(record(forecast=told, outcome="WON"), EN, TODAY).forecast
    assert view is not None
    assert view.expected == ""


def change(name: str, value: Any, day: int, late: int = 0) -> Change:
    moment = T0 + timedelta(days=day)
    return Change(name, value, moment, moment + timedelta(days=late))


def test_the_timeline_tells_what_became_of_what_newest_first() -> None:
    changes = (
        change("stage", "New", 0), change("owner_id", "u1", 0), change("stage", "Demo", 5),
        change("amount", Money("USD", 105000), 5), change("fields.Budget ok", day=9, late=3, value=True),
    )  # fmt: skip
    call = Activity("t1", "d", "call", "outbound", T0 + timedelta(days=7), "c1", text="<b>hi</b>")
    history = DealHistory(Deal("d"), changes, (call,), contacts=((Contact("c1", "Kim"), "uses"),))
    entries = timeline(history, {"u1": "Tan"}, EN)
    assert [entry.activity or entry.created for entry in entries] == [False, "Call", False, True]
    assert [(c.field, c.before, c.after) for c in entries[2].changes] == [
        ("Stage", "New", "Demo"), ("Amount", "empty", "$1,050"),
    ]  # fmt: skip
    assert ("Owner", "empty", "Tan") in [(c.field, c.before, c.after) for c in entries[3].changes]
    assert (entries[0].late, entries[0].changes[0].after) == ("entered Sep 13, 2026", "yes")
    assert (entries[1].contact, entries[1].text, entries[1].direction) == ("Kim", "<b>hi</b>", "to the customer")


def test_changes_of_one_moment_are_told_by_revision() -> None:
    changes = tuple(Change("stage", name, T0, T0, revision) for revision, name in enumerate(("New", "Demo"), start=1))
    entries = timeline(DealHistory(Deal("d"), changes), {}, EN)
    assert [entry.created for entry in entries] == [False, True]
    assert entries[0].changes[0].after == "Demo"


def test_an_import_of_old_history_is_not_called_late() -> None:
    imported = datetime(2026, 11, 1, tzinfo=UTC)
    changes = tuple(Change("stage", name, T0 + timedelta(days=d), imported) for d, name in enumerate(("New", "Demo")))
    assert all(not entry.late for entry in timeline(DealHistory(Deal("d"), changes), {}, EN))


@given(
    st.lists(st.sampled_from(["a price", "too high", " ", "<b>", "a"]), max_size=8),
    st.sets(st.sampled_from(["a", "a price", "too high"])),
)
def test_a_note_is_marked_and_stays_as_it_is(words: list[str], signals: set[str]) -> None:
    text = "".join(words)
    pieces = marked(text, sorted(signals))
    assert "".join(piece for piece, _ in pieces) == text
    assert all(piece in signals for piece, found in pieces if found)
    assert not any(signal in piece for signal in signals for piece, found in pieces if not found)
