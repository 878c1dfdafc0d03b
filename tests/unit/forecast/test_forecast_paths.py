"""One deal by both ways: rows as the snapshots have them, and totals from what is sent as from what is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from dealcast.events.v1 import events_pb2
from demo.company import build_company
from demo.telling import tell_all
from kit.clock import FixedClock
from kit.models import Pointer
from learning.records import DealHistory, DealKind, Outcome
from learning.snapshots import end_of, row_at
from learning.wire import history_from_event
from learning.wire_event import deal_event
from services.forecast.convert import asked_from_event, event_with_answer, update_from_event, update_of
from services.forecast.domain import Status
from services.forecast.model import ForecastModel
from services.forecast.rows import rows_at
from services.forecast.service import Forecasts
from tests.unit.forecast.forecast_builders import DAY, owner_path


@pytest.fixture(scope="module")
def company() -> list[DealHistory]:
    """The sample company's deals, won, lost, open, deleted and leads."""
    told = tell_all(build_company(340, 7, DAY + timedelta(days=1)))
    return [
        DealHistory(each.deal, tuple(each.changes), tuple(each.activities), owner_path=owner_path(each.deal.owner_id))
        for each in told
    ]


def scored(history: DealHistory) -> events_pb2.DealEvent:
    event = deal_event(history, business_day=DAY)
    event.lead_score.probability = 0.3
    key = event.lead_score.header.key
    key.deal_revision, key.business_day, key.insight_id, key.model_generation = 1, DAY.isoformat(), "score", 2
    return event


def variants(history: DealHistory) -> Iterator[DealHistory]:
    """Whole, with its older changes cut off, with one left, and without any."""
    yield history
    yield replace(history, changes=history.changes[len(history.changes) // 2 :], truncated=True)
    yield replace(history, changes=history.changes[-1:], truncated=True)
    yield replace(history, changes=(), activities=())
    yield replace(history, changes=(), deal=replace(history.deal, created_time=None), truncated=True)
    yield replace(history, deal=replace(history.deal, created_time=None))


def days_of(history: DealHistory) -> list[date]:
    """Around the days on which something changed, and today."""
    near = {change.effective_time.date() for change in history.changes[-4:]} | {DAY}
    return sorted({day + timedelta(days=by) for day in near for by in (-1, 0)})


def test_rows_of_the_sample_company_are_those_of_snapshots(company: list[DealHistory]) -> None:
    for history in company[::4]:
        for each in variants(history):
            days = days_of(history)
            rows = rows_at(each, days)
            assert list(rows) == days
            for day, row in rows.items():
                snapshot = row_at(each, day)
                assert row == {name: snapshot[name] for name in row}, (each.deal.id, day)


def test_rows_straight_from_events_are_those_of_snapshots(company: list[DealHistory]) -> None:
    checked = 0
    for history in company:
        for each in variants(history):
            event = scored(each)
            ask = asked_from_event(event).ask
            if ask is not None:
                snapshot = row_at(history_from_event(event), DAY)
                assert ask.row == {name: snapshot[name] for name in ask.row}, each.deal.id
                checked += 1
    assert checked > 100


def test_only_days_it_was_open_on_have_rows(company: list[DealHistory]) -> None:
    won = next(each for each in company if each.deal.outcome is Outcome.WON)
    closed = next(one.effective_time for one in won.changes if one.field == "outcome" and one.value == "WON")
    days = [closed.date() + timedelta(days=by) for by in range(-2, 3)]
    assert list(rows_at(won, days, only_open=True)) == [day for day in days if end_of(day) <= closed]


class Models:
    """A model with a generation."""

    current: tuple[ForecastModel, Pointer | None] = (ForecastModel(), Pointer("v3", 3, "digest"))


def test_what_is_sent_is_remembered_as_it_would_be_read(company: list[DealHistory]) -> None:
    leads = [replace(each, deal=replace(each.deal, kind=DealKind.LEAD)) for each in company[:3]]
    gone = [replace(each, deal=replace(each.deal, deleted=True)) for each in company[:3]]
    some = [*company[::3], *leads, *gone, *variants(next(e for e in company if e.deal.outcome is Outcome.OPEN))]
    events = [scored(each) for each in some]
    asked = [asked_from_event(event) for event in events]
    assert {one.status for one in asked} == set(Status)
    answers = Forecasts(Models(), FixedClock(end_of(DAY))).answer(asked)
    for event, question, answer in zip(events, asked, answers, strict=True):
        read = update_from_event(events_pb2.DealEvent.FromString(event_with_answer(event, answer)))
        assert update_of(question, answer).same(read), event.deal.id
        assert update_of(question, answer).deal_id == read.deal_id
