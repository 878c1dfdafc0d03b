"""From histories to effects by situation: gathers decisions, learns from them, and says whether they bear a claim."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from learning.columns import table_from_rows
from learning.encoder import Encoder
from learning.records import DealHistory, FieldDefinition, FieldType, Outcome
from learning.snapshots import end_of
from learning.timeline import Cell, Timeline
from services.next_best_action import situational
from services.next_best_action.allowed import Allowed, Scores
from services.next_best_action.catalogue import Catalogue
from services.next_best_action.deeds import WAIT, Decided, Recogniser, decisions
from services.next_best_action.gain import Claim, claim
from services.next_best_action.model import ActionModel
from services.next_best_action.situational import Decisions, Learned, Left, residuals, served
from services.next_best_action.situations import ALWAYS, SituationalEffects, choice, keys_of

MOST_ROWS = 30_000  # decisions learned from: the memory and time of a large company's training
LEAST_ROWS = 500
LEAST_DEALS = 40  # an action was done on
LEAST_OUTCOMES = 40  # won and lost
LEAST_KEY_ROWS = 40  # a key holds in
MOST_KEYS = 48
MOST_LEVELS = 12  # of a choice field
LEAST_MOVED = 20  # deals on which a field changed while it was open
ENDED = {Outcome.WON: 1.0, Outcome.LOST: 0.0}
UNREAD = ("account_id", "owner_id")  # names, of which there are too many


@dataclass
class Rows:
    """Decisions as read."""

    histories: list[DealHistory] = field(default_factory=list)  # by number of the deal
    rows: list[dict[str, Cell]] = field(default_factory=list)
    decided: list[Decided] = field(default_factory=list)
    signals: list[list[str]] = field(default_factory=list)
    deals: list[int] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)  # 1 where the deal was won in the end, 0 lost, nan open


def read_decisions(histories: Iterable[DealHistory], as_of: date, catalogue: Catalogue) -> Rows:
    """All decisions of deals that ended, up to MOST_ROWS."""
    found, recognise = Rows(), Recogniser(catalogue.actions)
    for number, history in enumerate(histories):
        timeline = Timeline(history)
        found.histories.append(history)
        for one in decisions(history, as_of, recognise):
            found.rows.append(timeline.row(one.day, end_of(one.day)))
            found.decided.append(one)
            found.signals.append(catalogue.signals.read(history.activities, one.day).names)
            found.deals.append(number)
            found.ended.append(ENDED.get(history.deal.outcome, math.nan))
        if len(found.rows) >= MOST_ROWS:
            break
    return found


def moving_choices(found: Rows, definitions: Iterable[FieldDefinition]) -> list[str]:
    """Choice fields of deals that change while a deal is open: they tell where it stands."""
    names = [
        one.name for one in definitions if one.entity == "deal" and one.type in (FieldType.CHOICE, FieldType.YES_NO)
    ]
    kept = []
    for name in names:
        values: dict[int, set[str]] = defaultdict(set)
        for deal, row in zip(found.deals, found.rows, strict=True):
            values[deal].add(choice(row.get(f"fields.{name}")))
        levels = set().union(*values.values()) - {""}
        if 0 < len(levels) <= MOST_LEVELS and sum(len(each) > 1 for each in values.values()) >= LEAST_MOVED:
            kept.append(name)
    return kept


def build(found: Rows, fields: Sequence[str]) -> tuple[list[int], Decisions | None]:
    """The places of the decisions learned from, and the arrays; None where there is too little."""
    deals = defaultdict(set)
    for deal, one in zip(found.deals, found.decided, strict=True):
        deals[one.action].add(deal)
    actions = sorted(name for name, on in deals.items() if name != WAIT and len(on) >= LEAST_DEALS)
    rows = [place for place, one in enumerate(found.decided) if one.action == WAIT or one.action in actions]
    ended = {found.deals[place]: found.decided[place].won for place in rows}
    if (
        not actions
        or len(rows) < LEAST_ROWS
        or min(Counter(ended.values())[won] for won in (True, False)) < LEAST_OUTCOMES
    ):
        return rows, None
    told = [_keys(found, place, fields) for place in rows]
    common = Counter(key for keys in told for key in set(keys)).most_common(MOST_KEYS)
    names = [ALWAYS, *sorted(key for key, count in common if count >= LEAST_KEY_ROWS)]
    places = {key: place for place, key in enumerate(names)}
    keys = np.zeros((len(rows), len(names)))
    keys[:, 0] = 1
    for row, each in enumerate(told):
        keys[row, [places[key] for key in each if key in places]] = 1
    decided = [found.decided[place] for place in rows]
    order = {name: 1 + place for place, name in enumerate(actions)} | {WAIT: 0}
    return rows, Decisions(
        names, actions, keys, _record(found, rows), np.array([order[one.action] for one in decided]),
        np.array([float(one.won) for one in decided]), np.ones(len(rows)),
        np.unique([found.deals[place] for place in rows], return_inverse=True)[1].astype(np.int64),
        np.array([one.day.toordinal() for one in decided]), np.array([found.ended[place] for place in rows]),
    )  # fmt: skip


def _keys(found: Rows, place: int, fields: Sequence[str]) -> tuple[str, ...]:
    row = found.rows[place]
    choices = {name: text for name in fields if (text := choice(row.get(f"fields.{name}")))}
    return keys_of({"stage": str(row.get("stage") or ""), "signals": found.signals[place]}, choices)


def _record(found: Rows, rows: Sequence[int]) -> np.ndarray[Any, np.dtype[np.float64]]:
    table = table_from_rows([found.rows[place] for place in rows], [found.decided[place].day for place in rows])
    table = table.without(UNREAD)
    matrix = Encoder.fit(table, np.ones(len(rows))).transform(table)
    spread = matrix.std(axis=0)
    kept = spread > 1e-6
    return np.asarray((matrix[:, kept] - matrix[:, kept].mean(axis=0)) / spread[kept])


def learn(
    histories: Iterable[DealHistory], as_of: date, catalogue: Catalogue, definitions: Iterable[FieldDefinition],
    model: ActionModel, scores: Scores,
) -> tuple[SituationalEffects | None, dict[str, Any]]:  # fmt: skip
    """Effects by situation, None where the log does not bear them, and what the evaluation says of it."""
    found, studied = study(histories, as_of, catalogue, definitions, model, scores)
    if studied is None:
        return None, {"claim": "none", "why": "too few decisions with an outcome", "decisions": len(found.rows)}
    return None if studied.gained.why else studied.effects, told(studied)


@dataclass(frozen=True)
class Studied:
    """What was learned, and what from."""

    decided: Decisions
    places: Sequence[int]  # of its decisions among those read
    left: Left
    learned: Learned
    effects: SituationalEffects
    gained: Claim


def study(
    histories: Iterable[DealHistory], as_of: date, catalogue: Catalogue, definitions: Iterable[FieldDefinition],
    model: ActionModel, scores: Scores,
) -> tuple[Rows, Studied | None]:  # fmt: skip
    """The decisions read, and all that is learned from them; None where they are too few.

    model: knows usual amounts; scores: lead scores by deal and day, else the model's usual share won.
    """
    found = read_decisions(histories, as_of, catalogue)
    fields = moving_choices(found, definitions)
    rows, decided = build(found, fields)
    if decided is None:
        return found, None
    left = residuals(decided)
    learned = situational.learn(decided, left)
    effects = served(decided, left, learned, fields)
    of_row = [found.histories[found.deals[place]] for place in rows]
    may = Allowed(catalogue, decided.actions, of_row, [found.decided[place].day for place in rows], model, scores)
    return found, Studied(decided, rows, left, learned, effects, claim(decided, left, learned, effects, may))


def told(studied: Studied) -> dict[str, Any]:
    """The evaluation's part on situations."""
    decided, learned, gained = studied.decided, studied.learned, studied.gained
    return {
        "claim": gained.verdict,
        "why": gained.why,
        "gain_of_a_deal": round(gained.gain.value, 6),
        "low": round(gained.gain.low, 6),
        "high": round(gained.gain.high, 6),
        "counted": len(gained.rows),
        "effective": round(gained.overlap.ess, 1),
        "selection": round(gained.selection, 6),
        "decisions": len(decided.won),
        "deals": int(decided.deals.max()) + 1,
        "deeds": int((decided.done > 0).sum()),
        "actions": list(decided.actions),
        "keys": list(decided.names),
        "fields": list(studied.effects.fields),
        "spreads": {name: round(spread, 4) for name, spread in learned.spreads.items()},
        "noise": round(learned.noise, 4),
    }
