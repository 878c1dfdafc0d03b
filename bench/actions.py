"""`python -m bench.actions`: ranking a catalogue of 20 actions for one deal, and a batch of events through the relay.

The ceiling of ranking is CEL alone: the same gates evaluated together on the same variables, without reading the deal,
weighing anything or giving reasons; that of the batch is parsing each event and writing it again. All by CPU time of
this process, the fastest of several rounds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

from bench.report import Figure
from dealcast.events.v1 import events_pb2
from kit.clock import FixedClock
from kit.messages import Message, Outgoing
from kit.money import Money
from learning.records import Activity, Change, Consent, Contact, ContactCounter, ContactRole, Deal, DealHistory
from learning.wire import deal_event
from services.next_best_action import catalogue, expressions
from services.next_best_action.catalogue import Catalogue
from services.next_best_action.domain import Asked
from services.next_best_action.events import forecast_handler
from services.next_best_action.model import ActionModel
from services.next_best_action.service import NextBestAction, situation

ACTIONS, ACTIVITIES, EVENTS, ROUNDS = 20, 30, 200, 7
DAY = date(2026, 3, 31)
START = datetime(2026, 3, 10, tzinfo=UTC)
RANK_AIM_MS, EVENT_AIM_MS = 5.0, 0.4
HOW = (
    f"One open deal with {ACTIVITIES} activities of 260 characters of text each and {ACTIONS} actions, by CPU time. "
    "The ceiling of ranking evaluates the catalogue's conditions alone; that of the batch of "
    f"{EVENTS} deal events parses and writes each, with no logic."
)


class Prior:
    """The model in use when none was promoted."""

    current = (ActionModel(), None)


class Taken:
    """A stream that takes all."""

    async def publish(self, messages: Sequence[Outgoing]) -> list[Exception | None]:
        """Acknowledges each."""
        return [None] * len(messages)


def deal(number: int) -> Asked:
    """An open deal with a busy log."""
    kinds = ("call", "mail", "meeting", "note", "chat")
    log = tuple([
        Activity(f"a{i}", f"d{number}", kinds[i % 5], ("inbound", "outbound")[i % 2], START + timedelta(hours=12 * i),
                 text="가격이 비싸다고 합니다. " * 20)
        for i in range(ACTIVITIES)
    ])  # fmt: skip
    born = START - timedelta(days=90)
    changes = tuple([Change("stage", f"s{i}", born + timedelta(days=10 * i), born) for i in range(6)])
    person = Contact("p1", "", consents=(Consent("mail", granted=True), Consent("chat", granted=True)))
    record = Deal(f"d{number}", 3, stage="s5", amount=Money("USD", 900_000), created_time=born,
                  close_date=DAY - timedelta(days=5), contacts=(ContactRole("p1", "uses"),))  # fmt: skip
    counters = (ContactCounter("call", 1, 3, 1, START), ContactCounter("mail", 1, 3, 1, START))
    history = DealHistory(record, changes, log, contacts=((person, "uses"),), counters=counters,
                          activity_count=ACTIVITIES)  # fmt: skip
    return Asked(history, DAY, 0.4, Money("USD", 900_000), 0.5)


def twenty() -> Catalogue:
    """The built-in catalogue with the last action of it repeated until there are ACTIONS."""
    text = catalogue.DEFAULT_FILE.read_text(encoding="utf-8")
    last = text.rpartition("[[actions]]")[2]
    for number in range(len(catalogue.load().actions), ACTIONS):
        text += "\n[[actions]]" + last.replace('name = "', f'name = "again_{number}_')
    return catalogue.parse(text)


def milliseconds(work: Callable[[], object], times: int) -> float:
    """CPU time of one of so many pieces, in the fastest round; the first round only warms up."""
    fastest = float("inf")
    for _ in range(ROUNDS + 1):
        began = time.process_time()
        work()
        fastest = min(fastest, 1e3 * (time.process_time() - began) / times)
    return fastest


def messages() -> list[Message]:
    """Deal events with a score and a forecast."""
    found = []
    for number in range(EVENTS):
        event = deal_event(deal(number).history, business_day=DAY)
        event.lead_score.probability, event.forecast.slip_risk = 0.4, 0.5
        event.forecast.header.key.insight_id = "forecast"
        found.append(Message("INSIGHTS.forecast.x", event.SerializeToString(), {}, 1, 1, 0))
    return found


def figures() -> list[Figure]:
    """What was found beside the ceilings."""
    actions = twenty()
    service = NextBestAction(actions, Prior(), FixedClock(DAY))
    asked = [deal(number) for number in range(EVENTS)]
    seen = [situation(each, actions, ActionModel()).variables for each in asked]
    batch = messages()
    handler = forecast_handler(service, Taken())

    def echo() -> None:
        for each in batch:
            events_pb2.DealEvent.FromString(each.data).SerializeToString()

    ranked = milliseconds(lambda: service.answer(asked), EVENTS)
    gates = milliseconds(lambda: [actions.gates.holding(expressions.activation(each)) for each in seen], EVENTS)
    handled = milliseconds(lambda: asyncio.run(_handled(handler, batch)), EVENTS)
    echoed = milliseconds(echo, EVENTS)
    return [
        Figure(f"ranking {ACTIONS} actions", 1e3 / ranked, "deals/s", 1e3 / gates, f"≤ {RANK_AIM_MS:g} ms a deal",
               ranked <= RANK_AIM_MS),
        Figure("deal events", 1e3 / handled, "events/s", 1e3 / echoed, f"≤ {EVENT_AIM_MS:g} ms an event",
               handled <= EVENT_AIM_MS),
    ]  # fmt: skip


async def _handled(handler: Callable[[Sequence[Message]], object], batch: list[Message]) -> None:
    fates = await handler(batch)  # type: ignore[misc]
    assert not any(fates)


if __name__ == "__main__":
    for figure in figures():
        print(figure.row)
