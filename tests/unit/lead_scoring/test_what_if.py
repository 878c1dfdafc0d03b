"""What a score would be with other values, and what makes the difference."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dealcast.common.v1 import records_pb2
from dealcast.lead_scoring.v1 import lead_scoring_pb2 as pb
from kit.clock import FixedClock
from kit.errors import Conflict, InvalidInput
from kit.models import Pointer
from kit.money import Money
from learning.columns import NO, YES
from learning.encoder import ChoiceColumn, Column, NumberColumn
from learning.records import Change, Deal, DealHistory, Outcome, Value
from learning.snapshots import row_at
from learning.testing import company, last_day
from learning.timeline import Cell
from learning.wire import deal_event, value_to_pb
from services.gateway.merged import rounded
from services.lead_scoring import convert
from services.lead_scoring.dataset import build_dataset
from services.lead_scoring.domain import MOST_KNOWN, Score, shares
from services.lead_scoring.features import values_seen
from services.lead_scoring.model import ScoreModel, load
from services.lead_scoring.service import Asked, LeadScoring, Supposed
from services.lead_scoring.training import train
from services.lead_scoring.whatif import Hypothesis, check, check_known, differences, supposed

DAY = last_day()
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Models:
    """The trained model, as version v1."""

    def __init__(self, model: ScoreModel) -> None:
        self.current = (model, Pointer("v1", 1, "x"))


def once_rare(count: int) -> list[DealHistory]:
    """Deals of which one was in a stage for a while, after every snapshot, and one has a category."""
    past = company(count, signal=2.0)
    past[0] = replace(past[0], changes=(*past[0].changes, Change("stage", "Escrow", NOW, NOW)))
    past[1] = replace(past[1], deal=replace(past[1].deal, category="Commit"))
    return past


@pytest.fixture(scope="module")
def service() -> LeadScoring:
    model = train(build_dataset(once_rare(400), DAY), 0, lambda *_: None).model
    return LeadScoring(Models(model), FixedClock(NOW))


@pytest.fixture(scope="module")
def lead() -> DealHistory:
    """An open deal from the web, which is bad."""
    found = (one for one in company(400, signal=2.0) if one.deal.outcome is Outcome.OPEN)
    return next(one for one in found if one.deal.fields["source"] == "web")


def log_odds(probability: float) -> float:
    return math.log(probability / (1 - probability))


def asked(service: LeadScoring, history: DealHistory, values: dict[str, Value | None], owner: str = "") -> Supposed:
    return service.what_if(Asked(history, DAY), Hypothesis(values, owner))


def test_the_differences_add_up_exactly(service: LeadScoring, lead: DealHistory) -> None:
    found = asked(service, lead, {"fields.source": "partner", "stage": "Offer", "amount": Money("USD", 9_900)})
    before, after = found.before.score, found.after.score
    assert after.probability > before.probability
    moved = sum(one.effect for one in found.differences)
    assert moved == pytest.approx(log_odds(after.probability) - log_odds(before.probability), abs=1e-9)
    strongest = found.differences[0]
    assert (strongest.field, strongest.value_before, strongest.value_after) == ("fields.source", "web", "partner")
    assert strongest.text_en == "source: web → partner would raise the chance"
    assert "web → partner" in strongest.text_ko
    for score in (before, after):
        shown = score.base_log_odds + sum(score.contributions.values())
        assert shown == pytest.approx(log_odds(score.probability), abs=1e-9)


def test_what_stays_is_said_to_work_together_with_what_changes() -> None:
    effects = ({"owner_id": 0.1, "stage": 0.0, "source": 0.2}, {"owner_id": 0.3, "stage": -0.1, "source": 0.3})
    before, after = (Score(0.5, 0.4, 0.6, contributions=each) for each in effects)
    row = {"owner_id": "u1", "stage": "A", "source": "web"}
    changed, rest = differences(before, after, (row, {**row, "stage": "B"}), DAY, {"owner_id": {"u1": "Kim"}})
    assert changed.text_en == "Stage: A → B would lower the chance"
    assert (rest.field, rest.value_before, rest.value_after) == ("", "", "")
    assert rest.effect == pytest.approx(0.3)
    assert rest.text_en == "Everything else, which works together with what changed, would raise the chance"
    assert rest.text_ko == "바뀐 값과 함께 작용하는 그 밖의 모든 항목 — 가능성이 높아집니다"


def test_nothing_else_is_asked_than_what_the_record_would_get(service: LeadScoring, lead: DealHistory) -> None:
    found = asked(service, lead, {"fields.source": "partner"})
    (now,) = service.answer([Asked(lead, DAY)])
    assert found.before == now
    assert found.after.insight_id == "", "nobody takes it for the record's score"
    same = asked(service, lead, {"fields.source": "web"})
    assert same.after.score.probability == pytest.approx(same.before.score.probability, abs=1e-12)
    assert same.differences == []


def test_a_change_brings_its_moves_along(lead: DealHistory) -> None:
    row, other = row_at(lead, DAY), row_at(supposed(lead, DAY, {"stage": "Elsewhere", "close_date": None}), DAY)
    assert (other["stage"], other["days_in_stage"]) == ("Elsewhere", 0.0)
    assert other["stage_moves"] == float(str(row["stage_moves"])) + 1
    assert other["days_to_close_date"] is None
    same = {name for name in row if row[name] == other[name]}
    assert {"owner_id", "amount", "age_days", "activities", "fields.source"} <= same


def test_a_deal_without_history_keeps_its_other_values() -> None:
    bare = DealHistory(Deal("d", stage="A", owner_id="u", amount=Money("USD", 100), fields={"x": 1.0, "y": "z"}))
    row = row_at(supposed(bare, DAY, {"stage": "B", "fields.x": None}), DAY)
    assert (row["stage"], row["owner_id"], row["amount"], row["fields.y"]) == ("B", "u", 1.0, "z")
    assert row.get("fields.x") is None


def test_owners_are_called_by_name(service: LeadScoring, lead: DealHistory) -> None:
    found = asked(service, lead, {"owner_id": "u-new"}, "Kim Minji")
    texts = [one.text_en for one in found.differences if one.field == "owner_id"]
    assert all("Kim Minji" in text for text in texts)


def test_bad_questions_are_refused(lead: DealHistory) -> None:
    with pytest.raises(Conflict, match="over"):
        check(DealHistory(Deal("d", outcome=Outcome.WON)), {"stage": "A"})
    many: dict[str, Value | None] = {f"fields.{n}": "x" for n in range(51)}
    for values in ({}, {"outcome": "WON"}, {"amount": 5.0}, {"close_date": "soon"}, {"motion": "OLD"}, many):
        with pytest.raises(InvalidInput):
            check(lead, values)
    check(lead, {"motion": "RENEWAL", "amount": None, "close_date": date(2018, 1, 1), "fields.x": True})
    twice = [pb.HypotheticalChange(field="stage"), pb.HypotheticalChange(field="stage")]
    with pytest.raises(InvalidInput, match="twice"):
        convert.hypothesis_from_pb(pb.WhatIfRequest(changes=twice))


def test_values_that_the_model_cannot_know_are_refused_with_those_it_does(
    service: LeadScoring, lead: DealHistory
) -> None:
    for word in ("Ofer", "x" * 300):
        with pytest.raises(InvalidInput, match="no such value") as error:
            asked(service, lead, {"amount": Money("USD", 5), "stage": word})
        told = error.value
        assert (told.field, told.value, told.mend) == ("stage", word[:60], "Use one of Escrow, Offer, Qualify.")
    own = replace(lead, deal=replace(lead.deal, stage="Rare"))
    assert asked(service, own, {"stage": "Rare"}).after, "it stands there"
    assert asked(service, lead, {"stage": "Escrow", "category": "Commit"}).after, "one deal was there"
    columns: dict[str, Column] = {
        "fields.size": NumberColumn("fields.size", 0, 9, log=False, mean=3, deviation=1, edges=()),
        "fields.new": ChoiceColumn("fields.new", (YES, NO), yes_no=True),
    }
    bad: list[tuple[str, Value]] = [
        ("fields.size", "abc"), ("fields.size", True), ("fields.size", "nan"), ("fields.new", "abc"),
    ]  # fmt: skip
    for name, value in bad:
        with pytest.raises(InvalidInput) as error:
            check_known(lead, {name: value}, columns, {})
        assert (error.value.field, error.value.value) == (name, str(value))
    check_known(lead, {"fields.size": "12.5", "fields.new": False, "fields.other": "abc"}, columns, {})
    check_known(lead, {"fields.size": Money("USD", 500), "fields.new": None}, columns, {})


def test_every_stage_that_any_record_was_in_is_kept_with_the_model_however_few_taught_it(tmp_path: Path) -> None:
    trained = train(build_dataset(once_rare(6), DAY), 0, lambda *_: None).model
    trained.save(tmp_path)
    given = DealHistory(Deal("d", stage="Here", owner_id="u1"))
    for model in (trained, load(tmp_path)):
        assert model.prior
        seen = {"pipeline": ("default",), "stage": ("Escrow", "Offer", "Qualify"), "category": ("Commit",)}
        assert model.known == seen
        serving = LeadScoring(Models(model), FixedClock(NOW))
        for stage in ("Escrow", "Here", "", None):
            assert asked(serving, given, {"stage": stage, "category": "Commit"}).after
        with pytest.raises(InvalidInput, match="no such value") as error:
            asked(serving, given, {"stage": "Ofer"})
        assert error.value.mend == "Use one of Escrow, Here, Offer, Qualify."
    old = LeadScoring(Models(replace(trained, known={})), FixedClock(NOW))
    assert asked(old, given, {"stage": "Ofer"}).after, "it may have been a rare one"


def test_a_field_with_too_many_values_is_not_looked_at() -> None:
    many = [DealHistory(Deal(f"d{n}", stage=f"s{n}", pipeline="p")) for n in range(MOST_KNOWN + 1)]
    assert values_seen(many[:-1])["stage"][:2] == ("s0", "s1")
    assert values_seen(many) == {"pipeline": ("p",)}


def test_nothing_has_no_sign() -> None:
    row: dict[str, Cell] = {"n": -0.0}
    effects = Score(0.5, 0.4, 0.6, contributions={"n": 0.1}), Score(0.5, 0.4, 0.6, contributions={"n": 0.3})
    (only,) = differences(*effects, (row, {"n": 4.0}), DAY, {})
    assert (only.value_before, only.text_en) == ("0", "n: 0 → 4 would raise the chance")
    assert str(rounded({"effect": -1e-12})["effect"]) == "0.0"


def test_it_travels(service: LeadScoring, lead: DealHistory) -> None:
    changes = [pb.HypotheticalChange(field="fields.source", value=value_to_pb("fair")),
               pb.HypotheticalChange(field="amount", value=records_pb2.FieldValue())]  # fmt: skip
    request = pb.WhatIfRequest(deal=deal_event(lead, business_day=DAY), changes=changes)
    hypothesis = convert.hypothesis_from_pb(request)
    assert hypothesis.values == {"fields.source": "fair", "amount": None}
    answer = convert.supposed_to_pb(service.what_if(convert.asked_from_event(request.deal), hypothesis))
    assert answer.before.header.model_version == answer.after.header.model_version == "v1"
    effects = [one.effect for one in answer.differences]
    assert sum(effects) == pytest.approx(log_odds(answer.after.probability) - log_odds(answer.before.probability))
    assert sum(answer.after.contributions.effects) + answer.after.base_log_odds == pytest.approx(
        log_odds(answer.after.probability)
    )


def test_shares_add_up_to_the_total() -> None:
    made = shares([("a", 0.12345678), ("b", 1e-9), ("c", -0.5)], 0.12345678 + 1e-9 - 0.5)
    assert made["a"] == 0.123457
    assert "b" not in made
    assert sum(made.values()) == pytest.approx(0.12345678 + 1e-9 - 0.5, abs=1e-12)
    assert sum(shares([("a", 0.1)], 0.7).values()) == pytest.approx(0.7)
