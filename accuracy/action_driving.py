"""Drives the sample company's deals by learned effects, and counts by its truth what that wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, timedelta
from operator import attrgetter
from random import Random
from typing import Any

import numpy as np

from demo.activity import Deed, of_week
from demo.company import Company
from demo.customers import by_account
from demo.hazards import ACTIONS
from demo.simulate import Rows, simulate
from demo.story import Story, Week
from demo.telling import start_of
from demo.truth import at_creation
from learning.records import Activity, DealHistory
from services.next_best_action import catalogue, expressions, features
from services.next_best_action.domain import Variable
from services.next_best_action.situations import ALWAYS, SituationalEffects, choice, keys_of

CATALOGUE = catalogue.load()
TODAY = date(2026, 11, 21)
FOLLOWED = 60  # weeks that the last deal counted is followed for
AS_USUAL = -1
USUAL_CHANCE = 0.4  # the score that conditions are given: no lead score is computed here


@dataclass(slots=True)
class Record:
    """A deal's record as its reps keep it up, told as far as weeks are past."""

    story: Story
    chance: Random  # of its activities
    log: list[Activity] = field(default_factory=list)  # oldest first
    last: tuple[Week, Deed] | None = None  # not told yet: what follows belongs to it

    def tell(self, following: int) -> None:
        """The last week, with the situation of the one that begins."""
        if self.last is not None:
            week, deed = self.last
            self.story.week(week, following)
            done = of_week(self.story.start, deed, following, customer=False, rng=self.chance)
            self.log += sorted(done, key=attrgetter("time"))
            self.last = None

    def keys(self, eve: date, fields: Sequence[str]) -> tuple[str, ...]:
        """What situation.py goes by."""
        state = self.story.log.state
        choices = {name: text for name in fields if (text := choice(state.get(f"fields.{name}")))}
        variables: dict[str, Variable] = {
            "stage": str(state["stage"]), "signals": CATALOGUE.signals.read(self.log, eve).names
        }  # fmt: skip
        return keys_of(variables, choices)

    def history(self) -> DealHistory:
        """As learning and serving read it."""
        return DealHistory(self.story.deal(), tuple(self.story.log.changes), tuple(self.log))


@dataclass
class Driver:
    """Acts in the reps' place by the record alone: keeps every open deal's record up to date and reads it each week."""

    company: Company
    effects: SituationalEffects
    gated: bool = False  # only what the catalogue's conditions allow there; reps go on where none of it is better
    usual: set[tuple[int, int]] = field(default_factory=set)  # (deal, week) in which they did
    records: dict[int, Record] = field(default_factory=dict)

    def __post_init__(self) -> None:
        people = by_account(self.company.contacts)
        for number, account in enumerate(self.company.deals.account.tolist()):
            start = start_of(self.company, number, people[f"A-{account:05d}"], Random(number))
            self.records[number] = Record(Story.begin(start, TODAY, Random(number)), Random(number))

    def __call__(self, past: Sequence[Rows], now: Rows) -> np.ndarray:
        """The best action of each open deal."""
        if past:
            self._remember(past[-1])
        week = int(now["week"][0]) if now["week"].size else 0
        eve = self.company.calendar.monday(week) - timedelta(days=1)
        standing = zip(now["deal"].tolist(), now["situation"].tolist(), strict=True)
        found = np.array([self._best(deal, situation, eve) for deal, situation in standing], dtype=int)
        left = found == AS_USUAL
        self.usual.update((deal, week) for deal in now["deal"][left].tolist())
        return np.where(left, now["action"], found)

    def _remember(self, row: Rows) -> None:
        names = ("deal", "owner", "situation", "health", "action", "action_day", "answered", "event", "event_day",
                 "forgotten")  # fmt: skip
        monday = self.company.calendar.monday(int(row["week"][0])) if row["week"].size else TODAY
        for deal, owner, situation, health, action, day, answered, event, event_day, forgotten in zip(
            *(row[name].tolist() for name in names), strict=True
        ):
            rep = self.company.people.rep_ids[owner]
            week = Week(monday, rep, situation, health, event, event_day, forgotten)
            until = event_day if event else 4
            self.records[deal].last = week, Deed(monday, rep, situation, health, action, day, answered, until)

    def _best(self, number: int, situation: int, eve: date) -> int:
        record = self.records[number]
        record.tell(situation)
        keys = record.keys(eve, self.effects.fields)
        means = {"": 0.0} | {name: one.mean for name, one in self.effects.effects(keys).items()}
        fits = allowed(record.history(), eve) | {""} if self.gated else means.keys()
        name = max((each for each in means if each in fits), key=means.__getitem__)
        if self.gated and means[name] <= self._usual(keys, means):
            return AS_USUAL
        return ACTIONS.index({"": "wait", "text": "chat"}.get(name, name))

    def _usual(self, keys: Sequence[str], means: Mapping[str, float]) -> float:
        """What reps' mix of the actions compared there brings."""
        active = [place for place, key in enumerate(self.effects.keys) if key == ALWAYS or key in keys]
        often = self.effects.often(active)
        shares = {name: often[name] if name else 1 - sum(often.values()) for name in means}
        return sum(shares[name] * means[name] for name in means) / sum(shares.values())


def allowed(history: DealHistory, day: date) -> Set[str]:
    """The actions whose eligibility, applicability and suitability hold on a deal at the end of a day."""
    variables = features.variables(
        history, day, probability=USUAL_CHANCE, slip_risk=0.0, amount=1.0, usual=1.0,
        signals=CATALOGUE.signals.read(history.activities, day).names,
    )  # fmt: skip
    holding = CATALOGUE.gates.holding(expressions.activation(variables))
    return {action.name for place, action in enumerate(CATALOGUE.actions) if holding >> place & 1}


def gain(company: Company, decide: Any) -> float:
    """The change of the win rate by deciding so instead of as the reps do."""
    paths = simulate(company.market, company.calendar, company.people, company.deals, company.values,
                     np.random.default_rng(0), decide)  # fmt: skip
    followed = company.deals.week < company.calendar.weeks - FOLLOWED
    rows = followed[paths.deal] & (company.people.left[paths.owner] > paths.week)
    if isinstance(decide, Driver):
        rows &= np.array(
            [one not in decide.usual for one in zip(paths.deal.tolist(), paths.week.tolist(), strict=True)]
        )
    usual = company.market.policy[company.people.skill_class[paths.owner], paths.stage, paths.situation]
    done = paths.effects[np.arange(paths.deal.size), paths.action]
    return float((done - (usual * paths.effects).sum(axis=1))[rows].sum() / followed.sum())


def oracle_gain(company: Company) -> float:
    """The same by an oracle."""
    followed = company.deals.week < company.calendar.weeks - FOLLOWED
    won, oracle = at_creation(company)
    return float((oracle - won)[followed].mean())


def single(company: Company) -> tuple[float, str]:
    """The best of doing one action always, whatever the situation."""
    tried = ((gain(company, lambda _, now, each=each: np.full(now["deal"].size, each)), name)
             for each, name in enumerate(ACTIONS))  # fmt: skip
    return max(tried)
