"""Learns the effects of actions and usual amounts from a history and the out-of-fold lead scores."""

from __future__ import annotations

import math
import shutil
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from learning.calibration import sigmoid
from learning.history import HistoryFolder, read_history
from learning.records import DealHistory, DealKind, Outcome
from learning.scores import read_scores
from learning.snapshots import Phase, end_of, phases
from learning.timeline import Cell, Timeline
from services.next_best_action import products_training, showing, situations_training
from services.next_best_action.catalogue import Catalogue
from services.next_best_action.domain import Action
from services.next_best_action.effects import Design, Estimate, Floats, estimate, playbook_scale
from services.next_best_action.features import CONTACT_TYPES, NEVER, done_within, last_contacts
from services.next_best_action.logistic import Logistic
from services.next_best_action.model import EVALUATION_FILE, ActionModel

ARTIFACT_FOLDER = "artifact"
WINDOW_DAYS = 7
MOST_DAYS = 6  # scored days of a deal that are used
MOST_STAGES = 12
LEAST_AMOUNTS = 5
READ, ESTIMATED = 0.05, 0.1  # of the time, about: most of it goes into effects by situation
Progress = Callable[[str, float], None]  # (stage, share of it done)


@dataclass
class Gathered:
    """What one pass over the deals collects."""

    rows: list[dict[str, Cell]] = field(default_factory=list)
    log_odds: list[float] = field(default_factory=list)
    treated: list[list[bool]] = field(default_factory=list)
    won: list[bool] = field(default_factory=list)
    days: list[date] = field(default_factory=list)
    deals: list[int] = field(default_factory=list)
    closed: Counter[Outcome] = field(default_factory=Counter)  # opportunities
    amounts: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    log_kept: bool = False  # a contact with a customer is recorded


def train(
    folder: HistoryFolder, scores: Path, catalogue: Catalogue, *, seed: int = 0, progress: Progress = lambda *_: None
) -> ActionModel:
    """A model of the catalogue's actions; the same for the same inputs and seed. Raises InvalidInput on bad scores."""
    actions = [action for action in catalogue.actions if action.activities]
    scored = read_scores(scores)
    deals, as_of = list(folder.deals()), folder.manifest.business_day
    gathered = gather(deals, as_of, scored, actions, seed, progress)
    progress("estimating the effects", READ)
    design, names = build_design(gathered, len(actions))
    estimates = estimate(design, actions) if len(gathered.rows) else []
    evaluation = report(gathered, design, actions, estimates, names)
    progress("estimating the effects", ESTIMATED)
    won, lost = gathered.closed[Outcome.WON], gathered.closed[Outcome.LOST]
    scale = playbook_scale(estimates, actions[: len(estimates)])
    model = ActionModel(
        effects={action.name: each.effect for action, each in zip(actions, estimates, strict=False) if not each.why},
        playbook_scale=scale,
        currency=folder.manifest.currency,
        typical_amounts={currency: float(np.median(amounts)) for currency, amounts in sorted(gathered.amounts.items())
                         if len(amounts) >= LEAST_AMOUNTS},
        win_rate=(won + 10 * catalogue.win_rate) / (won + lost + 10),
        outcomes=won + lost,
        log_kept=gathered.log_kept,
        evaluation=evaluation | {"playbook_scale": scale},
    )  # fmt: skip
    shown, told = showing.learn(folder, scored, model, catalogue.actions)
    products, foretold = products_training.learn(folder)
    situations, differing = situations_training.learn(deals, as_of, catalogue, folder.field_definitions, model, scored)
    return replace(
        model, showing=shown, products=products, situations=situations,
        evaluation={**model.evaluation, "showing": told, "products": foretold, "situations": differing},
    )  # fmt: skip


def train_folder(
    history: Path, scores: Path, out: Path, catalogue: Catalogue, *, seed: int = 0, progress: Progress = lambda *_: None
) -> ActionModel:
    """Train on a folder in the history format and write `out`: artifact/ (the model) and evaluation.json (its copy)."""
    model = train(read_history(history), scores, catalogue, seed=seed, progress=progress)
    (out / ARTIFACT_FOLDER).mkdir(parents=True, exist_ok=True)
    model.save(out / ARTIFACT_FOLDER)
    shutil.copyfile(out / ARTIFACT_FOLDER / EVALUATION_FILE, out / EVALUATION_FILE)
    progress("estimating the effects", 1.0)
    return model


def gather(
    deals: Iterable[DealHistory], as_of: date, scored: Mapping[str, Mapping[date, float]], actions: Sequence[Action],
    seed: int, progress: Progress,
) -> Gathered:  # fmt: skip
    """One pass over the deals: scored days on which the deal was open and stayed open for the window, with outcome.

    The window must end while the deal is still open (a landmark analysis): an action cannot be credited for a
    deal that closed before the action could have happened.
    """
    found, generator = Gathered(), np.random.default_rng(seed)
    total = max(len(scored), 1)
    for number, history in enumerate(deals):
        _count_outcome(found, history)
        found.log_kept = found.log_kept or any(one.type in CONTACT_TYPES for one in history.activities)
        days = sorted(scored.get(history.deal.id, {}))
        if days:
            picked = sorted(generator.choice(len(days), min(len(days), MOST_DAYS), replace=False).tolist())
            _add_deal(found, history, {days[i]: scored[history.deal.id][days[i]] for i in picked}, actions,
                      as_of, number)  # fmt: skip
        if number % 500 == 0:
            progress("reading the history", READ * min(number / total, 1.0))
    progress("reading the history", READ)
    return found


def _add_deal(
    found: Gathered, history: DealHistory, scores: Mapping[date, float], actions: Sequence[Action], as_of: date,
    number: int,
) -> None:  # fmt: skip
    ended = [phase for phase in phases(history, as_of) if phase.label is not None]
    if not ended:
        return
    timeline = Timeline(history)
    times = [_outbound_times(history, action) for action in actions]
    for day, probability in scores.items():
        phase = _phase_of(ended, day)
        if phase is None or not timeline.is_open(end_of(day)):
            continue
        row = timeline.row(day, end_of(day)) | _recency(history, day)
        found.rows.append(row)
        found.log_odds.append(math.log(probability / (1 - probability)))
        found.treated.append([done_within(each, day, WINDOW_DAYS) for each in times])
        found.won.append(phase.label is Outcome.WON)
        found.days.append(day)
        found.deals.append(number)


def _phase_of(ended: Sequence[Phase], day: date) -> Phase | None:
    """The phase the deal is in that day and still is when the window ends."""
    landmark = day + timedelta(days=WINDOW_DAYS)
    return next((each for each in ended if each.start <= day and each.closed_day and each.closed_day > landmark), None)


def _outbound_times(history: DealHistory, action: Action) -> list[datetime]:
    return [each.time for each in history.activities if each.type in action.activities and each.direction == "outbound"]


def _recency(history: DealHistory, day: date) -> dict[str, Cell]:
    """Inverse days since each kind of contact: 1 today, towards 0 long ago or never."""
    last = last_contacts(history.activities[: _seen(history, day)], day)
    kinds = ("call", "mail", "meeting", "visit", "chat", "text")
    return {f"recent_{way}_{kind}": 1 / (1 + last.get((way, kind), NEVER)) for way in ("inbound", "outbound")
            for kind in kinds}  # fmt: skip


def _seen(history: DealHistory, day: date) -> int:
    return bisect_left(history.activities, end_of(day), key=lambda each: each.time)


def _count_outcome(found: Gathered, history: DealHistory) -> None:
    deal = history.deal
    if deal.deleted or deal.kind is DealKind.LEAD or deal.outcome is Outcome.OPEN:
        return
    found.closed[deal.outcome] += 1
    if deal.outcome is Outcome.WON and deal.amount is not None and deal.amount.minor > 0:
        found.amounts[deal.amount.currency].append(float(deal.amount.value))


_LOGGED = (
    "amount", "age_days", "days_in_stage", "stage_moves", "inbound_30_days", "outbound_30_days", "inbound_7_days",
    "outbound_7_days", "contacts", "close_date_slips",
)  # fmt: skip


def build_design(gathered: Gathered, actions: int) -> tuple[Design, list[str]]:
    """Standardised covariates: the score in log-odds, its kind, what is known on the day, the commonest stages."""
    rows = gathered.rows
    columns: dict[str, Floats] = {"score": np.array(gathered.log_odds)}
    for name in _LOGGED:
        values = np.array([_number(row.get(name)) for row in rows])
        columns[name] = np.sign(values) * np.log1p(np.abs(values))
    columns["has_amount"] = np.array([float(row.get("amount") is not None) for row in rows])
    columns["lead"] = np.array([float(row.get("kind") == DealKind.LEAD.value) for row in rows])
    for name in sorted(name for name in rows[0] if name.startswith("recent_")) if rows else ():
        columns[name] = np.array([_number(row[name]) for row in rows])
    stages = Counter(str(row.get("stage")) for row in rows)
    for stage, _ in sorted(stages.most_common(MOST_STAGES)):
        columns[f"stage {stage}"] = np.array([float(str(row.get("stage")) == stage) for row in rows])
    matrix = np.column_stack(list(columns.values())) if rows else np.zeros((0, len(columns)))
    spread = matrix.std(axis=0) if rows else np.ones(len(columns))
    kept = spread > 1e-9
    matrix = (matrix[:, kept] - matrix[:, kept].mean(axis=0)) / spread[kept] if rows else matrix
    numbers = np.array(gathered.deals, dtype=np.int64)
    numbers = np.unique(numbers, return_inverse=True)[1].astype(np.int64)
    weights = 1 / np.bincount(numbers)[numbers] if rows else np.zeros(0)
    treated = np.array(gathered.treated, dtype=float).reshape(len(rows), actions)
    names = [name for name, keep in zip(columns, kept, strict=True) if keep]
    return Design(matrix, treated, np.array(gathered.won, dtype=float), weights, numbers), names


def report(
    gathered: Gathered, design: Design, actions: Sequence[Action], estimates: Sequence[Estimate], names: Sequence[str]
) -> dict[str, Any]:
    """The evaluation stored with the version: each effect with its interval, support and overlap."""
    return {
        "method": "double machine learning: the outcome and the actions of the next 7 days, each less what the lead "
        "score and the state of the day explain of it out of fold; errors clustered by deal, widened for unrecorded "
        "reasons, shrunk to the scaled playbook by empirical Bayes",
        "window_days": WINDOW_DAYS,
        "rows": len(gathered.rows),
        "deals": len(set(gathered.deals)),
        "won_share": round(float(np.average(design.won, weights=design.weights)), 6) if gathered.rows else None,
        "covariates": list(names),
        "caveat": "from the log, not from an experiment: what reps knew and did not record can bias it",
        "forward_test": forward_test(gathered, design),
        "actions": {action.name: _entry(action, each) for action, each in zip(actions, estimates, strict=False)},
    }


def forward_test(gathered: Gathered, design: Design) -> dict[str, float | int] | None:
    """Log loss on the latest 30 % of days, with and without knowing the actions, learned from the earlier ones."""
    if len(gathered.rows) < 500:
        return None
    days = np.array([day.toordinal() for day in gathered.days])
    early = days <= np.quantile(days, 0.7)
    # A deal stands on one side only: what it taught early would be its own outcome late.
    late = ~early & ~np.isin(design.deals, design.deals[early])
    if late.sum() < 100 or len(set(design.won[late])) < 2 or len(set(design.won[early])) < 2:
        return None
    losses = {}
    for name, features in (
        ("without", design.covariates),
        ("with", np.column_stack([design.treated, design.covariates])),
    ):
        regression = Logistic(features[early], np.full(features.shape[1], 1.0))
        coefficients = regression.fit(design.won[early], design.weights[early])
        p = np.clip(sigmoid(coefficients[0] + features[late] @ coefficients[1:]), 1e-9, 1 - 1e-9)
        loss = -(design.won[late] * np.log(p) + (1 - design.won[late]) * np.log(1 - p))
        losses[name] = round(float(np.average(loss, weights=design.weights[late])), 6)
    return {"rows": int(late.sum()), "log_loss_without_actions": losses["without"], "log_loss_with": losses["with"]}


def _entry(action: Action, each: Estimate) -> dict[str, Any]:
    return {
        "playbook": action.odds,
        "used": "playbook" if each.why else "log",
        "why": each.why or None,
        "estimate": None if each.why else round(each.raw, 6),
        "se": None if each.why else round(each.se, 6),
        "effect": round(each.effect.mean, 6),
        "low": round(each.effect.low, 6),
        "high": round(each.effect.high, 6),
        "deals": each.treated_deals,
        "deals_won": each.treated_won,
        "overlap": round(each.overlap, 4),
    }


def _number(cell: Cell) -> float:
    return float(cell) if isinstance(cell, int | float) else 0.0
