"""One deal's record as a CRM would hold it: its changes, its activities and how it stands, told from its path."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random

from demo.hazards import LEAD_STAGES, SITUATIONS, STAGES
from demo.notes import RIVALS, Subject, need
from demo.seasons import month_end, quarter_end
from demo.simulate import ADVANCE, BACK, LOSE, WIN
from kit.clock import last_second
from kit.money import Money
from learning.records import Change, ChangeValue, ContactRole, Deal, DealKind, Motion, Outcome, ProductLine, Value

CURRENCY = "KRW"
WON_STAGE, LOST_STAGE = "Closed Won", "Closed Lost"
PROPOSAL, NEGOTIATION = STAGES.index("Proposal"), STAGES.index("Negotiation")
PRICE, COMPETITOR, BUDGET = (SITUATIONS.index(name) for name in ("price", "competitor", "budget"))
RECORDED_LATE = 0.08  # of closings are entered days later
LATE_COMPETITOR = 0.3  # the competitor's name is filled in only at closing
KEPT_UP = 0.93  # weekly chance that the rep brings up to date what stands in the way
BLOCKER = "fields.Blocker"


@dataclass(frozen=True, slots=True)
class Start:
    """What a deal comes in with."""

    id: str
    name: str
    created: datetime
    motion: Motion
    stage: int
    owner_id: str
    account_id: str
    product_id: str
    quantity: int
    amount: float
    source: str
    seats: int
    subject: Subject
    contacts: tuple[ContactRole, ...]
    names: Mapping[str, str]  # of the contacts


@dataclass(frozen=True, slots=True)
class Week:
    """A week of a deal's path, as demo.simulate.Paths has it, with owner ids for reps."""

    monday: date
    owner_id: str
    situation: int
    health: float
    event: int
    event_day: int
    forgotten: bool


@dataclass(slots=True)
class Log:
    """A deal being told: the changes so far and the state they make."""

    last_day: date
    state: dict[str, ChangeValue | None] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    revision: int = 0

    def set(self, time: datetime, values: Mapping[str, ChangeValue | None], late: timedelta = timedelta(0)) -> None:
        """Changes that take effect at `time` and are entered `late` after, unless nothing changes or it is too late."""
        known = min(time + late, last_second(self.last_day))
        changed = {name: value for name, value in values.items() if self.state.get(name) != value}
        if not changed or time > known:
            return
        self.revision += 1
        for name, value in changed.items():
            self.state[name] = value
            self.changes.append(Change(name, value, time, known, self.revision))

    def list(self, name: str) -> tuple[ProductLine | ContactRole, ...]:
        """The products or contacts as they stand."""
        value = self.state.get(name)
        there = value if isinstance(value, tuple) else ()
        return tuple(one for one in there if isinstance(one, ProductLine | ContactRole))


def at_office(day: date, rng: Random, first: int = 0, last: int = 9) -> datetime:
    """A moment of a Korean office day: 0 to 9 o'clock UTC."""
    return datetime(
        day.year, day.month, day.day, rng.randrange(first, last), rng.randrange(60), rng.randrange(60), tzinfo=UTC
    )


def money(amount: float) -> Money:
    """An amount as people write it: to ten thousand won."""
    return Money(CURRENCY, max(10_000, round(amount / 10_000) * 10_000))


@dataclass(slots=True)
class Story:
    """A deal being told week by week."""

    start: Start
    log: Log
    rng: Random
    stage: int
    amount: float
    joins: Mapping[int, Random]
    weeks: int = 0  # told
    situation: int = 0  # of the last of them

    @classmethod
    def begin(cls, start: Start, last_day: date, rng: Random) -> Story:
        """With the deal's creation told; nothing after `last_day` will be."""
        log = Log(last_day)
        _create(log, start, rng)
        return cls(start, log, rng, start.stage, start.amount, late_joiners(start))

    def week(self, week: Week, following: int | None) -> None:
        """Tell the next one. following: the situation of the week after, None where there is none."""
        log, start, rng = self.log, self.start, self.rng
        begun = week.situation and (self.weeks == 0 or self.situation != week.situation)
        _week_notes(log, start, week, bool(begun), rng)
        if self.weeks in self.joins:
            log.set(at_office(week.monday, self.joins[self.weeks], 4, 6), {"contacts": start.contacts})
        time = at_office(week.monday + timedelta(days=week.event_day), rng, 6, 9)
        if week.event == ADVANCE:
            self.stage += 1
            self.amount = _advance(log, start, week, self.stage, self.amount, time, rng)
        elif week.event == BACK:
            self.stage -= 1
            log.set(time, {"stage": STAGES[self.stage], "category": "pipeline"})
        elif week.event and not week.forgotten:
            _close(log, start, week, self.amount, time, rng)
        if following is not None:
            _keep_up(log, start, week.monday, following, self.weeks)
        self.weeks, self.situation = self.weeks + 1, week.situation

    def deal(self) -> Deal:
        """The record as told so far."""
        return stand(self.log, Deal(self.start.id, created_time=self.start.created))


def tell(start: Start, weeks: list[Week], last_day: date, rng: Random) -> tuple[Deal, list[Change]]:
    """The deal as it stands on `last_day` and its changes, oldest first."""
    story = Story.begin(start, last_day, rng)
    for week, following in pairwise((*weeks, None)):
        if week is not None:
            story.week(week, following.situation if following is not None else None)
    return story.deal(), story.log.changes


def known_at_first(start: Start) -> tuple[ContactRole, ...]:
    """Who is on the deal from its start: deciders and champions, else the first contact."""
    first = tuple(one for one in start.contacts if one.role in ("decides", "champions"))
    return first or start.contacts[:1]


def late_joiners(start: Start) -> Mapping[int, Random]:
    """The week in which the others join, with the chance for it apart, so that the story is the same without."""
    chance = Random(start.id)
    return {chance.randrange(1, 6): chance} if known_at_first(start) != start.contacts else {}


def _create(log: Log, start: Start, rng: Random) -> None:
    opportunity = start.stage >= LEAD_STAGES
    fields: dict[str, Value | None] = {
        "Lead source": start.source if rng.random() < 0.95 else None,
        "Seats": float(start.seats) if rng.random() < 0.8 else None,
        "도입 목적": need(start.subject) if rng.random() < 0.75 else None,
    }
    state: dict[str, ChangeValue | None] = {
        "kind": DealKind.OPPORTUNITY.value if opportunity else DealKind.LEAD.value, "motion": start.motion.value,
        "pipeline": "renewals" if start.motion is Motion.RENEWAL else "sales", "stage": STAGES[start.stage],
        "outcome": Outcome.OPEN.value, "name": start.name, "owner_id": start.owner_id, "account_id": start.account_id,
    }  # fmt: skip
    if rng.random() < (0.92 if opportunity else 0.6):
        state["amount"] = money(start.amount)
    if opportunity:
        state |= {"close_date": _promise(start.created.date(), rng), "category": "pipeline"}
    state |= {"products": (ProductLine(start.product_id, float(start.quantity)),), "contacts": known_at_first(start)}
    state |= {f"fields.{name}": value for name, value in fields.items() if value is not None}
    log.set(start.created, state)


def _promise(day: date, rng: Random) -> date:
    """A close date as reps promise them: often a month's or quarter's end."""
    day += timedelta(days=rng.randrange(30, 110))
    return rng.choice((quarter_end(day), month_end(day), day))


def _week_notes(log: Log, start: Start, week: Week, begun: bool, rng: Random) -> None:
    """What the rep keeps up in the record without any event: handover, slipped promise, competitor, budget."""
    day = week.monday
    if log.state["owner_id"] != week.owner_id:
        log.set(at_office(day, rng, 0, 2), {"owner_id": week.owner_id})
    promised = log.state.get("close_date")
    if isinstance(promised, date) and promised < day and rng.random() < 0.4:
        log.set(at_office(day, rng, 2, 4), {"close_date": _promise(day, rng) - timedelta(days=rng.randrange(0, 20))})
    if begun and week.situation == COMPETITOR and rng.random() > LATE_COMPETITOR:
        log.set(at_office(day, rng, 4, 6), {"fields.Competitor": RIVALS[start.subject.rival]})
    if begun and week.situation == BUDGET and rng.random() < 0.6:
        log.set(at_office(day, rng, 4, 6), {"fields.예산 확보": False})


def _keep_up(log: Log, start: Start, monday: date, situation: int, number: int) -> None:
    """At the week's end the rep records what stands in the way: what the rep acts on stands in the record."""
    chance = Random(f"{start.id} {number}")  # apart, so that the story is the same without
    if chance.random() < KEPT_UP and (situation or BLOCKER in log.state):
        log.set(at_office(monday + timedelta(days=4), chance, 9, 10), {BLOCKER: SITUATIONS[situation]})


def _advance(log: Log, start: Start, week: Week, stage: int, amount: float, time: datetime, rng: Random) -> float:
    values: dict[str, ChangeValue | None] = {"stage": STAGES[stage]}
    if stage == LEAD_STAGES:
        values |= {
            "kind": DealKind.OPPORTUNITY.value, "close_date": _promise(time.date(), rng), "category": "pipeline"
        }  # fmt: skip
        if rng.random() < 0.9:
            values["amount"] = money(amount)
    if stage == LEAD_STAGES + 1 and rng.random() < 0.7:
        values["fields.예산 확보"] = rng.random() < 1 / (1 + math.exp(-1.2 * week.health))
    if stage == PROPOSAL:
        amount *= rng.choice((0.8, 0.9, 1.0, 1.0, 1.1, 1.25))
        price = money(amount / start.quantity)
        values["products"] = (ProductLine(start.product_id, float(start.quantity), price),)
        values |= {"amount": money(amount), "fields.Decision expected": _promise(time.date(), rng)}
        values["category"] = "best_case" if rng.random() < 0.6 else "pipeline"
    if stage == NEGOTIATION:
        values["category"] = "commit" if rng.random() < 0.45 + 0.15 * week.health else "best_case"
    log.set(time, values)
    return amount


def _close(log: Log, start: Start, week: Week, amount: float, time: datetime, rng: Random) -> None:
    """Won or lost, sometimes entered days later, with the fields that are only filled in then."""
    late = timedelta(days=rng.randrange(1, 11)) if rng.random() < RECORDED_LATE else timedelta(0)
    won = week.event == WIN
    values: dict[str, Value | None] = {
        "stage": WON_STAGE if won else LOST_STAGE, "outcome": (Outcome.WON if won else Outcome.LOST).value,
        "closed_date": time.date(),
    }  # fmt: skip
    if won:
        discount = rng.uniform(0.05, 0.2) if week.situation == PRICE else rng.choice((0.0, 0.0, 0.05, 0.1))
        values |= {"amount": money(amount * (1 - discount)), "close_date": time.date()}
        values |= {
            "fields.Contract number": f"K-{rng.randrange(10**6):06d}",
            "fields.인수인계 완료": rng.random() < 0.7,
        }
    elif week.event == LOSE:
        values["fields.Loss reason"] = SITUATIONS[week.situation] if week.situation else "no decision"
    if rng.random() < LATE_COMPETITOR:
        values["fields.Competitor"] = RIVALS[start.subject.rival]
    log.set(time, values, late)


def stand(log: Log, base: Deal) -> Deal:
    """The record that the changes make of a deal's id."""
    state = log.state
    products = tuple(one for one in log.list("products") if isinstance(one, ProductLine))
    contacts = tuple(one for one in log.list("contacts") if isinstance(one, ContactRole))
    fields = {
        name.removeprefix("fields."): value
        for name, value in state.items()
        if name.startswith("fields.") and value is not None and not isinstance(value, tuple)
    }
    amount, close, closed = state.get("amount"), state.get("close_date"), state.get("closed_date")
    return replace(
        base, revision=log.revision, kind=DealKind(str(state["kind"])), motion=Motion(str(state["motion"])),
        pipeline=str(state["pipeline"]), stage=str(state["stage"]), outcome=Outcome(str(state["outcome"])),
        name=str(state["name"]), owner_id=str(state["owner_id"]), account_id=str(state["account_id"]),
        amount=amount if isinstance(amount, Money) else None,
        close_date=close if isinstance(close, date) else None, closed_date=closed if isinstance(closed, date) else None,
        category=str(state.get("category") or ""), fields=fields,
        products=products, contacts=contacts, deleted=bool(state.get("deleted")),
    )  # fmt: skip
