"""Runs the market week by week: what reps do, what that does to each deal, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from demo.hazards import ACTIONS, EVENTS, LEAD_STAGES, NOISE, SITUATIONS, STAGES, Market, event_chances
from demo.people import Organisation
from demo.seasons import Calendar, Floats
from demo.value import Values, action_values, after_events, grid_place, shift_matrices
from demo.world import Deals

ADVANCE, BACK, WIN, LOSE = (EVENTS.index(name) for name in ("advance", "back", "win", "lose"))
SILENT = SITUATIONS.index("silent")
FORGOTTEN = 0.04  # of lost deals nobody closes the record
ORPHANED = 0.1  # of a leaver's deals nobody takes over
HANDOVER = 0.35  # weekly chance that a leaver's deal is taken over


@dataclass(frozen=True, slots=True)
class Paths:
    """A row for every deal and week while open, ordered by deal and week.

    stage, situation and health stand at the week's start; action, answer and event follow within it. win, oracle and
    convert are the true chances at the week's start; effects (rows, ACTIONS) are the true changes of the chance of
    winning by each action instead of waiting.
    """

    deal: np.ndarray
    week: np.ndarray
    owner: np.ndarray
    stage: np.ndarray
    situation: np.ndarray
    health: Floats
    action: np.ndarray
    action_day: np.ndarray
    propensity: Floats
    answered: np.ndarray
    event: np.ndarray
    event_day: np.ndarray
    forgotten: np.ndarray  # lost, and nobody closed the record
    win: Floats
    oracle: Floats
    convert: Floats
    effects: Floats


@dataclass(slots=True)
class _State:
    """Where every deal stands; the simulation's only moving part."""

    stage: np.ndarray
    situation: np.ndarray
    health: Floats
    owner: np.ndarray
    ended: np.ndarray
    orphan: np.ndarray  # would never be taken over


Rows = dict[str, np.ndarray]  # columns of Paths, of one week
Decide = Callable[[Sequence[Rows], Rows], np.ndarray]  # (weeks past, this week's beginning) → an action for each deal


def simulate(
    market: Market, calendar: Calendar, people: Organisation, deals: Deals, values: Values, rng: Generator,
    decide: Decide | None = None,
) -> Paths:  # fmt: skip
    """The whole history, week by week, every step over all open deals at once. decide: in the reps' place."""
    state = _State(
        deals.stage.copy(), np.zeros(deals.week.size, int), deals.health.copy(), deals.owner.copy(),
        np.zeros(deals.week.size, bool), rng.random(deals.week.size) < ORPHANED,
    )  # fmt: skip
    shift = shift_matrices(market)
    rows: list[Rows] = []
    for week in range(1, calendar.weeks):
        open_deals = np.flatnonzero((deals.week < week) & ~state.ended)
        _hand_over(state, people, open_deals, week, rng)
        row = _act(market, calendar, people, state, open_deals, week, rng)
        if decide is not None:
            row["action"] = decide(rows, row)
        row |= _truth(market, calendar, people, deals, values, shift, row)
        row |= _move(market, calendar, deals, state, row, rng)
        rows.append(row)
    columns = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    order = np.lexsort((columns["week"], columns["deal"]))
    return Paths(**{name: column[order] for name, column in columns.items()})


def _hand_over(state: _State, people: Organisation, open_deals: np.ndarray, week: int, rng: Generator) -> None:
    """Deals of reps who left go to their heirs, sooner or later or never."""
    gone = open_deals[people.left[state.owner[open_deals]] <= week]
    taken = gone[(rng.random(gone.size) < HANDOVER) & ~state.orphan[gone]]
    state.owner[taken] = people.heir[state.owner[taken]]


def _act(
    market: Market, calendar: Calendar, people: Organisation, state: _State, open_deals: np.ndarray, week: int,
    rng: Generator,
) -> dict[str, np.ndarray]:  # fmt: skip
    """What the reps do this week; nothing on deals whose owner left."""
    owner, stage, situation = state.owner[open_deals], state.stage[open_deals], state.situation[open_deals]
    chances = market.policy[people.skill_class[owner], stage, situation]
    chances = market.chances(chances, state.health[open_deals]).copy()
    deserted = people.left[owner] <= week
    chances[deserted] = np.eye(len(ACTIONS))[0]
    action = _draw(chances, rng)
    return {
        "deal": open_deals, "week": np.full(open_deals.size, week), "owner": owner, "stage": stage,
        "situation": situation, "health": state.health[open_deals], "action": action,
        "propensity": chances[np.arange(action.size), action],
    }  # fmt: skip


def _truth(
    market: Market, calendar: Calendar, people: Organisation, deals: Deals, values: Values, shift: Floats,
    row: dict[str, np.ndarray],
) -> dict[str, np.ndarray]:  # fmt: skip
    """The true chances of each open deal at the week's start, and what each action would change."""
    week = int(row["week"][0]) if row["week"].size else 0
    place = (people.skill_class[row["owner"]], deals.segment[row["deal"]], row["stage"], row["situation"])
    effects = action_values(market, shift, after_events(calendar, week, values.win[week + 1]))
    low, share = grid_place(row["health"])
    by_action = effects[(*place, slice(None), low)] * (1 - share[:, None])
    by_action += effects[(*place, slice(None), low + 1)] * share[:, None]
    lead = np.minimum(row["stage"], LEAD_STAGES - 1)
    convert = look_up(values.convert[week], (place[0], place[1], lead, place[3]), row["health"])
    return {
        "win": look_up(values.win[week], place, row["health"]),
        "oracle": look_up(values.oracle[week], (0 * place[0], *place[1:]), row["health"]),
        "convert": np.where(row["stage"] < LEAD_STAGES, convert, 1.0),
        "effects": by_action - by_action[:, :1],
    }


def look_up(table: Floats, place: tuple[np.ndarray, ...], health: Floats) -> Floats:
    """A table's value at each row's place and health."""
    low, share = grid_place(health)
    result: Floats = table[(*place, low)] * (1 - share) + table[(*place, low + 1)] * share
    return result


def _move(
    market: Market, calendar: Calendar, deals: Deals, state: _State, row: dict[str, np.ndarray], rng: Generator
) -> dict[str, np.ndarray]:
    """What the week does to each deal: health, situation, answer, event."""
    who, week, size = row["deal"], int(row["week"][0]) if row["week"].size else 0, row["deal"].size
    stage, situation, action = row["stage"], row["situation"], row["action"]
    health = row["health"] + market.gain[stage, situation, action] + NOISE * rng.standard_normal(size)
    settled = rng.random(size) < market.settle[stage, situation, action]
    arrived = _draw(market.arrive[stage], rng)
    after = np.where(situation == 0, arrived, np.where(settled, 0, situation))
    reach = 1 / (1 + np.exp(-(0.2 + 0.5 * health - 2.5 * (after == SILENT))))
    answered = rng.random(size) < reach * np.where(action > 0, 0.5, 0.15)
    felt = health + calendar.shock[deals.segment[who], week]
    event = _draw(event_chances(stage, felt, calendar.win_pace[week], calendar.lose_pace[week]), rng)
    won_day = rng.choice(5, size=size, p=calendar.day_weights[week])
    event_day = np.where(event == WIN, won_day, rng.integers(5, size=size))
    left = (calendar.today - calendar.monday(week)).days
    event = np.where(event_day >= left, 0, event)
    action_day = np.minimum(rng.integers(5, size=size), np.where(event > 0, event_day, 4))
    forgotten = (event == LOSE) & (rng.random(size) < FORGOTTEN)
    state.health[who], state.situation[who] = health, after
    state.stage[who] = np.clip(stage + (event == ADVANCE) - (event == BACK), 0, len(STAGES) - 1)
    state.ended[who] = event >= WIN
    return {
        "answered": answered, "event": event, "event_day": event_day, "action_day": action_day, "forgotten": forgotten
    }  # fmt: skip


def _draw(chances: Floats, rng: Generator) -> np.ndarray:
    """One category a row, by the row's chances."""
    cumulative = np.cumsum(chances, axis=1)
    cumulative /= cumulative[:, -1:]
    drawn: np.ndarray = (rng.random((chances.shape[0], 1)) >= cumulative).sum(axis=1)
    return drawn
